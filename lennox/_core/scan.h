/* Skip the background of a row, sixteen cells at a time. */
#ifndef LENNOX_SCAN_H
#define LENNOX_SCAN_H

#include <stddef.h>

/* The first cell from `start` on that is not below `threshold`, or `columns`. Not-a-number is not below: it stops here. */
static inline ptrdiff_t lennox_skip(const float *row, ptrdiff_t start, ptrdiff_t columns, float threshold) {
    for (; start + 16 <= columns; start += 16) {
        int below = 1;
        for (int i = 0; i < 16; i++) below &= row[start + i] < threshold;
        if (!below) break;
    }
    while (start < columns && row[start] < threshold) start++;
    return start;
}

#endif
