/* Runs every C loop of the kernels on the same numbers and prints what came out: "variant loop digest", a line each.

   It needs neither Python nor NumPy, so that it runs wherever a compiler and an emulator lead: test_other_processors.py
   compares what the lines say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "scan.h"

enum { LONGEST = 1031, MAX_TAPS = 20 };
static const ptrdiff_t SIZES[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 200, 512, 513, LONGEST};
#define SIZE_COUNT ((int)(sizeof SIZES / sizeof *SIZES))

static uint64_t state;

/* Never twice in the arguments of one call: compilers take those in either order. */
static uint32_t any(uint32_t below) { /* a linear congruential generator: the same numbers everywhere */
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % below);
}

static float share(void) { return (float)any(1u << 24) / 16777216.0f; }

static uint64_t digest;

static void start(void) {
    state = 20261123;
    digest = 14695981039346656037u;
}

static void add_bytes(const void *data, size_t size) { /* FNV-1a */
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) digest = (digest ^ bytes[i]) * 1099511628211u;
}

static void say(const char *variant, const char *loop) {
    printf("%s %s %016llx\n", variant, loop, (unsigned long long)digest);
}

static uint8_t pixels8[4 * LONGEST];
static uint16_t pixels16[4 * LONGEST];
static int16_t table[LENNOX_TABLE], tones[4][LENNOX_GREYS], shares[4 * LONGEST];
static int32_t first[LONGEST], labels[LONGEST], edges[LONGEST + 1];
static uint32_t counts[LENNOX_GREYS];
static float row[LONGEST + MAX_TAPS], sum[LONGEST], weights[LONGEST * MAX_TAPS];

static void draw(void) {
    for (int i = 0; i < 4 * LONGEST; i++) {
        pixels8[i] = (uint8_t)any(256);
        pixels16[i] = (uint16_t)any(65536);
    }
    for (int i = 0; i < LONGEST; i++) {
        const int right = (int)any(LENNOX_SHARE + 1);
        shares[4 * i] = shares[4 * i + 2] = (int16_t)(LENNOX_SHARE - right);
        shares[4 * i + 1] = shares[4 * i + 3] = (int16_t)right;
        sum[i] = 255.0f * share();
    }
    for (int tile = 0; tile < 4; tile++)
        for (int grey = 0; grey < LENNOX_GREYS; grey++) tones[tile][grey] = (int16_t)any(255 * LENNOX_TONE + 1);
    for (int i = 0; i < LONGEST + MAX_TAPS; i++) row[i] = 255.0f * share();
    for (int i = 0; i < LONGEST * MAX_TAPS; i++) weights[i] = share();
}

static void count_all(const lennox_kernels *kernels) {
    start();
    for (int i = 0; i < SIZE_COUNT; i++) {
        draw();
        memset(counts, 0, sizeof counts);
        kernels->count8(pixels8 + 1, LONGEST, 3, SIZES[i], counts);
        add_bytes(counts, sizeof counts);
    }
    say(kernels->name, "count8");
    start();
    for (int i = 0; i < SIZE_COUNT; i++) {
        draw();
        memset(counts, 0, sizeof counts);
        kernels->count16(pixels16 + 1, LONGEST, 3, SIZES[i], counts);
        add_bytes(counts, sizeof counts);
    }
    for (unsigned value = 0; value < 65536; value++) { /* every pixel there is */
        const uint16_t pixel = (uint16_t)value;
        memset(counts, 0, sizeof counts);
        kernels->count16(&pixel, 1, 1, 1, counts);
        if (counts[lennox_nearest_grey16(value)] != 1) exit(1);
    }
    say(kernels->name, "count16");
}

static void tone_all(const lennox_kernels *kernels) {
    int below;
    start();
    draw();
    kernels->interleave(tones[0], tones[1], tones[2], tones[3], table);
    add_bytes(table, sizeof table);
    say(kernels->name, "interleave");
    start();
    for (int i = 0; i < SIZE_COUNT; i++) {
        draw();
        kernels->interleave(tones[0], tones[1], tones[2], tones[3], table);
        below = (int)any(LENNOX_SHARE + 1);
        kernels->tone8(pixels8 + 1, SIZES[i], table, shares, below, row[0], sum);
        add_bytes(sum, sizeof sum);
    }
    say(kernels->name, "tone8");
    start();
    for (int i = 0; i < SIZE_COUNT; i++) {
        draw();
        kernels->interleave(tones[0], tones[1], tones[2], tones[3], table);
        below = (int)any(LENNOX_SHARE + 1);
        kernels->tone16(pixels16 + 1, SIZES[i], table, shares, below, row[0], sum);
        add_bytes(sum, sizeof sum);
    }
    say(kernels->name, "tone16");
}

static void window_all(const lennox_kernels *kernels) {
    start();
    for (int i = 0; i < SIZE_COUNT; i++) {
        draw();
        kernels->window8(pixels8 + 1, SIZES[i], row[0] / 128.0f, row[1] / 4.0f, row[2], sum);
        add_bytes(sum, sizeof sum);
    }
    say(kernels->name, "window8");
    start();
    for (int i = 0; i < SIZE_COUNT; i++) {
        draw();
        kernels->window16(pixels16 + 1, SIZES[i], row[0] / 32768.0f, row[1] / 4.0f, row[2], sum);
        add_bytes(sum, sizeof sum);
    }
    say(kernels->name, "window16");
}

static void sum_all(const lennox_kernels *kernels) {
    static const ptrdiff_t taps[] = {2, 4, 8, 12, MAX_TAPS};
    start();
    for (int i = 0; i < SIZE_COUNT; i++) {
        draw();
        kernels->add(row + 1, SIZES[i], row[0], sum);
        add_bytes(sum, sizeof sum);
        kernels->scale(row + 1, SIZES[i], row[0], sum);
        add_bytes(sum, sizeof sum);
    }
    say(kernels->name, "add-and-scale");
    start();
    for (int i = 0; i < SIZE_COUNT; i++)
        for (int k = 0; k < (int)(sizeof taps / sizeof *taps); k++) {
            draw();
            for (int j = 0; j < LONGEST; j++) first[j] = (int32_t)any(LONGEST);
            kernels->resize(row, LONGEST + MAX_TAPS, SIZES[i], first, weights, taps[k], row[0], row[1], sum);
            add_bytes(sum, sizeof sum);
        }
    say(kernels->name, "resize");
}

/* Probabilities of many sizes, down to those whose sums are rounded: their order must be the same everywhere. */
static void scan_all(void) {
    start();
    for (int i = 0; i < SIZE_COUNT; i++)
        for (int part = 1; part <= 3; part++) {
            for (int j = 0; j < LONGEST; j++) row[j] = share() / (float)(1u << any(31));
            const ptrdiff_t found = lennox_run_edges(row, SIZES[i], 0.25f * (float)part, edges);
            if (found < 0) exit(1);
            add_bytes(edges, (size_t)found * sizeof *edges);
        }
    row[0] = 1.5f;
    if (lennox_run_edges(row, 4, 0.5f, edges) != -1) exit(1);
    say("every", "edges");
    start();
    for (int i = 0; i < SIZE_COUNT; i++)
        for (int room = 0; room < 8; room++) {
            double total = 0.0, moment = 0.0;
            float peak = 0.0f;
            for (int j = 0; j < LONGEST; j++) row[j] = share() / (float)(1u << any(31));
            lennox_measure_run(row, SIZES[i], SIZES[i] + room < LONGEST ? SIZES[i] + room : SIZES[i], 7, labels, &total,
                          &moment, &peak);
            add_bytes(&total, sizeof total);
            add_bytes(&moment, sizeof moment);
            add_bytes(&peak, sizeof peak);
            add_bytes(labels, (size_t)SIZES[i] * sizeof *labels);
        }
    say("every", "measure-run");
    start();
    for (int i = 0; i < SIZE_COUNT; i++) {
        for (int j = 0; j < LONGEST; j++) labels[j] = any(97) == 0;
        for (ptrdiff_t j = 0; j < SIZES[i]; j++) {
            const int64_t next = lennox_next_labelled(labels, j, SIZES[i]);
            add_bytes(&next, sizeof next);
        }
        draw();
        lennox_row_max(row, SIZES[i], sum);
        add_bytes(sum, sizeof sum);
    }
    say("every", "next-labelled-and-row-max");
}

int main(void) {
    for (int which = 0; lennox_variant(which) != NULL; which++) {
        count_all(lennox_variant(which));
        tone_all(lennox_variant(which));
        window_all(lennox_variant(which));
        sum_all(lennox_variant(which));
    }
    scan_all();
    return 0;
}
