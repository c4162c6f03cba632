/* The loops over pixels, compiled once for each instruction set and chosen at run time: histograms, CLAHE
   (Zuiderveld 1994) with bilinear blending of tile curves, and resampling.


   Grey values run from 0 to 255; a 16-bit pixel v has the grey value v / 257, with its fraction.
   A tone is a level 0..255 in 1/128. A table holds, for each grey value, the tones of the four tiles around a cell:
   upper left, upper right, lower left, lower right. Shares are in 1/16384.
   Everything up to the sums is integer, and the sums are taken in one order: all variants give the same bits. */
#ifndef LENNOX_KERNELS_H
#define LENNOX_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define LENNOX_GREYS 256
#define LENNOX_TABLE (4 * (LENNOX_GREYS + 1)) /* int16 in a table; its last entry repeats, for grey value 255 + 0 */
#define LENNOX_TONE 128                       /* steps in a level */
#define LENNOX_SHARE 16384                    /* steps in 1 */

typedef struct {
    const char *name;

    /* Add a tile's pixels to counts[256], by nearest whole-number grey value. `stride` is in pixels. */
    void (*count8)(const uint8_t *pixels, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, uint32_t *counts);
    void (*count16)(const uint16_t *pixels, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, uint32_t *counts);

    /* Interleave the tones of four tiles: the four of a grey value side by side, so that one load brings all. */
    void (*interleave)(const int16_t *upper_left, const int16_t *upper_right, const int16_t *lower_left,
                const int16_t *lower_right, int16_t *table);

    /* sum[i] += weight * the tone of pixels[i] between four tiles. shares: four a column, left right left right;
       below: share of the lower tiles in this row. The unit of the sum is 1 / (LENNOX_TONE * LENNOX_SHARE). */
    void (*tone8)(const uint8_t *pixels, ptrdiff_t columns, const int16_t *table, const int16_t *shares, int below,
                  float weight, float *sum);
    void (*tone16)(const uint16_t *pixels, ptrdiff_t columns, const int16_t *table, const int16_t *shares, int below,
                   float weight, float *sum);

    /* sum[i] += weight * (pixels[i] * gain - offset), that level clipped to 0..255. */
    void (*window8)(const uint8_t *pixels, ptrdiff_t columns, float gain, float offset, float weight, float *sum);
    void (*window16)(const uint16_t *pixels, ptrdiff_t columns, float gain, float offset, float weight, float *sum);

    /* sum[i] = weight * row[i]; and the same added to what is there. */
    void (*scale)(const float *row, ptrdiff_t columns, float weight, float *sum);
    void (*add)(const float *row, ptrdiff_t columns, float weight, float *sum);

    /* out[j] = gain * (sum over its taps of row[first[j] + t] * weights[j][t]) + offset; `taps` is two or a
       multiple of four, and `length`, the readable length of the row, is there to be checked. */
    void (*resize)(const float *row, ptrdiff_t length, ptrdiff_t columns, const int32_t *first, const float *weights,
                   ptrdiff_t taps, float gain, float offset, float *out);
} lennox_kernels;

/* The variants this processor can run, the fastest first; NULL past the last. */
const lennox_kernels *lennox_variant(int which);

/* The nearest whole-number grey value of a 16-bit pixel. */
static inline unsigned lennox_nearest_grey16(unsigned pixel) { return (pixel * 255u + 32895u) >> 16; }

#endif
