"""Lesions of a probability map: labelled, measured and outlined. Twin: reference.py; rules: docs/contributor/kernels.md.

Labelling: run-based two-pass connected components with union-find (L. He, Y. Chao and K. Suzuki, IEEE Trans. Image
Process. 17, 2008), paths halved. Extraction: non-maximum suppression, then region growing (R. Adams and L. Bischof,
IEEE PAMI 16, 1994) from the highest peak down. Outlines: crack following, along the edges between cells and not
through their centres as in S. Suzuki and K. Abe (1985). Basins: a flood from the peaks down, as in watersheds
(F. Meyer, Signal Process. 38, 1994), with union-find, joined by the height of the saddle between them.
"""
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

cdef extern from "scan.h" nogil:
    Py_ssize_t lennox_run_edges(const float *, Py_ssize_t, float, int32_t *) noexcept
    void lennox_measure_run(const float *, Py_ssize_t, Py_ssize_t, int32_t, int32_t *, double *, double *,
                       float *) noexcept
    Py_ssize_t lennox_next_labelled(const int32_t *, Py_ssize_t, Py_ssize_t) noexcept
    void lennox_row_max(const float *, Py_ssize_t, float *) noexcept

# What is summed over a lesion: probability, and probability times the centre's row and column.
cdef enum: TOTAL, ROW_MOMENT, COLUMN_MOMENT
cdef enum: REACH = 3  # a peak is the highest within so many cells

# Headings are right, down, left, up: the step from corner to corner, and the cell ahead on the left, seen from the
# corner. Ahead on the right lies what is ahead on the left after a turn to the right.
cdef Py_ssize_t[4][2] STEP = [[0, 1], [1, 0], [0, -1], [-1, 0]]
cdef Py_ssize_t[4][2] AHEAD_LEFT = [[-1, 0], [0, 0], [0, -1], [-1, -1]]


# Label: runs and union-find. A run is a stretch of a row at or above the threshold; its parent is an earlier run of the
# same lesion, or itself.


def find_runs(const float[:, ::1] probability, float threshold, int32_t[::1] edges, int32_t[::1] firsts,
              int32_t[::1] starts, int32_t[::1] ends, int32_t[::1] parents):
    """Fill the first run of each row (and one past the last), and where runs start and end, and their parents.

    edges : room for one more than the columns. Returns how many lesions there are; -1 if a probability is above 1 or
    not a number.
    """
    cdef Py_ssize_t rows = probability.shape[0], columns = probability.shape[1]
    cdef Py_ssize_t row, edge, found, run, above, above_end, first, last = 0, root, other, step, lesions = 0
    cdef bint ok = True
    with nogil:
        firsts[0] = 0
        for row in range(rows):
            found = lennox_run_edges(&probability[row, 0], columns, threshold, &edges[0])
            if found < 0:
                ok = False
                break
            first = last
            for edge in range(0, found, 2):
                starts[last], ends[last], parents[last] = edges[edge], edges[edge + 1], <int32_t> last
                last += 1
            firsts[row + 1] = <int32_t> last
            above, above_end = firsts[max(row - 1, 0)], first
            run = first
            while above < above_end and run < last:
                if (starts[above] <= ends[run]) & (starts[run] <= ends[above]):  # touching by a corner is enough
                    root, other = _root(parents, above), parents[run]
                    if root > other:  # the earlier run stays: lesions are numbered by their first cell
                        root, other = other, root
                    parents[other] = parents[run] = <int32_t> root
                step = ends[above] < ends[run]  # whichever ends first; added, not branched on: no processor predicts it
                above += step
                run += 1 - step
        for run in range(last):
            lesions += parents[run] == run
    return lesions if ok else -1


cdef inline Py_ssize_t _root(int32_t[::1] parents, Py_ssize_t run) except -1 nogil:
    while parents[run] != run:
        parents[run] = parents[parents[run]]  # path halving
        run = parents[run]
    return run


def fold_runs(const float[:, ::1] probability, const int32_t[::1] firsts, const int32_t[::1] starts,
              const int32_t[::1] ends, int32_t[::1] parents, int32_t[:, ::1] labels, int64_t[:, ::1] boxes,
              int64_t[::1] areas, double[:, ::1] sums, float[::1] peaks):
    """Number the lesions, fill `labels` (zero before) and sum the measures; `parents` become lesions.

    False if there are more lesions than room for their measures.
    """
    cdef Py_ssize_t row, run, which, start, numbered = 0, count = areas.shape[0]
    cdef double total = 0.0, moment = 0.0
    cdef float peak = 0.0
    cdef bint ok = True
    with nogil:
        for row in range(probability.shape[0]):
            for run in range(firsts[row], firsts[row + 1]):
                start = starts[run]
                if parents[run] == run:
                    if numbered == count:  # the fence: never write past the measures
                        ok = False
                        break
                    which, numbered = numbered, numbered + 1
                    boxes[which, 0], boxes[which, 1], boxes[which, 3] = row, start, ends[run]
                else:
                    which = parents[parents[run]]  # a parent is earlier, and already holds its lesion
                parents[run] = <int32_t> which
                lennox_measure_run(&probability[row, start], ends[run] - start, probability.shape[1] - start,
                              <int32_t> (which + 1), &labels[row, start], &total, &moment, &peak)
                boxes[which, 1], boxes[which, 2] = min(boxes[which, 1], start), row + 1
                boxes[which, 3] = max(boxes[which, 3], ends[run])
                areas[which] += ends[run] - start
                sums[which, TOTAL] += total
                sums[which, ROW_MOMENT] += total * (row + 0.5)
                sums[which, COLUMN_MOMENT] += total * (start + 0.5) + moment
                peaks[which] = peak if peak > peaks[which] else peaks[which]
            if not ok:
                break
    return ok


# Extract: what rises around a peak


def find_peaks(const float[:, ::1] probability, float floor, int32_t[::1] edges, float[::1] highest,
               int32_t[::1] peaks):
    """Fill `peaks` with the cells (row * columns + column) at or above `floor` that no cell of the 7 x 7 around exceeds.

    edges : room for one more than the columns; highest : room for a row. Returns how many there are; -1 if a
    probability is above 1 or not a number.
    """
    cdef Py_ssize_t rows = probability.shape[0], columns = probability.shape[1]
    cdef Py_ssize_t row, edge, edge_count, column, neighbour, found = 0
    cdef bint ok = True
    with nogil:
        for row in range(rows):
            edge_count = lennox_run_edges(&probability[row, 0], columns, floor, &edges[0])
            if edge_count < 0:
                ok = False
                break
            if edge_count == 0:
                continue
            memcpy(&highest[0], &probability[row, 0], columns * sizeof(float))
            for neighbour in range(max(row - REACH, 0), min(row + REACH + 1, rows)):
                lennox_row_max(&probability[neighbour, 0], columns, &highest[0])
            for edge in range(0, edge_count, 2):
                for column in range(edges[edge], edges[edge + 1]):
                    for neighbour in range(max(column - REACH, 0), min(column + REACH + 1, columns)):
                        if highest[neighbour] > probability[row, column]:
                            break
                    else:
                        peaks[found] = <int32_t> (row * columns + column)
                        found += 1
    return found if ok else -1


def find_basins(const float[:, ::1] probability, const int32_t[::1] order, double saddle_share, int32_t[::1] parents,
                int32_t[:, ::1] basins, int32_t[::1] peaks):
    """Fill `basins` (zero before) with the basin of each cell of `order`, from 1, and `peaks` with their highest cells.

    order : cells (row * columns + column) from the highest down; parents, peaks : as long. A cell joins its highest
    neighbour. Where it touches several basins, those whose peak it comes up to `saddle_share` of join the highest.
    Returns how many basins there are, numbered by their peaks from the highest down.
    """
    cdef Py_ssize_t rows = probability.shape[0], columns = probability.shape[1]
    cdef Py_ssize_t number, row, column, near_row, near_column, found = 0
    cdef int32_t near, best, highest
    cdef int32_t[9] touched
    cdef Py_ssize_t touching, which
    cdef float value, best_value = 0.0
    with nogil:
        for number in range(order.shape[0]):  # until the end, a basin is the number of its peak in `order`, from 1
            row, column = order[number] // columns, order[number] % columns
            value = probability[row, column]
            best, touching = 0, 0
            for near_row in range(max(row - 1, 0), min(row + 2, rows)):
                for near_column in range(max(column - 1, 0), min(column + 2, columns)):
                    near = basins[near_row, near_column]
                    if near == 0:
                        continue
                    if best == 0 or probability[near_row, near_column] > best_value:
                        best, best_value = near, probability[near_row, near_column]
                    touched[touching] = <int32_t> _root(parents, near - 1)
                    touching += 1
            if best == 0:
                best = <int32_t> (number + 1)
                parents[number] = <int32_t> number
            basins[row, column] = best
            if touching < 2:
                continue
            highest = touched[0]
            for which in range(1, touching):
                highest = min(highest, touched[which])
            for which in range(touching):
                near = touched[which]
                if value >= <float> (saddle_share * probability[order[near] // columns, order[near] % columns]):
                    parents[near] = highest
        for number in range(order.shape[0]):
            row, column = order[number] // columns, order[number] % columns
            highest = <int32_t> _root(parents, basins[row, column] - 1)
            if highest == number:  # the first cell of its basin: its peak
                peaks[found] = order[number]
                found += 1
                basins[row, column] = <int32_t> found
            else:
                basins[row, column] = basins[order[highest] // columns, order[highest] % columns]
    return found


def grow(const float[:, ::1] probability, const int32_t[::1] peaks, float region_share, const int32_t[:, ::1] basins,
         int32_t[::1] cells, int32_t[:, ::1] labels, int64_t[:, ::1] boxes, int64_t[::1] areas, double[:, ::1] sums,
         float[::1] highest):
    """Grow a lesion from each of `peaks` that no earlier one has taken, within its basin; returns how many there are.

    basins : the same number all over where lesions are not kept in theirs; cells : room for every cell of the map
    """
    cdef Py_ssize_t rows = probability.shape[0], columns = probability.shape[1]
    cdef Py_ssize_t peak, row, column, near_row, near_column, taken, at, which = 0
    cdef float value, least
    cdef int32_t basin
    with nogil:
        for peak in range(peaks.shape[0]):
            row, column = peaks[peak] // columns, peaks[peak] % columns
            if labels[row, column]:
                continue
            least = <float> (<double> region_share * probability[row, column])
            basin = basins[row, column]
            cells[0], taken, at = peaks[peak], 1, 0
            labels[row, column] = <int32_t> (which + 1)
            while at < taken:
                row, column = cells[at] // columns, cells[at] % columns
                at += 1
                value = probability[row, column]
                boxes[which, 0], boxes[which, 1] = min(boxes[which, 0], row), min(boxes[which, 1], column)
                boxes[which, 2], boxes[which, 3] = max(boxes[which, 2], row + 1), max(boxes[which, 3], column + 1)
                sums[which, TOTAL] += value
                sums[which, ROW_MOMENT] += value * (row + 0.5)
                sums[which, COLUMN_MOMENT] += value * (column + 0.5)
                highest[which] = max(highest[which], value)
                for near_row in range(max(row - 1, 0), min(row + 2, rows)):
                    for near_column in range(max(column - 1, 0), min(column + 2, columns)):
                        if (labels[near_row, near_column] == 0 and basins[near_row, near_column] == basin
                                and probability[near_row, near_column] >= least):
                            labels[near_row, near_column] = <int32_t> (which + 1)
                            cells[taken] = <int32_t> (near_row * columns + near_column)
                            taken += 1
            areas[which] = taken
            which += 1
    return which


# Trace: crack following around a lesion


def find_firsts(const int32_t[:, ::1] labels, int64_t[::1] firsts):
    """Fill the first cell (row * columns + column) of each label; -1 where there is none. False if a label is outside."""
    cdef Py_ssize_t row, column, label, columns = labels.shape[1]
    cdef bint ok = True
    with nogil:
        for row in range(labels.shape[0]):
            column = lennox_next_labelled(&labels[row, 0], 0, columns)
            while column < columns:
                label = labels[row, column]
                if not 1 <= label <= firsts.shape[0]:  # the fence: never write past the end
                    ok = False
                elif firsts[label - 1] < 0:
                    firsts[label - 1] = row * columns + column
                column = lennox_next_labelled(&labels[row, 0], column + 1, columns)
    return ok


def trace(const int32_t[:, ::1] labels, const int64_t[::1] firsts, int64_t[::1] ends, double[:, ::1] corners):
    """Walk clockwise around each label from its first cell; set where its corners end, and write them if there is room.

    The lesion lies on the right hand, and cells that touch by a corner belong together: turn left where possible. False if an
    outline does not end where it began, as from a cell that is not the first.
    """
    cdef Py_ssize_t which, row, column, start_row, start_column, steps, found = 0
    cdef bint closed = True
    cdef int heading, right, turn
    cdef int32_t label
    with nogil:
        for which in range(firsts.shape[0]):
            label = <int32_t> (which + 1)
            row = start_row = firsts[which] // labels.shape[1]
            column = start_column = firsts[which] % labels.shape[1]
            heading, turn = 0, 1  # along the upper edge of the first cell, having just turned into it
            closed = False
            for steps in range(4 * labels.shape[0] * labels.shape[1]):  # the fence: each cell has four edges
                if turn:
                    if found < corners.shape[0]:
                        corners[found, 0], corners[found, 1] = row, column
                    found += 1
                row += STEP[heading][0]
                column += STEP[heading][1]
                if row == start_row and column == start_column:
                    closed = True
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
            if not closed:
                break
    return closed


cdef inline int _is(const int32_t[:, ::1] labels, int32_t label, Py_ssize_t row, Py_ssize_t column) except -1 nogil:
    return 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1] and labels[row, column] == label
