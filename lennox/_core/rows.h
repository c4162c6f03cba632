/* The loops themselves. kernels.c includes this file once for each variant, with
   VARIANT(name), VARIANT_NAME and TARGET set, and LENNOX_SSE2 or LENNOX_AVX2 where their instructions may be used. */

#define HALF_SHARE (LENNOX_SHARE / 2)
#define SHARE_BITS 14
#define LANES 8

TARGET static inline void VARIANT(count_row)(const uint8_t *greys, ptrdiff_t columns, uint32_t lanes[LANES][256]) {
    ptrdiff_t i = 0;
    for (; i + 8 <= columns; i += 8) { /* separate counters: neighbours are often equal, and would wait for each other */
        uint64_t eight;
        memcpy(&eight, greys + i, 8);
        lanes[0][eight & 255]++;
        lanes[1][(eight >> 8) & 255]++;
        lanes[2][(eight >> 16) & 255]++;
        lanes[3][(eight >> 24) & 255]++;
        lanes[4][(eight >> 32) & 255]++;
        lanes[5][(eight >> 40) & 255]++;
        lanes[6][(eight >> 48) & 255]++;
        lanes[7][eight >> 56]++;
    }
    for (; i < columns; i++) lanes[i & 7][greys[i]]++;
}

TARGET static void VARIANT(fold)(uint32_t lanes[LANES][256], uint32_t *counts) {
    for (int grey = 0; grey < LENNOX_GREYS; grey++) {
        uint32_t sum = counts[grey];
        for (int lane = 0; lane < LANES; lane++) sum += lanes[lane][grey];
        counts[grey] = sum;
    }
}

TARGET static void VARIANT(count8)(const uint8_t *pixels, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns,
                                   uint32_t *counts) {
    uint32_t lanes[LANES][256];
    memset(lanes, 0, sizeof lanes);
    for (ptrdiff_t row = 0; row < rows; row++) VARIANT(count_row)(pixels + row * stride, columns, lanes);
    VARIANT(fold)(lanes, counts);
}

TARGET static void VARIANT(count16)(const uint16_t *pixels, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns,
                                    uint32_t *counts) {
    enum { PIECE = 512 };
    uint8_t greys[PIECE];
    uint32_t lanes[LANES][256];
    memset(lanes, 0, sizeof lanes);
    for (ptrdiff_t row = 0; row < rows; row++) {
        const uint16_t *line = pixels + row * stride;
        for (ptrdiff_t start = 0; start < columns; start += PIECE) {
            ptrdiff_t count = columns - start < PIECE ? columns - start : PIECE;
            for (ptrdiff_t i = 0; i < count; i++) { /* 16-bit form of lennox_nearest_grey16, tested to equal it */
                uint16_t pixel = line[start + i];
                greys[i] = (uint8_t)((uint16_t)(pixel - (pixel >> 8) + 127 + (pixel >> 15)) >> 8);
            }
            VARIANT(count_row)(greys, count, lanes);
        }
    }
    VARIANT(fold)(lanes, counts);
}

/* One pixel between four tones. The vector steps below do the same to the bit. */
static inline int32_t VARIANT(between_tiles)(const int16_t *tones, const int16_t *shares, int below) {
    int32_t upper = (tones[0] * shares[0] + tones[1] * shares[1] + HALF_SHARE) >> SHARE_BITS;
    int32_t lower = (tones[2] * shares[0] + tones[3] * shares[1] + HALF_SHARE) >> SHARE_BITS;
    return upper * (LENNOX_SHARE - below) + lower * below;
}

#if defined(LENNOX_SSE2)
#define LOAD4(from) _mm_loadu_si128((const __m128i *)(const void *)(from))
#define ROUND4(sums) _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(HALF_SHARE)), SHARE_BITS)
#define ADD4(sum, levels, weight) \
    _mm_storeu_ps(sum, _mm_add_ps(_mm_loadu_ps(sum), _mm_mul_ps(_mm_cvtepi32_ps(levels), _mm_set1_ps(weight))))
#endif
#if defined(LENNOX_AVX2)
#define LOAD8(from) _mm256_loadu_si256((const __m256i *)(const void *)(from))
#define BOTH(low, high) _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1)
#define ROUND8(sums) _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(HALF_SHARE)), SHARE_BITS)
#define ADD8(sum, levels, weight)                       \
    _mm256_storeu_ps(sum, _mm256_add_ps(_mm256_loadu_ps(sum), \
                                        _mm256_mul_ps(_mm256_cvtepi32_ps(levels), _mm256_set1_ps(weight))))

TARGET static inline __m256i VARIANT(four_entries)(const int16_t *table, const uint8_t *pixels) {
    long long entry[4];
    for (int k = 0; k < 4; k++) memcpy(&entry[k], table + 4 * (size_t)pixels[k], 8);
    /* Broadcasting loads, then blends: inserts would all wait for the one port that shuffles. */
    return _mm256_blend_epi32(
        _mm256_blend_epi32(_mm256_set1_epi64x(entry[0]), _mm256_set1_epi64x(entry[1]), 0x0c),
        _mm256_blend_epi32(_mm256_set1_epi64x(entry[2]), _mm256_set1_epi64x(entry[3]), 0xc0), 0xf0);
}
#endif

TARGET static void VARIANT(tone8)(const uint8_t *pixels, ptrdiff_t columns, const int16_t *table,
                                  const int16_t *shares, int below, float weight, float *sum) {
    ptrdiff_t i = 0;
    CHECK(0 <= below && below <= LENNOX_SHARE);
    for (ptrdiff_t j = 0; j < columns; j++) CHECK(shares[4 * j] + shares[4 * j + 1] == LENNOX_SHARE);
#if defined(LENNOX_AVX2)
    const __m256i vertical8 = _mm256_set1_epi32((below << 16) | (LENNOX_SHARE - below));
    for (; i + 8 <= columns; i += 8) {
        __m256i first = _mm256_madd_epi16(VARIANT(four_entries)(table, pixels + i), LOAD8(shares + 4 * i));
        __m256i second = _mm256_madd_epi16(VARIANT(four_entries)(table, pixels + i + 4), LOAD8(shares + 4 * i + 16));
        __m256i tones = _mm256_madd_epi16(_mm256_packs_epi32(ROUND8(first), ROUND8(second)), vertical8);
        ADD8(sum + i, _mm256_permute4x64_epi64(tones, 0xd8), weight); /* packed, the columns were 0 1 4 5 2 3 6 7 */
    }
#endif
#if defined(LENNOX_SSE2)
    const __m128i vertical4 = _mm_set1_epi32((below << 16) | (LENNOX_SHARE - below));
#define ENTRY(k) _mm_loadl_epi64((const __m128i *)(const void *)(table + 4 * (size_t)pixels[i + (k)]))
    for (; i + 4 <= columns; i += 4) {
        __m128i first = _mm_madd_epi16(_mm_unpacklo_epi64(ENTRY(0), ENTRY(1)), LOAD4(shares + 4 * i));
        __m128i second = _mm_madd_epi16(_mm_unpacklo_epi64(ENTRY(2), ENTRY(3)), LOAD4(shares + 4 * i + 8));
        ADD4(sum + i, _mm_madd_epi16(_mm_packs_epi32(ROUND4(first), ROUND4(second)), vertical4), weight);
    }
#undef ENTRY
#endif
    for (; i < columns; i++)
        sum[i] += (float)VARIANT(between_tiles)(table + 4 * (size_t)pixels[i], shares + 4 * i, below) * weight;
}

/* pixel = 257 * grey + rest. The share of the next grey value is rest / 257, near enough (rest * 255 / 4) / 16384; its
   tones stand beside this one's in the table, so that one load brings both. */
TARGET static void VARIANT(tone16)(const uint16_t *pixels, ptrdiff_t columns, const int16_t *table,
                                   const int16_t *shares, int below, float weight, float *sum) {
    ptrdiff_t i = 0;
    CHECK(0 <= below && below <= LENNOX_SHARE);
    for (ptrdiff_t j = 0; j < columns; j++) CHECK(shares[4 * j] + shares[4 * j + 1] == LENNOX_SHARE);
#if defined(LENNOX_SSE2)
#define SPLIT(pixels)                                                                           \
    const __m128i grey = _mm_srli_epi16(_mm_sub_epi16(pixels, _mm_srli_epi16(pixels, 8)), 8);   \
    const __m128i rest = _mm_sub_epi16(pixels, _mm_add_epi16(grey, _mm_slli_epi16(grey, 8)));  \
    const __m128i above = _mm_srli_epi16(_mm_mullo_epi16(rest, _mm_set1_epi16(255)), 2);        \
    const __m128i under = _mm_sub_epi16(_mm_set1_epi16(LENNOX_SHARE), above);
#define ENTRY(four, k) LOAD4(table + 4 * (size_t)(((four) >> (16 * (k))) & 0xffff))
#endif
#if defined(LENNOX_AVX2)
    const __m256i vertical8 = _mm256_set1_epi32((below << 16) | (LENNOX_SHARE - below));
#define BLEND(k, share) ROUND8(_mm256_madd_epi16(BOTH(ENTRY(low, k), ENTRY(high, k)), share))
    for (; i + 8 <= columns; i += 8) {
        const __m128i eight = LOAD4(pixels + i);
        SPLIT(eight)
        const uint64_t low = (uint64_t)_mm_cvtsi128_si64(grey), high = (uint64_t)_mm_extract_epi64(grey, 1);
        const __m256i outer = BOTH(LOAD4(shares + 4 * i), LOAD4(shares + 4 * i + 16)); /* columns 0 1 and 4 5 */
        const __m256i inner = BOTH(LOAD4(shares + 4 * i + 8), LOAD4(shares + 4 * i + 24)); /* columns 2 3 and 6 7 */
        __m256i first = _mm256_packs_epi32(BLEND(0, _mm256_unpacklo_epi64(outer, outer)),
                                           BLEND(1, _mm256_unpackhi_epi64(outer, outer)));
        __m256i second = _mm256_packs_epi32(BLEND(2, _mm256_unpacklo_epi64(inner, inner)),
                                            BLEND(3, _mm256_unpackhi_epi64(inner, inner)));
        first = ROUND8(_mm256_madd_epi16(first, vertical8));
        second = ROUND8(_mm256_madd_epi16(second, vertical8));
        const __m256i between = BOTH(_mm_unpacklo_epi16(under, above), _mm_unpackhi_epi16(under, above));
        ADD8(sum + i, _mm256_madd_epi16(_mm256_packs_epi32(first, second), between), weight);
    }
#undef BLEND
#endif
#if defined(LENNOX_SSE2)
    const __m128i vertical4 = _mm_set1_epi32((below << 16) | (LENNOX_SHARE - below));
#define BLEND(k, share) ROUND4(_mm_madd_epi16(ENTRY(four, k), share))
    for (; i + 4 <= columns; i += 4) {
        const __m128i values = _mm_loadl_epi64((const __m128i *)(const void *)(pixels + i));
        SPLIT(values)
        const uint64_t four = (uint64_t)_mm_cvtsi128_si64(grey);
        const __m128i left = LOAD4(shares + 4 * i), right = LOAD4(shares + 4 * i + 8);
        __m128i first = _mm_packs_epi32(BLEND(0, _mm_unpacklo_epi64(left, left)),
                                        BLEND(1, _mm_unpackhi_epi64(left, left)));
        __m128i second = _mm_packs_epi32(BLEND(2, _mm_unpacklo_epi64(right, right)),
                                         BLEND(3, _mm_unpackhi_epi64(right, right)));
        first = ROUND4(_mm_madd_epi16(first, vertical4));
        second = ROUND4(_mm_madd_epi16(second, vertical4));
        const __m128i between = _mm_unpacklo_epi16(under, above);
        ADD4(sum + i, _mm_madd_epi16(_mm_packs_epi32(first, second), between), weight);
    }
#undef BLEND
#undef ENTRY
#undef SPLIT
#endif
    for (; i < columns; i++) {
        int grey = (pixels[i] - (pixels[i] >> 8)) >> 8, above = ((pixels[i] - 257 * grey) * 255) >> 2;
        const int16_t *tones = table + 4 * (size_t)grey;
        int32_t here = (VARIANT(between_tiles)(tones, shares + 4 * i, below) + HALF_SHARE) >> SHARE_BITS;
        int32_t next = (VARIANT(between_tiles)(tones + 4, shares + 4 * i, below) + HALF_SHARE) >> SHARE_BITS;
        sum[i] += (float)(here * (LENNOX_SHARE - above) + next * above) * weight;
    }
}

#if defined(LENNOX_AVX2)
#undef LOAD8
#undef BOTH
#undef ROUND8
#undef ADD8
#endif
#if defined(LENNOX_SSE2)
#undef LOAD4
#undef ROUND4
#undef ADD4
#endif

#define WINDOW(type)                                              \
    for (ptrdiff_t i = 0; i < columns; i++) {                     \
        float level = (float)pixels[i] * gain - offset;           \
        level = level > 0.0f ? level : 0.0f;                      \
        sum[i] += (level < 255.0f ? level : 255.0f) * weight;     \
    }

TARGET static void VARIANT(window8)(const uint8_t *restrict pixels, ptrdiff_t columns, float gain, float offset,
                                    float weight, float *restrict sum) {
    WINDOW(uint8_t)
}

TARGET static void VARIANT(window16)(const uint16_t *restrict pixels, ptrdiff_t columns, float gain, float offset,
                                     float weight, float *restrict sum) {
    WINDOW(uint16_t)
}
#undef WINDOW

TARGET static void VARIANT(add)(const float *restrict row, ptrdiff_t columns, float weight, float *restrict sum) {
    for (ptrdiff_t i = 0; i < columns; i++) sum[i] += row[i] * weight;
}

TARGET static void VARIANT(scale)(const float *restrict row, ptrdiff_t columns, float weight, float *restrict sum) {
    for (ptrdiff_t i = 0; i < columns; i++) sum[i] = row[i] * weight;
}

/* The last entry once more, as its own upper neighbour. */
TARGET static void VARIANT(interleave)(const int16_t *restrict upper_left, const int16_t *restrict upper_right,
                                       const int16_t *restrict lower_left, const int16_t *restrict lower_right,
                                       int16_t *restrict table) {
    for (int grey = 0; grey < LENNOX_GREYS; grey++) {
        table[4 * grey] = upper_left[grey];
        table[4 * grey + 1] = upper_right[grey];
        table[4 * grey + 2] = lower_left[grey];
        table[4 * grey + 3] = lower_right[grey];
    }
    memcpy(table + 4 * LENNOX_GREYS, table + 4 * (LENNOX_GREYS - 1), 4 * sizeof *table);
}

/* Lane t sums the taps t, t + 4, t + 8...; then (lane 0 + lane 1) + (lane 2 + lane 3). */
TARGET static inline void VARIANT(resize_by)(const float *row, ptrdiff_t columns, const int32_t *first,
                                             const float *weights, ptrdiff_t taps, float gain, float offset,
                                             float *out) {
    ptrdiff_t j = 0;
#if defined(LENNOX_SSE2)
    const __m128 gains = _mm_set1_ps(gain), offsets = _mm_set1_ps(offset);
    for (; j + 4 <= columns; j += 4) {
        __m128 lanes[4];
        for (int k = 0; k < 4; k++) {
            const float *from = row + first[j + k], *weight = weights + (j + k) * taps;
            lanes[k] = _mm_mul_ps(_mm_loadu_ps(from), _mm_loadu_ps(weight));
            for (ptrdiff_t tap = 4; tap < taps; tap += 4)
                lanes[k] = _mm_add_ps(lanes[k], _mm_mul_ps(_mm_loadu_ps(from + tap), _mm_loadu_ps(weight + tap)));
        }
#define PAIRS(a, b) _mm_add_ps(_mm_shuffle_ps(a, b, 0x88), _mm_shuffle_ps(a, b, 0xdd))
        const __m128 sums = PAIRS(PAIRS(lanes[0], lanes[1]), PAIRS(lanes[2], lanes[3]));
#undef PAIRS
        _mm_storeu_ps(out + j, _mm_add_ps(_mm_mul_ps(sums, gains), offsets));
    }
#endif
    for (; j < columns; j++) {
        const float *from = row + first[j], *weight = weights + j * taps;
        float lanes[4];
        for (int t = 0; t < 4; t++) lanes[t] = from[t] * weight[t];
        for (ptrdiff_t tap = 4; tap < taps; tap += 4)
            for (int t = 0; t < 4; t++) lanes[t] += from[tap + t] * weight[tap + t];
        out[j] = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) * gain + offset;
    }
}

/* The same for two taps: lanes 2 and 3 would be zero. */
TARGET static void VARIANT(resize_by_two)(const float *row, ptrdiff_t columns, const int32_t *first,
                                          const float *weights, float gain, float offset, float *out) {
    ptrdiff_t j = 0;
#if defined(LENNOX_SSE2)
    const __m128 gains = _mm_set1_ps(gain), offsets = _mm_set1_ps(offset);
#define TWO(k)                                                                                                \
    _mm_loadh_pi(_mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)(row + first[k]))),            \
                 (const __m64 *)(const void *)(row + first[(k) + 1]))
    for (; j + 4 <= columns; j += 4) {
        const __m128 left = _mm_mul_ps(TWO(j), _mm_loadu_ps(weights + 2 * j));
        const __m128 right = _mm_mul_ps(TWO(j + 2), _mm_loadu_ps(weights + 2 * j + 4));
        const __m128 sums = _mm_add_ps(_mm_shuffle_ps(left, right, 0x88), _mm_shuffle_ps(left, right, 0xdd));
        _mm_storeu_ps(out + j, _mm_add_ps(_mm_mul_ps(sums, gains), offsets));
    }
#undef TWO
#endif
    for (; j < columns; j++) {
        const float *from = row + first[j];
        out[j] = (from[0] * weights[2 * j] + from[1] * weights[2 * j + 1]) * gain + offset;
    }
}

TARGET static void VARIANT(resize)(const float *row, ptrdiff_t length, ptrdiff_t columns, const int32_t *first,
                                   const float *weights, ptrdiff_t taps, float gain, float offset, float *out) {
    CHECK(taps == 2 || (taps > 0 && taps % 4 == 0));
    for (ptrdiff_t j = 0; j < columns; j++) CHECK(0 <= first[j] && first[j] + taps <= length);
    (void)length;
    if (taps == 2) /* the usual numbers of taps, known to the compiler */
        VARIANT(resize_by_two)(row, columns, first, weights, gain, offset, out);
    else if (taps == 4)
        VARIANT(resize_by)(row, columns, first, weights, 4, gain, offset, out);
    else if (taps == 8)
        VARIANT(resize_by)(row, columns, first, weights, 8, gain, offset, out);
    else
        VARIANT(resize_by)(row, columns, first, weights, taps, gain, offset, out);
}

static const lennox_kernels VARIANT(kernels) = {
    VARIANT_NAME,     VARIANT(count8),   VARIANT(count16), VARIANT(interleave), VARIANT(tone8), VARIANT(tone16),
    VARIANT(window8), VARIANT(window16), VARIANT(scale),   VARIANT(add), VARIANT(resize),
};

#undef HALF_SHARE
#undef SHARE_BITS
#undef LANES
