"""Lesions of a probability map: labelled, measured and outlined. Twin: reference.py; rules: docs/kernels.md."""
import numpy as np

from libc.stdint cimport int32_t, int64_t

cdef extern from "scan.h" nogil:
    Py_ssize_t lennox_skip(const float *, Py_ssize_t, Py_ssize_t, float) noexcept

# A run is a stretch of a row at or above the threshold. Its parent is an earlier run of the same lesion, or itself.
cdef enum: ROW, START, END, PARENT, LESION
# What is summed over a lesion: probability, and probability times the centre's row and column.
cdef enum: TOTAL, ROW_MOMENT, COLUMN_MOMENT
cdef enum: REACH = 3  # a peak is the highest within so many cells

# Headings are right, down, left, up: the step from corner to corner, and the cell ahead on the left, seen from the
# corner. Ahead on the right lies what is ahead on the left after a turn to the right.
cdef Py_ssize_t[4][2] STEP = [[0, 1], [1, 0], [0, -1], [-1, 0]]
cdef Py_ssize_t[4][2] AHEAD_LEFT = [[-1, 0], [0, 0], [0, -1], [-1, -1]]


# Label: runs and union-find, one pass over the map


def find_runs(const float[:, ::1] probability, float threshold, int32_t[:, ::1] runs, double[:, ::1] sums,
              float[::1] peaks):
    """Fill `runs` (row, start, end, parent), their `sums` and `peaks`.

    Returns how many runs and how many lesions there are; None if a probability is above 1 or not a number.
    """
    cdef Py_ssize_t rows = probability.shape[0], columns = probability.shape[1]
    cdef Py_ssize_t row, column, run = 0, begin = 0, above, above_end, near, lesions = 0
    cdef double total, moment
    cdef float value, peak
    cdef bint fits = True
    with nogil:
        for row in range(rows):
            above, above_end, begin = begin, run, run
            column = lennox_skip(&probability[row, 0], 0, columns, threshold)
            while column < columns:
                runs[run, ROW], runs[run, START], runs[run, PARENT] = <int32_t> row, <int32_t> column, <int32_t> run
                total, moment, peak = 0.0, 0.0, 0.0
                while column < columns:
                    value = probability[row, column]
                    if value < threshold:
                        break
                    fits = fits and value <= 1.0  # refuses not-a-number too
                    total += value
                    moment += value * (column + 0.5)
                    peak = max(peak, value)
                    column += 1
                runs[run, END] = <int32_t> column
                sums[run, TOTAL], sums[run, ROW_MOMENT] = total, total * (row + 0.5)
                sums[run, COLUMN_MOMENT], peaks[run] = moment, peak
                while above < above_end and runs[above, END] < runs[run, START]:
                    above += 1
                near = above  # touching by a corner is enough
                while near < above_end and runs[near, START] <= runs[run, END]:
                    _join(runs, near, run)
                    near += 1
                run += 1
                column = lennox_skip(&probability[row, 0], column, columns, threshold)
        for near in range(run):
            lesions += runs[near, PARENT] == near
    return (run, lesions) if fits else None


cdef inline Py_ssize_t _root(int32_t[:, ::1] runs, Py_ssize_t run) except -1 nogil:
    while runs[run, PARENT] != run:
        runs[run, PARENT] = runs[runs[run, PARENT], PARENT]  # halve the way for whoever comes next
        run = runs[run, PARENT]
    return run


cdef inline int _join(int32_t[:, ::1] runs, Py_ssize_t one, Py_ssize_t other) except -1 nogil:
    one, other = _root(runs, one), _root(runs, other)
    if one < other:  # the earlier run stays: lesions are numbered by their first cell
        runs[other, PARENT] = <int32_t> one
    else:
        runs[one, PARENT] = <int32_t> other


def fold_runs(int32_t[:, ::1] runs, Py_ssize_t count, const double[:, ::1] run_sums, const float[::1] run_peaks,
              int32_t[:, ::1] labels, int64_t[:, ::1] boxes, int64_t[::1] areas, double[:, ::1] sums,
              float[::1] peaks):
    """Number the lesions of the first `count` runs, paint `labels` (zero before) and gather their measures."""
    cdef Py_ssize_t run, root, which, column, known = 0
    with nogil:
        for run in range(count):
            root = _root(runs, run)
            if root == run:
                runs[run, LESION], known = <int32_t> known, known + 1
            which = runs[run, LESION] = runs[root, LESION]
            _widen(boxes, which, runs[run, ROW], runs[run, START], runs[run, END])
            areas[which] += runs[run, END] - runs[run, START]
            for column in range(3):
                sums[which, column] += run_sums[run, column]
            peaks[which] = max(peaks[which], run_peaks[run])
            for column in range(runs[run, START], runs[run, END]):
                labels[runs[run, ROW], column] = <int32_t> (which + 1)


cdef inline int _widen(int64_t[:, ::1] boxes, Py_ssize_t which, int64_t row, int64_t start, int64_t end) except -1 nogil:
    boxes[which, 0] = min(boxes[which, 0], row)
    boxes[which, 1] = min(boxes[which, 1], start)
    boxes[which, 2] = max(boxes[which, 2], row + 1)
    boxes[which, 3] = max(boxes[which, 3], end)


# Extract: what rises around a peak


def find_peaks(const float[:, ::1] probability, float floor, float[:, ::1] highest, int32_t[::1] peaks):
    """Fill `peaks` with the cells (row * columns + column) at or above `floor` that no cell of the 7 x 7 around exceeds.

    highest : room for a copy of the map. Returns how many there are; None if a probability is above 1 or not a number.
    """
    cdef Py_ssize_t rows = probability.shape[0], columns = probability.shape[1], row, column, near, found = 0
    cdef float top
    cdef bint fits = True
    with nogil:
        for row in range(rows):
            for column in range(columns):
                fits = fits and probability[row, column] <= 1.0
                highest[row, column] = probability[row, column]
            for near in range(max(row - REACH, 0), min(row + REACH + 1, rows)):
                for column in range(columns):
                    top = probability[near, column]
                    highest[row, column] = top if top > highest[row, column] else highest[row, column]
        for row in range(rows):
            column = lennox_skip(&probability[row, 0], 0, columns, floor)
            while column < columns:
                top = probability[row, column]
                for near in range(max(column - REACH, 0), min(column + REACH + 1, columns)):
                    if highest[row, near] > top:
                        break
                else:
                    peaks[found] = <int32_t> (row * columns + column)
                    found += 1
                column = lennox_skip(&probability[row, 0], column + 1, columns, floor)
    return found if fits else None


def grow(const float[:, ::1] probability, const int32_t[::1] peaks, float region_share, int32_t[::1] cells,
         int32_t[:, ::1] labels, int64_t[:, ::1] boxes, int64_t[::1] areas, double[:, ::1] sums, float[::1] highest):
    """Grow a lesion from each of `peaks` that no earlier one has taken; returns how many there are.

    cells : room for every cell of the map
    """
    cdef Py_ssize_t rows = probability.shape[0], columns = probability.shape[1]
    cdef Py_ssize_t peak, row, column, near_row, near_column, taken, at, which = 0
    cdef float value, least
    with nogil:
        for peak in range(peaks.shape[0]):
            row, column = peaks[peak] // columns, peaks[peak] % columns
            if labels[row, column]:
                continue
            least = <float> (<double> region_share * probability[row, column])
            cells[0], taken, at = peaks[peak], 1, 0
            labels[row, column] = <int32_t> (which + 1)
            while at < taken:
                row, column = cells[at] // columns, cells[at] % columns
                at += 1
                value = probability[row, column]
                _widen(boxes, which, row, column, column + 1)
                sums[which, TOTAL] += value
                sums[which, ROW_MOMENT] += value * (row + 0.5)
                sums[which, COLUMN_MOMENT] += value * (column + 0.5)
                highest[which] = max(highest[which], value)
                for near_row in range(max(row - 1, 0), min(row + 2, rows)):
                    for near_column in range(max(column - 1, 0), min(column + 2, columns)):
                        if labels[near_row, near_column] == 0 and probability[near_row, near_column] >= least:
                            labels[near_row, near_column] = <int32_t> (which + 1)
                            cells[taken] = <int32_t> (near_row * columns + near_column)
                            taken += 1
            areas[which] = taken
            which += 1
    return which


# Trace: the way around a lesion, along the edges of its cells


def find_firsts(const int32_t[:, ::1] labels, int64_t[::1] firsts):
    """Fill the first cell (row * columns + column) of each label; -1 where there is none. False if a label is outside."""
    cdef Py_ssize_t row, column, label
    cdef bint fits = True
    with nogil:
        for row in range(labels.shape[0]):
            for column in range(labels.shape[1]):
                label = labels[row, column]
                if not 0 <= label <= firsts.shape[0]:  # the fence: never write past the end
                    fits = False
                elif label > 0 and firsts[label - 1] < 0:
                    firsts[label - 1] = row * labels.shape[1] + column
    return fits


def trace(const int32_t[:, ::1] labels, const int64_t[::1] firsts, int64_t[::1] ends, double[:, ::1] corners):
    """Walk clockwise around each label from its first cell; set where its corners end, and write them if there is room.

    The lesion lies on the right hand, and cells that touch by a corner are together: turn left where one can.
    """
    cdef Py_ssize_t which, row, column, start_row, start_column, found = 0
    cdef int heading, right, turn
    cdef int32_t label
    with nogil:
        for which in range(firsts.shape[0]):
            label = <int32_t> (which + 1)
            row = start_row = firsts[which] // labels.shape[1]
            column = start_column = firsts[which] % labels.shape[1]
            heading, turn = 0, 1  # along the upper edge of the first cell, having just turned into it
            while True:
                if turn:
                    if found < corners.shape[0]:
                        corners[found, 0], corners[found, 1] = row, column
                    found += 1
                row += STEP[heading][0]
                column += STEP[heading][1]
                if row == start_row and column == start_column:
                    break
                right = (heading + 1) % 4
                if _is(labels, label, row + AHEAD_LEFT[heading][0], column + AHEAD_LEFT[heading][1]):
                    turn = -1
                elif _is(labels, label, row + AHEAD_LEFT[right][0], column + AHEAD_LEFT[right][1]):
                    turn = 0
                else:
                    turn = 1
                heading = (heading + turn + 4) % 4
            ends[which] = found


cdef inline int _is(const int32_t[:, ::1] labels, int32_t label, Py_ssize_t row, Py_ssize_t column) except -1 nogil:
    return 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1] and labels[row, column] == label
