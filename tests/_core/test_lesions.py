"""Lesions of a map: by hand on both implementations, at random against each other, and at the edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lennox import _core
from lennox._core import reference


def map_of(*rows):
    """A map from strings of digits, tenths: '.' is 0."""
    return np.array([[0.0 if cell == "." else int(cell) / 10 for cell in row] for row in rows], np.float32)


def assert_same(one, other):
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.boxes, other.boxes)
    np.testing.assert_array_equal(one.areas, other.areas)
    np.testing.assert_allclose(one.centroids, other.centroids, atol=1e-9)
    np.testing.assert_allclose(one.means, other.means, rtol=1e-6)
    np.testing.assert_array_equal(one.peaks, other.peaks)


# Label, by hand


def test_two_lesions(core):
    lesions = core.label_lesions(map_of("59...", "..  .".replace(" ", "."), "...78"), 0.5)
    assert lesions.labels.tolist() == [[1, 1, 0, 0, 0], [0] * 5, [0, 0, 0, 2, 2]]
    assert lesions.boxes.tolist() == [[0, 0, 1, 2], [2, 3, 3, 5]]
    assert lesions.areas.tolist() == [2, 2]
    assert lesions.peaks.tolist() == pytest.approx([0.9, 0.8])
    assert lesions.means.tolist() == pytest.approx([0.7, 0.75])
    assert lesions.centroids[0].tolist() == pytest.approx([0.5, (0.5 * 0.5 + 0.9 * 1.5) / 1.4])
    assert len(lesions) == 2


def test_a_cell_at_the_threshold_belongs_to_a_lesion(core):
    assert core.label_lesions(map_of("467"), 0.6).labels.tolist() == [[0, 1, 1]]


def test_cells_that_touch_by_a_corner_are_one_lesion(core):
    assert len(core.label_lesions(map_of("9.", ".9"), 0.5)) == 1
    assert len(core.label_lesions(map_of(".9", "9."), 0.5)) == 1
    assert len(core.label_lesions(map_of("9..9", "....", ".9.9"), 0.5)) == 4


def test_arms_that_meet_late_are_one_lesion(core):
    """Three arms get their own runs first; the lowest row joins them. The spiral joins its arms from within."""
    assert len(core.label_lesions(map_of("9.9.9", "9.9.9", "99999"), 0.5)) == 1
    spiral = map_of("9999999", "......9", "99999.9", "9...9.9", "9.999.9", "9.....9", "9999999")
    lesions = core.label_lesions(spiral, 0.5)
    assert lesions.boxes.tolist() == [[0, 0, 7, 7]]
    assert lesions.areas.tolist() == [int((spiral > 0).sum())]


def test_lesions_are_numbered_by_their_first_cell(core):
    lesions = core.label_lesions(map_of("....9", "9....", "9.9.9", "999.9"), 0.5)
    assert lesions.labels.tolist() == [[0, 0, 0, 0, 1], [2, 0, 0, 0, 0], [2, 0, 2, 0, 3], [2, 2, 2, 0, 3]]


@pytest.mark.parametrize("name", ["label_lesions", "extract_lesions"])
def test_a_map_below_the_threshold_has_no_lesions(core, name):
    shares = (0.5,) if name == "label_lesions" else (0.5, 0.5)
    lesions = getattr(core, name)(np.full((3, 4), 0.4, np.float32), *shares)
    assert len(lesions) == 0
    assert lesions.boxes.shape == (0, 4)
    assert lesions.centroids.shape == (0, 2)
    assert not lesions.labels.any()


def test_a_constant_map_is_one_lesion(core):
    for lesions in [
        core.label_lesions(np.full((20, 130), 0.5, np.float32), 0.5),
        core.extract_lesions(np.full((20, 130), 0.5, np.float32), 0.5, 0.5),
    ]:
        assert lesions.boxes.tolist() == [[0, 0, 20, 130]]
        assert lesions.areas.tolist() == [2600]
        assert lesions.centroids.tolist() == [pytest.approx([10.0, 65.0])]


def test_a_chessboard_is_one_lesion(core):
    board = (np.indices((9, 70)).sum(0) % 2).astype(np.float32)
    assert core.label_lesions(board, 0.5).areas.tolist() == [315]


# Extract, by hand


def test_a_lesion_is_what_rises_around_its_peak(core):
    lesions = core.extract_lesions(map_of("1248421..."), 0.5, 0.5)
    assert lesions.labels.tolist() == [[0, 0, 1, 1, 1, 0, 0, 0, 0, 0]]
    assert lesions.peaks.tolist() == pytest.approx([0.8])


def test_the_outline_does_not_depend_on_the_floor(core):
    probability = map_of("2468642.....3632.")
    assert len(core.extract_lesions(probability, 0.3, 0.5)) == 2
    high, low = core.extract_lesions(probability, 0.7, 0.5), core.extract_lesions(probability, 0.3, 0.5)
    np.testing.assert_array_equal(high.labels == 1, low.labels == 1)


def test_the_highest_peak_comes_first_and_takes_its_cells(core):
    """The lower peak lies above half of the higher one, and is connected with it: not a lesion of its own."""
    assert core.extract_lesions(map_of("656789876"), 0.5, 0.5).areas.tolist() == [9]
    lesions = core.extract_lesions(map_of("6.....9.....8"), 0.5, 0.5)
    assert lesions.labels.tolist() == [[3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2]]


def test_a_lower_peak_keeps_the_cells_that_the_higher_one_left(core):
    """The higher lesion ends at 0.45; the lower one, down to 0.25, takes what is left up to it."""
    lesions = core.extract_lesions(map_of("9743333353"), 0.5, 0.5)
    assert lesions.labels.tolist() == [[1, 1, 2, 2, 2, 2, 2, 2, 2, 2]]


def test_a_plateau_is_one_lesion(core):
    plateau = np.zeros((20, 30), np.float32)
    plateau[3:15, 4:26] = 0.75
    assert core.extract_lesions(plateau, 0.5, 0.9).boxes.tolist() == [[3, 4, 15, 26]]


def test_equal_peaks_are_numbered_in_raster_order(core):
    lesions = core.extract_lesions(map_of("....9....", ".........", ".........", ".........", "9.......9"), 0.5, 0.5)
    assert lesions.boxes[:, :2].tolist() == [[0, 4], [4, 0], [4, 8]]


# Extract in basins, by hand


def in_basins(core, *rows, floor=0.1, region_share=0.1, saddle_share=0.8):
    return core.extract_lesions(map_of(*rows), floor, region_share, saddle_share)


def test_two_peaks_are_two_lesions_where_the_saddle_is_low(core):
    """What rises from the higher one ends at the saddle, though all of it is above its share."""
    lesions = in_basins(core, "36963696")
    assert lesions.labels.tolist() == [[1, 1, 1, 1, 1, 2, 2, 2]]
    assert len(core.extract_lesions(map_of("36963696"), 0.1, 0.1)) == 1  # without: one


def test_the_lower_of_two_peaks_decides(core):
    assert len(in_basins(core, "9565", saddle_share=0.8)) == 1  # 5 is 0.83 of 6
    assert len(in_basins(core, "9565", saddle_share=0.9)) == 2
    assert in_basins(core, "9565", saddle_share=0.9).peaks.tolist() == pytest.approx([0.9, 0.6])


def test_a_shoulder_that_the_lesion_does_not_reach_is_none(core):
    lesions = in_basins(core, "922322", region_share=0.5, saddle_share=0.6)
    assert lesions.labels.tolist() == [[1, 0, 0, 0, 0, 0]]


def test_a_lesion_does_not_run_around_a_higher_one(core):
    """Without basins, the low lesion is a ring on the slope of the high one."""
    rows = "33333...", "33933...", "33333346", "33333..."
    assert core.extract_lesions(map_of(*rows), 0.1, 0.5).areas.tolist() == [1, 22]
    assert in_basins(core, *rows, region_share=0.5).boxes.tolist() == [[1, 2, 2, 3], [2, 5, 3, 8]]


def test_plateaus_that_meet_are_one_lesion(core):
    assert in_basins(core, "99.99", "99999", "99.99").areas.tolist() == [13]
    assert in_basins(core, "55555").areas.tolist() == [5]
    assert in_basins(core, "5.5", "555", saddle_share=1.0).areas.tolist() == [5]  # a saddle as high as the peaks


def test_three_basins_meet_in_one_cell(core):
    assert in_basins(core, "9.8", ".4.", ".7.").peaks.tolist() == pytest.approx([0.9, 0.8, 0.7])
    assert in_basins(core, "9.8", ".7.", ".7.").peaks.tolist() == pytest.approx([0.9])


# At random

MAPS = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 24), st.integers(1, 90)),
    elements=st.sampled_from([np.float32(value) for value in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)]),
)  # fmt: skip
SHARES = st.sampled_from([0.1, 0.3, 0.5, 0.8, 1.0])


@given(MAPS, SHARES)
def test_labelling_equals_the_reference(probability, threshold):
    assert_same(_core.label_lesions(probability, threshold), reference.label_lesions(probability, threshold))


@given(MAPS, SHARES, SHARES)
def test_extraction_equals_the_reference(probability, floor, region_share):
    ours = _core.extract_lesions(probability, floor, region_share)
    assert_same(ours, reference.extract_lesions(probability, floor, region_share))


@given(MAPS, SHARES, SHARES, SHARES)
def test_extraction_in_basins_equals_the_reference(probability, floor, one, other):
    shares = floor, min(one, other), max(one, other)
    ours = _core.extract_lesions(probability, *shares)
    assert_same(ours, reference.extract_lesions(probability, *shares))
    for which in range(1, len(ours) + 1):  # each in one part, or its outline would leave cells out
        assert len(_core.label_lesions((ours.labels == which).astype(np.float32), 0.5)) == 1


@pytest.mark.parametrize("seed", range(10))
def test_smooth_maps_equal_the_reference(seed):
    rng = np.random.default_rng(seed)
    probability = rng.random((61, 83))
    for _ in range(4):
        probability = (probability + np.roll(probability, 1, 0) + np.roll(probability, 1, 1)) / 3
    probability = ((probability - probability.min()) / np.ptp(probability)).astype(np.float32)
    probability.flags.writeable = False  # inputs may be read-only
    assert_same(_core.label_lesions(probability, 0.6), reference.label_lesions(probability, 0.6))
    for shares in ((0.3, 0.7), (0.3, 0.3, 0.9)):
        assert_same(_core.extract_lesions(probability, *shares), reference.extract_lesions(probability, *shares))


@pytest.mark.parametrize("saddle_share", [None, 0.5, 0.9])
@given(probability=MAPS, floor=SHARES)
def test_a_lower_floor_adds_lesions_and_changes_none(saddle_share, probability, floor):
    few, many = (_core.extract_lesions(probability, least, 0.5, saddle_share) for least in (floor, floor / 2))
    assert len(few) <= len(many)
    np.testing.assert_array_equal(few.boxes, many.boxes[: len(few)])
    np.testing.assert_array_equal(few.labels, np.where(many.labels <= len(few), many.labels, 0))


# At the edge


@pytest.mark.parametrize("wrong", [np.nan, 1.5, np.inf])
@pytest.mark.parametrize("columns", [5, 200])
@pytest.mark.parametrize("name", ["label_lesions", "extract_lesions"])
def test_what_is_no_probability_is_refused(core, name, columns, wrong):
    probability = np.zeros((3, columns), np.float32)
    probability[1, columns - 1] = wrong
    with pytest.raises(ValueError, match="probabilities must be numbers"):
        getattr(core, name)(probability, *((0.5,) if name == "label_lesions" else (0.5, 0.5)))
    if name == "extract_lesions":
        with pytest.raises(ValueError, match="probabilities must be numbers"):
            core.extract_lesions(probability, 0.5, 0.5, 0.9)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_shares_out_of_range_are_refused(share):
    probability = np.zeros((3, 3), np.float32)
    with pytest.raises(ValueError, match="threshold"):
        _core.label_lesions(probability, share)
    with pytest.raises(ValueError, match="floor"):
        _core.extract_lesions(probability, share, 0.5)
    with pytest.raises(ValueError, match="region_share"):
        _core.extract_lesions(probability, 0.5, share)
    with pytest.raises(ValueError, match="saddle_share"):
        _core.extract_lesions(probability, 0.5, 0.5, share)
    with pytest.raises(ValueError, match="at least region_share"):
        _core.extract_lesions(probability, 0.5, 0.5, 0.4)


@pytest.mark.parametrize(
    ("probability", "error"),
    [
        (np.zeros((3, 3)), TypeError),
        (np.zeros(3, np.float32), TypeError),
        (np.zeros((0, 3), np.float32), ValueError),
        (np.zeros((3, 6), np.float32)[:, ::2], ValueError),
    ],
)
def test_maps_of_another_kind_are_refused(probability, error):
    with pytest.raises(error):
        _core.label_lesions(probability, 0.5)
    with pytest.raises(error):
        _core.extract_lesions(probability, 0.5, 0.5)


@pytest.mark.parametrize("name", ["label_lesions", "extract_lesions", "trace_outlines"])
def test_maps_of_more_cells_than_32_bits_can_number_are_refused(tmp_path, name):
    """A sparse file stands behind the map: nothing of it is read, or it would take gigabytes and minutes."""
    dtype, rest = (np.int32, (1,)) if name == "trace_outlines" else (np.float32, (0.5, 0.5))
    huge = np.memmap(tmp_path / "map", dtype, "w+", shape=(1 << 16, 1 << 15))
    with pytest.raises(ValueError, match="1 to 2147483647 elements"):
        getattr(_core, name)(huge, *rest[: 2 if name == "extract_lesions" else 1])


@pytest.mark.parametrize("name", ["label_lesions", "extract_lesions"])
def test_maps_that_are_not_aligned_are_refused(name):
    odd = np.zeros(4 * 16 + 1, np.uint8)[1:].view(np.float32).reshape(4, 4)
    with pytest.raises(ValueError, match="probability must be contiguous and aligned"):
        getattr(_core, name)(odd, *((0.5,) if name == "label_lesions" else (0.5, 0.5)))
