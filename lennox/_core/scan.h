/* Loops over a row of a probability map or of labels. */
#ifndef LENNOX_SCAN_H
#define LENNOX_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "check.h"

#if (defined(__x86_64__) || defined(_M_X64)) && !defined(LENNOX_PORTABLE)
#define LENNOX_SCAN_SSE2
#include <emmintrin.h>
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

static inline int lennox_first_bit(uint64_t word) {
#if defined(__GNUC__)
    return __builtin_ctzll(word);
#elif defined(_M_X64) || defined(_M_ARM64)
    unsigned long bit;
    _BitScanForward64(&bit, word);
    return (int)bit;
#else
    int bit = 0;
    while (!(word >> bit & 1)) bit++;
    return bit;
#endif
}

/* Up to 64 cells of a row as bits, set where a cell is not below `threshold`. `invalid` is set if one is above 1 or not
   a number. */
static inline uint64_t lennox_bits(const float *cells, ptrdiff_t count, float threshold, int *invalid) {
    ptrdiff_t i = 0;
    uint64_t bits = 0;
#if defined(LENNOX_SCAN_SSE2)
    const __m128 least = _mm_set1_ps(threshold), one = _mm_set1_ps(1.0f);
    __m128 wrong = _mm_setzero_ps();
    for (; i + 16 <= count; i += 16) {
        __m128i found[4];
        for (int k = 0; k < 4; k++) {
            const __m128 four = _mm_loadu_ps(cells + i + 4 * k);
            found[k] = _mm_castps_si128(_mm_cmpge_ps(four, least));
            wrong = _mm_or_ps(wrong, _mm_cmpnle_ps(four, one));
        }
        found[0] = _mm_packs_epi16(_mm_packs_epi32(found[0], found[1]), _mm_packs_epi32(found[2], found[3]));
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(found[0]) << i;
    }
    *invalid |= _mm_movemask_ps(wrong);
#endif
    for (; i < count; i++) {
        bits |= (uint64_t)(cells[i] >= threshold) << i;
        *invalid |= !(cells[i] <= 1.0f);
    }
    return bits;
}

/* Write where stretches at or above `threshold` start and end: start, end, start, end... There is room for one more
   than the cells. Returns how many were written; -1 if a cell is above 1 or not a number. */
static inline ptrdiff_t lennox_run_edges(const float *row, ptrdiff_t columns, float threshold, int32_t *edges) {
    ptrdiff_t found = 0;
    uint64_t before = 0; /* whether the last cell of the word before was set */
    int invalid = 0;
    for (ptrdiff_t start = 0; start < columns; start += 64) {
        const uint64_t bits = lennox_bits(row + start, columns - start < 64 ? columns - start : 64, threshold, &invalid);
        for (uint64_t change = bits ^ (bits << 1 | before); change; change &= change - 1)
            edges[found++] = (int32_t)(start + lennox_first_bit(change));
        before = bits >> 63;
    }
    if (found & 1) edges[found++] = (int32_t)columns; /* the last word was full to the end */
    CHECK(found <= columns + 1);
    return invalid ? -1 : found;
}

/* Write a run's labels and sum its cells: probability, and probability times the distance from the run's start.
   `room` is how many cells there are from the run's start to the end of the row. Cells after the run may become 0:
   they are background, or belong to a run still to come.
   Lane t sums the cells t, t + 4, t + 8...; then (lane 0 + lane 2) + (lane 1 + lane 3). */
static inline void lennox_measure_run(const float *restrict cells, ptrdiff_t count, ptrdiff_t room, int32_t label,
                                 int32_t *restrict labels, double *total, double *moment, float *peak) {
#if defined(LENNOX_SCAN_SSE2)
    if (room >= (count + 3) / 4 * 4) { /* four at a time, the last ones masked: no short loop whose end to guess */
        const __m128i four_labels = _mm_set1_epi32(label), end = _mm_set1_epi32((int)count);
        const __m128d four = _mm_set1_pd(4.0);
        __m128i cell = _mm_setr_epi32(0, 1, 2, 3);
        __m128d offsets = _mm_setr_pd(0.0, 1.0), more_offsets = _mm_setr_pd(2.0, 3.0);
        __m128d sums = _mm_setzero_pd(), more_sums = _mm_setzero_pd();
        __m128d moments = _mm_setzero_pd(), more_moments = _mm_setzero_pd();
        __m128 peaks = _mm_setzero_ps();
        for (ptrdiff_t i = 0; i < count; i += 4) {
            const __m128i inside = _mm_cmplt_epi32(cell, end);
            const __m128 values = _mm_and_ps(_mm_loadu_ps(cells + i), _mm_castsi128_ps(inside));
            const __m128d low = _mm_cvtps_pd(values), high = _mm_cvtps_pd(_mm_movehl_ps(values, values));
            _mm_storeu_si128((__m128i *)(void *)(labels + i), _mm_and_si128(four_labels, inside));
            sums = _mm_add_pd(sums, low);
            more_sums = _mm_add_pd(more_sums, high);
            moments = _mm_add_pd(moments, _mm_mul_pd(low, offsets));
            more_moments = _mm_add_pd(more_moments, _mm_mul_pd(high, more_offsets));
            peaks = _mm_max_ps(values, peaks);
            offsets = _mm_add_pd(offsets, four);
            more_offsets = _mm_add_pd(more_offsets, four);
            cell = _mm_add_epi32(cell, _mm_set1_epi32(4));
        }
        sums = _mm_add_pd(sums, more_sums);
        moments = _mm_add_pd(moments, more_moments);
        peaks = _mm_max_ps(peaks, _mm_movehl_ps(peaks, peaks));
        *total = _mm_cvtsd_f64(_mm_add_sd(sums, _mm_unpackhi_pd(sums, sums)));
        *moment = _mm_cvtsd_f64(_mm_add_sd(moments, _mm_unpackhi_pd(moments, moments)));
        *peak = _mm_cvtss_f32(_mm_max_ss(peaks, _mm_shuffle_ps(peaks, peaks, 1)));
        return;
    }
#else
    (void)room;
#endif
    double sums[4] = {0.0, 0.0, 0.0, 0.0}, moments[4] = {0.0, 0.0, 0.0, 0.0};
    float highest = 0.0f;
    for (ptrdiff_t i = 0; i < count; i++) {
        const double value = (double)cells[i];
        sums[i & 3] += value;
        moments[i & 3] += value * (double)i;
        highest = cells[i] > highest ? cells[i] : highest;
        labels[i] = label;
    }
    *total = (sums[0] + sums[2]) + (sums[1] + sums[3]);
    *moment = (moments[0] + moments[2]) + (moments[1] + moments[3]);
    *peak = highest;
}

/* The first cell from `start` on whose label is not 0, or `columns`. */
static inline ptrdiff_t lennox_next_labelled(const int32_t *labels, ptrdiff_t start, ptrdiff_t columns) {
    for (; start + 8 <= columns; start += 8) {
        int32_t any = 0;
        for (int i = 0; i < 8; i++) any |= labels[start + i];
        if (any) break;
    }
    while (start < columns && labels[start] == 0) start++;
    return start;
}

/* highest[i] = max(highest[i], row[i]) */
static inline void lennox_row_max(const float *restrict row, ptrdiff_t columns, float *restrict highest) {
    for (ptrdiff_t i = 0; i < columns; i++) highest[i] = row[i] > highest[i] ? row[i] : highest[i];
}

#endif
