"""Window, equalise, resize and normalise an image in one pass over its rows. Twin: reference.py; rules: docs/contributor/kernels.md.

The equalisation is contrast-limited adaptive histogram equalisation: K. Zuiderveld, "Contrast limited adaptive
histogram equalization", Graphics Gems IV (1994), 474-485, by OpenCV's rules. Shrinking averages by area (a box filter
weighted by overlap), enlarging is linear. The loops over pixels are in rows.h; here are the tables that they look into,
and the order in which rows are taken.
"""
import numpy as np

from libc.math cimport fabs, floor
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset

cdef extern from "check.h":
    enum: LENNOX_CHECKED

cdef extern from "kernels.h" nogil:
    enum: LENNOX_GREYS
    enum: LENNOX_TABLE
    enum: LENNOX_TONE
    enum: LENNOX_SHARE
    ctypedef struct lennox_kernels:
        const char *name
        void (*count8)(const uint8_t *, Py_ssize_t, Py_ssize_t, Py_ssize_t, uint32_t *) noexcept nogil
        void (*count16)(const uint16_t *, Py_ssize_t, Py_ssize_t, Py_ssize_t, uint32_t *) noexcept nogil
        void (*interleave)(const int16_t *, const int16_t *, const int16_t *, const int16_t *, int16_t *) noexcept nogil
        void (*tone8)(const uint8_t *, Py_ssize_t, const int16_t *, const int16_t *, int, float, float *) noexcept nogil
        void (*tone16)(const uint16_t *, Py_ssize_t, const int16_t *, const int16_t *, int, float, float *) noexcept nogil
        void (*window8)(const uint8_t *, Py_ssize_t, float, float, float, float *) noexcept nogil
        void (*window16)(const uint16_t *, Py_ssize_t, float, float, float, float *) noexcept nogil
        void (*scale)(const float *, Py_ssize_t, float, float *) noexcept nogil
        void (*add)(const float *, Py_ssize_t, float, float *) noexcept nogil
        void (*resize)(const float *, Py_ssize_t, Py_ssize_t, const int32_t *, const float *, Py_ssize_t, float, float,
                       float *) noexcept nogil
    const lennox_kernels *lennox_variant(int) noexcept
    unsigned lennox_nearest_grey16(unsigned) noexcept

ctypedef const lennox_kernels *Kernels
ctypedef fused pixel:
    uint8_t
    uint16_t

CHECKED = bool(LENNOX_CHECKED)  # whether bounds checks are on
cdef int BLACK = 3, WHITE = 252  # grey values at or beyond these do not shape the window
cdef double MIN_SHARE = 0.01  # of the pixels, that must be left between them


def variants():
    """Names of the variants that this processor can run, the fastest first."""
    names = []
    while lennox_variant(len(names)) != NULL:
        names.append(lennox_variant(len(names)).name.decode())
    return tuple(names)


def prepare(const pixel[:, ::1] pixels, float[:, ::1] out, Py_ssize_t top, Py_ssize_t left, Py_ssize_t height,
            Py_ssize_t width, double low_percentile, double high_percentile, double clip_limit, Py_ssize_t tiles,
            double mean, double std, int variant):
    """Fill `out` with the letterbox, and its rectangle with the image. The face has checked every value."""
    cdef Kernels kernels = lennox_variant(variant)
    if kernels == NULL:
        raise ValueError(f"there is no variant {variant}")
    cdef bint equalises = clip_limit > 0.0
    if not equalises:
        tiles = 1
    cdef Py_ssize_t rows = pixels.shape[0], columns = pixels.shape[1], taps = _most_taps(columns, width)
    # As in OpenCV, both sides are padded as soon as one does not fit, even a side that fits.
    cdef bint padded = rows % tiles != 0 or columns % tiles != 0
    cdef Py_ssize_t tile_rows = rows // tiles + padded, tile_columns = columns // tiles + padded

    cdef uint32_t[:, ::1] counts = np.zeros((tiles * tiles, LENNOX_GREYS), np.uint32)
    cdef int16_t[:, ::1] tones = np.asarray(counts).view(np.int16)  # a tile's tones take the place of its counts
    cdef int16_t[:, ::1] cells = np.empty((tiles + 1, LENNOX_TABLE if equalises else 0), np.int16)
    cdef int16_t[:, ::1] shares = np.empty((columns if equalises else 0, 4), np.int16)
    cdef Py_ssize_t[::1] starts = np.empty(tiles + 2, np.intp)  # the first column of each cell, and the end
    cdef float[:, ::1] lines = np.zeros((3, columns + taps), np.float32)  # the last taps read zeros past the end
    cdef int32_t[::1] first = np.empty(width, np.int32)
    cdef float[:, ::1] weights = np.zeros((width, taps), np.float32)
    cdef double[2] window
    cdef Py_ssize_t[2] kept  # the rows whose levels lines[1] and lines[2] hold
    cdef Py_ssize_t line, row, begin, end, next_begin, next_end, cell, cell_row = -1, target, start
    cdef float weight, row_weight, gain = 1.0, offset = 0.0, unit = 1.0
    cdef int below = 0
    with nogil:
        _count(kernels, pixels, counts, tiles, tile_rows, tile_columns)
        _find_window(counts, low_percentile, high_percentile, window)
        if equalises:
            if padded:
                _count_padding(pixels, counts, tiles, tile_rows, tile_columns)
            _draw_curves(counts, tones, window, clip_limit, tile_rows * tile_columns)
            _share_columns(shares, starts, tile_columns)
            unit = <float> (1.0 / (<double> LENNOX_TONE * LENNOX_SHARE))
        else:
            _straight_line(window, 1.0 if pixel is uint8_t else 257.0, &gain, &offset)
        _weigh_columns(columns, first, weights)
        _fill_letterbox(out, top, left, height, width, <float> (-mean / std))

        kept[0] = kept[1] = -1
        _span(0, rows, height, &next_begin, &next_end)
        for line in range(height):
            begin, end = next_begin, next_end
            next_begin = next_end = rows
            if line + 1 < height:
                _span(line + 1, rows, height, &next_begin, &next_end)
            for row in range(begin, end):
                weight = <float> _weight(line, row, rows, height)
                if kept[row & 1] != row:
                    target, row_weight = 0, weight
                    if row >= next_begin:  # the next line needs it too: keep it by itself
                        target, row_weight, kept[row & 1] = 1 + (row & 1), 1.0, row
                    if target or row == begin:
                        memset(&lines[target, 0], 0, columns * sizeof(float))
                    if not equalises:
                        _level(kernels, &pixels[row, 0], columns, gain, offset, row_weight, &lines[target, 0])
                    else:
                        cell = (2 * row + tile_rows) // (2 * tile_rows)
                        below = _share((2 * row + tile_rows) % (2 * tile_rows), tile_rows)
                        if cell != cell_row:
                            cell_row = cell
                            _interleave_cells(kernels, tones, cells, tiles, cell_row)
                        for cell in range(tiles + 1):
                            start = starts[cell]
                            if start < starts[cell + 1]:
                                _tone(kernels, &pixels[row, start], starts[cell + 1] - start, &cells[cell, 0],
                                      &shares[start, 0], below, row_weight, &lines[target, start])
                if kept[row & 1] == row:
                    if row == begin:
                        kernels.scale(&lines[1 + (row & 1), 0], columns, weight, &lines[0, 0])
                    else:
                        kernels.add(&lines[1 + (row & 1), 0], columns, weight, &lines[0, 0])
            kernels.resize(&lines[0, 0], columns + taps, width, &first[0], &weights[0, 0], taps,
                           <float> (unit / std), <float> (-mean / std), &out[top + line, left])


cdef inline void _tone(Kernels kernels, const pixel *pixels, Py_ssize_t columns, const int16_t *table,
                       const int16_t *shares, int below, float weight, float *total) noexcept nogil:
    if pixel is uint8_t:
        kernels.tone8(pixels, columns, table, shares, below, weight, total)
    else:
        kernels.tone16(pixels, columns, table, shares, below, weight, total)


cdef inline void _level(Kernels kernels, const pixel *pixels, Py_ssize_t columns, float gain, float offset,
                        float weight, float *total) noexcept nogil:
    if pixel is uint8_t:
        kernels.window8(pixels, columns, gain, offset, weight, total)
    else:
        kernels.window16(pixels, columns, gain, offset, weight, total)


# Counting, and what follows from the counts


cdef int _count(Kernels kernels, const pixel[:, ::1] pixels, uint32_t[:, ::1] counts, Py_ssize_t tiles,
                 Py_ssize_t tile_rows, Py_ssize_t tile_columns) except -1 nogil:
    """Count the pixels of every tile, without the padding."""
    cdef Py_ssize_t rows = pixels.shape[0], columns = pixels.shape[1], row, column, top, left, height, width
    for row in range(tiles):
        for column in range(tiles):
            top, left = row * tile_rows, column * tile_columns
            height, width = min(rows - top, tile_rows), min(columns - left, tile_columns)
            if height <= 0 or width <= 0:
                continue
            if pixel is uint8_t:
                kernels.count8(&pixels[top, left], columns, height, width, &counts[row * tiles + column, 0])
            else:
                kernels.count16(&pixels[top, left], columns, height, width, &counts[row * tiles + column, 0])


cdef int _count_padding(const pixel[:, ::1] pixels, uint32_t[:, ::1] counts, Py_ssize_t tiles,
                         Py_ssize_t tile_rows, Py_ssize_t tile_columns) except -1 nogil:
    """Count the pixels that padding at the lower and right edge adds to the tiles."""
    cdef Py_ssize_t row, column, start, tile
    cdef pixel value
    for row in range(tiles * tile_rows):
        start = pixels.shape[1] if row < pixels.shape[0] else 0
        for column in range(start, tiles * tile_columns):
            value = pixels[_reflect(row, pixels.shape[0]), _reflect(column, pixels.shape[1])]
            tile = row // tile_rows * tiles + column // tile_columns
            counts[tile, value if pixel is uint8_t else lennox_nearest_grey16(value)] += 1


cdef inline Py_ssize_t _reflect(Py_ssize_t position, Py_ssize_t size) noexcept nogil:
    if position < size:
        return position
    if size == 1:
        return 0
    position %= 2 * size - 2
    return position if position < size else 2 * size - 2 - position


cdef int _find_window(uint32_t[:, ::1] counts, double low_percentile, double high_percentile,
                       double *window) except -1 nogil:
    """The grey values at two percentiles of all tiles' pixels, black and white left out where enough is left."""
    cdef int64_t[256] total
    cdef int64_t inside = 0, every = 0
    cdef Py_ssize_t tile, grey
    for grey in range(LENNOX_GREYS):
        total[grey] = 0
    for tile in range(counts.shape[0]):
        for grey in range(LENNOX_GREYS):
            total[grey] += counts[tile, grey]
    for grey in range(LENNOX_GREYS):
        every += total[grey]
        if BLACK < grey < WHITE:
            inside += total[grey]
    if inside >= MIN_SHARE * every:
        every = inside
        for grey in range(BLACK + 1):
            total[grey] = 0
        for grey in range(WHITE, LENNOX_GREYS):
            total[grey] = 0
    window[0] = _percentile(total, low_percentile / 100.0 * every)
    window[1] = _percentile(total, high_percentile / 100.0 * every)


cdef double _percentile(const int64_t *total, double wanted) noexcept nogil:
    """The grey value below which `wanted` pixels lie, half of those of a grey value itself being below it (Hazen)."""
    cdef int64_t seen = 0
    cdef Py_ssize_t grey, last = -1
    cdef double below, last_below = 0.0
    for grey in range(LENNOX_GREYS):
        if total[grey] == 0:
            continue
        seen += total[grey]
        below = seen - total[grey] / 2.0
        if wanted <= below:
            if last < 0 or wanted == below:
                return grey
            return (grey - last) / (below - last_below) * (wanted - last_below) + last
        last, last_below = grey, below
    return last


cdef void _straight_line(const double *window, double depth, float *gain, float *offset) noexcept nogil:
    """The window as level = pixel * gain - offset; an image of one grey value is left as it is."""
    cdef double wide = window[1] - window[0]
    gain[0] = <float> ((255.0 / wide if wide > 0.0 else 1.0) / depth)
    offset[0] = <float> (255.0 / wide * window[0] if wide > 0.0 else 0.0)


cdef int _draw_curves(uint32_t[:, ::1] counts, int16_t[:, ::1] tones, const double *window, double clip_limit,
                       int64_t area) except -1 nogil:
    """Turn each tile's counts of grey values into its tones of grey values, in place, by OpenCV's rule."""
    cdef int64_t[256] clipped
    cdef int[256] levels
    cdef int64_t limit = max(<int64_t> (clip_limit * area / 256.0), 1), excess, share, rest, step, seen, bonus
    cdef Py_ssize_t tile, grey, level
    cdef double slope = 255.0 / area * LENNOX_TONE
    cdef int16_t[256] curve
    cdef double wide = window[1] - window[0]
    for grey in range(LENNOX_GREYS):
        levels[grey] = <int> grey
        if wide > 0.0:
            levels[grey] = <int> floor(min(max((grey - window[0]) * (255.0 / wide), 0.0), 255.0) + 0.5)
    for tile in range(counts.shape[0]):
        for level in range(256):
            clipped[level] = 0
        for grey in range(LENNOX_GREYS):
            clipped[levels[grey]] += counts[tile, grey]
        excess = 0
        for level in range(256):
            excess += max(clipped[level] - limit, 0)
            clipped[level] = min(clipped[level], limit)
        share, rest = excess // 256, excess % 256
        step, seen, bonus = max(256 // max(rest, 1), 1), 0, 0
        for level in range(256):
            seen += clipped[level] + share
            if rest > 0 and level == bonus:
                seen += 1
                rest -= 1
                bonus += step
            curve[level] = <int16_t> (seen * slope + 0.5)
        for grey in range(LENNOX_GREYS):
            tones[tile, grey] = curve[levels[grey]]


cdef int _interleave_cells(Kernels kernels, int16_t[:, ::1] tones, int16_t[:, ::1] cells, Py_ssize_t tiles,
                    Py_ssize_t cell_row) except -1 nogil:
    """Interleave the tones of the four tiles around each cell of a row, for every grey value."""
    cdef Py_ssize_t upper = max(cell_row - 1, 0) * tiles, lower = min(cell_row, tiles - 1) * tiles
    cdef Py_ssize_t cell, left, right
    for cell in range(tiles + 1):
        left, right = max(cell - 1, 0), min(cell, tiles - 1)
        kernels.interleave(&tones[upper + left, 0], &tones[upper + right, 0], &tones[lower + left, 0],
                    &tones[lower + right, 0], &cells[cell, 0])


cdef inline int _share(Py_ssize_t rest, Py_ssize_t tile_size) noexcept nogil:
    """rest / (2 * tile_size) in units of a share, rounded."""
    return <int> ((rest * LENNOX_SHARE + tile_size) // (2 * tile_size))


cdef int _share_columns(int16_t[:, ::1] shares, Py_ssize_t[::1] starts, Py_ssize_t tile_columns) except -1 nogil:
    """How far each column is from the centre of the tile on its left to that on its right, and where cells begin."""
    cdef Py_ssize_t columns = shares.shape[0], column, cell
    cdef int right
    for cell in range(starts.shape[0]):
        starts[cell] = min(max((tile_columns * (2 * cell - 1) + 1) // 2, 0), columns)
    for column in range(columns):
        right = _share((2 * column + tile_columns) % (2 * tile_columns), tile_columns)
        shares[column, 0] = shares[column, 2] = <int16_t> (LENNOX_SHARE - right)
        shares[column, 1] = shares[column, 3] = <int16_t> right


# Resizing: area when shrinking, linear between centres when enlarging


cdef inline void _span(Py_ssize_t line, Py_ssize_t size, Py_ssize_t wanted, Py_ssize_t *begin,
                       Py_ssize_t *end) noexcept nogil:
    """The positions of the source, begin..end, that a position of the result is made of."""
    cdef Py_ssize_t centre
    if wanted <= size:
        begin[0] = line * size // wanted
        end[0] = ((line + 1) * size + wanted - 1) // wanted
    else:
        centre = min(max((2 * line + 1) * size - wanted, 0), 2 * wanted * (size - 1))  # in 1 / (2 * wanted)
        begin[0] = centre // (2 * wanted)
        end[0] = begin[0] + (2 if centre % (2 * wanted) else 1)


cdef inline double _weight(Py_ssize_t line, Py_ssize_t position, Py_ssize_t size, Py_ssize_t wanted) noexcept nogil:
    """How much a position of the source adds to a position of the result."""
    cdef Py_ssize_t overlap, centre
    if wanted <= size:
        overlap = min((line + 1) * size, (position + 1) * wanted) - max(line * size, position * wanted)
        return overlap / <double> size
    centre = min(max((2 * line + 1) * size - wanted, 0), 2 * wanted * (size - 1))
    return 1.0 - fabs(<double> (centre - 2 * wanted * position)) / (2 * wanted)


cdef Py_ssize_t _most_taps(Py_ssize_t size, Py_ssize_t wanted) noexcept nogil:
    """Enough taps for every column of the result: two, or a multiple of four."""
    cdef Py_ssize_t line, begin, end, most = 1
    for line in range(wanted):
        _span(line, size, wanted, &begin, &end)
        most = max(most, end - begin)
    return 2 if most <= 2 else (most + 3) // 4 * 4


cdef int _weigh_columns(Py_ssize_t columns, int32_t[::1] first, float[:, ::1] weights) except -1 nogil:
    cdef Py_ssize_t width = first.shape[0], column, position, begin, end
    for column in range(width):
        _span(column, columns, width, &begin, &end)
        first[column] = <int32_t> begin
        for position in range(begin, end):
            weights[column, position - begin] = <float> _weight(column, position, columns, width)


cdef int _fill_letterbox(float[:, ::1] out, Py_ssize_t top, Py_ssize_t left, Py_ssize_t height, Py_ssize_t width,
                          float level) except -1 nogil:
    cdef Py_ssize_t row, column
    for row in range(out.shape[0]):
        if row < top or row >= top + height:
            for column in range(out.shape[1]):
                out[row, column] = level
        else:
            for column in range(left):
                out[row, column] = level
            for column in range(left + width, out.shape[1]):
                out[row, column] = level
