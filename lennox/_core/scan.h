/* Where a row of probabilities reaches a threshold. */
#ifndef LENNOX_SCAN_H
#define LENNOX_SCAN_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <emmintrin.h>
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define restrict __restrict
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

/* Up to 64 cells of a row as bits, set where a cell is not below `threshold`. `strange` is set if one is above 1 or not
   a number. */
static inline uint64_t lennox_bits(const float *cells, ptrdiff_t count, float threshold, int *strange) {
    ptrdiff_t i = 0;
    uint64_t bits = 0;
#if defined(__x86_64__) || defined(_M_X64)
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
    *strange |= _mm_movemask_ps(wrong);
#endif
    for (; i < count; i++) {
        bits |= (uint64_t)(cells[i] >= threshold) << i;
        *strange |= !(cells[i] <= 1.0f);
    }
    return bits;
}

/* Write where stretches at or above `threshold` start and end: start, end, start, end... There is room for one more
   than the cells. Returns how many were written; -1 if a cell is above 1 or not a number. */
static inline ptrdiff_t lennox_edges(const float *row, ptrdiff_t columns, float threshold, int32_t *edges) {
    ptrdiff_t found = 0;
    uint64_t before = 0; /* whether the last cell of the word before was set */
    int strange = 0;
    for (ptrdiff_t start = 0; start < columns; start += 64) {
        const uint64_t bits = lennox_bits(row + start, columns - start < 64 ? columns - start : 64, threshold, &strange);
        for (uint64_t change = bits ^ (bits << 1 | before); change; change &= change - 1)
            edges[found++] = (int32_t)(start + lennox_first_bit(change));
        before = bits >> 63;
    }
    if (found & 1) edges[found++] = (int32_t)columns; /* the last word was full to the end */
    return strange ? -1 : found;
}

/* Paint a run's labels and sum its cells: probability, and probability times the distance from the run's start.
   `room` is how many cells there are from the run's start to the end of the row. Cells after the run may become 0:
   they are background, or belong to a run still to come. */
static inline void lennox_gather(const float *restrict cells, ptrdiff_t count, ptrdiff_t room, int32_t label,
                                 int32_t *restrict labels, double *total, double *moment, float *peak) {
    double sum = 0.0, turning = 0.0;
    float highest = 0.0f;
    ptrdiff_t i = 0;
#if defined(__x86_64__) || defined(_M_X64)
    if (room >= (count + 3) / 4 * 4) { /* four at a time, the last ones masked: no short loop whose end to guess */
        const __m128i names = _mm_set1_epi32(label), end = _mm_set1_epi32((int)count);
        const __m128d four = _mm_set1_pd(4.0);
        __m128i cell = _mm_setr_epi32(0, 1, 2, 3);
        __m128d places = _mm_setr_pd(0.0, 1.0), later = _mm_setr_pd(2.0, 3.0);
        __m128d sums = _mm_setzero_pd(), turns = _mm_setzero_pd();
        __m128 tops = _mm_setzero_ps();
        for (; i < count; i += 4) {
            const __m128i inside = _mm_cmplt_epi32(cell, end);
            const __m128 values = _mm_and_ps(_mm_loadu_ps(cells + i), _mm_castsi128_ps(inside));
            const __m128d low = _mm_cvtps_pd(values), high = _mm_cvtps_pd(_mm_movehl_ps(values, values));
            _mm_storeu_si128((__m128i *)(void *)(labels + i), _mm_and_si128(names, inside));
            sums = _mm_add_pd(sums, _mm_add_pd(low, high));
            turns = _mm_add_pd(turns, _mm_add_pd(_mm_mul_pd(low, places), _mm_mul_pd(high, later)));
            tops = _mm_max_ps(values, tops);
            places = _mm_add_pd(places, four);
            later = _mm_add_pd(later, four);
            cell = _mm_add_epi32(cell, _mm_set1_epi32(4));
        }
        tops = _mm_max_ps(tops, _mm_movehl_ps(tops, tops));
        sum = _mm_cvtsd_f64(_mm_add_sd(sums, _mm_unpackhi_pd(sums, sums)));
        turning = _mm_cvtsd_f64(_mm_add_sd(turns, _mm_unpackhi_pd(turns, turns)));
        highest = _mm_cvtss_f32(_mm_max_ss(tops, _mm_shuffle_ps(tops, tops, 1)));
    }
#else
    (void)room;
#endif
    for (; i < count; i++) {
        sum += cells[i];
        turning += cells[i] * (double)i;
        highest = cells[i] > highest ? cells[i] : highest;
        labels[i] = label;
    }
    *total = sum;
    *moment = turning;
    *peak = highest;
}

/* highest[i] = max(highest[i], row[i]) */
static inline void lennox_raise(const float *restrict row, ptrdiff_t columns, float *restrict highest) {
    for (ptrdiff_t i = 0; i < columns; i++) highest[i] = row[i] > highest[i] ? row[i] : highest[i];
}

#endif
