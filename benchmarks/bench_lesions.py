"""Probability map to lesions: the kernels beside OpenCV and scikit-image, same map, same run, one thread."""

import numpy as np
import pytest
from measuring import Work

from lennox import _core

cv2 = pytest.importorskip("cv2")
cv2.setNumThreads(1)

PROPERTIES = ("label", "bbox", "area", "centroid_weighted", "intensity_mean", "intensity_max")
HALF = 0.5
NAME = "map to lesions"


def grid_of_lesions(side, count):
    """A map with `count` round lesions in a grid."""
    across = int(np.ceil(np.sqrt(count)))
    pitch = side / across
    position = (np.arange(side) + 0.5) / pitch
    nearest = np.minimum(np.floor(position), across - 1)
    bump = np.exp(-(((position - nearest - 0.5) * 5) ** 2))
    number = nearest[:, None] * across + nearest[None, :]
    return np.where(number < count, 0.95 * bump[:, None] * bump[None, :], 0.0).astype(np.float32)


def noise(side, smooth):
    """White noise with about as many parts as noise can have, or the same smoothed."""
    values = np.random.default_rng(0).random((side, side), np.float32)
    if not smooth:
        return values * np.float32(0.9)  # above 0.5: 45 %
    values = cv2.GaussianBlur(values, (0, 0), 1.5)
    return np.clip((values - values.min()) / np.ptp(values), 0, 1)


MAPS = {
    "256 x 256, 12 lesions": (lambda: grid_of_lesions(256, 12), 8.0),
    "512 x 512, 12 lesions": (lambda: grid_of_lesions(512, 12), 8.0),
    "512 x 512, 158 lesions": (lambda: grid_of_lesions(512, 158), 8.0),
    "768 x 768, 12 lesions": (lambda: grid_of_lesions(768, 12), 8.0),
    "512 x 512, smoothed noise": (lambda: noise(512, True), 1.5),
    "512 x 512, white noise": (lambda: noise(512, False), 1.5),
}


def opencv(probability):
    """Labels, boxes, areas and centroids; neither the mean nor the highest probability."""
    above = np.greater_equal(probability, HALF).view(np.uint8)
    return cv2.connectedComponentsWithStats(above, connectivity=8, ltype=cv2.CV_32S)


def scikit_image(probability):
    from skimage.measure import label, regionprops_table

    return regionprops_table(label(probability >= HALF, connectivity=2), probability, properties=PROPERTIES)


@pytest.fixture(params=MAPS)
def case(request):
    draw, target = MAPS[request.param]
    return request.param, draw(), target


def test_label_beside_opencv(beside, case):
    size, probability, target = case
    count, _, stats, _ = opencv(probability)
    lesions = _core.label_lesions(probability, HALF)
    assert len(lesions) == count - 1
    assert sorted(lesions.areas) == sorted(stats[1:, cv2.CC_STAT_AREA])
    work = Work(NAME, size, "OpenCV labels + stats", at_least=target)
    beside(work, lambda: opencv(probability), lambda: _core.label_lesions(probability, HALF), rounds=101)


def test_label_beside_scikit_image(beside, case):
    pytest.importorskip("skimage")
    size, probability, _ = case
    table, lesions = scikit_image(probability), _core.label_lesions(probability, HALF)
    np.testing.assert_allclose(lesions.means, table["intensity_mean"], rtol=1e-4)
    np.testing.assert_allclose(lesions.centroids[:, 0], table["centroid_weighted-0"] + 0.5, rtol=1e-4)
    work = Work(NAME, size, "scikit-image label + regionprops_table", at_least=12.0)
    beside(work, lambda: scikit_image(probability), lambda: _core.label_lesions(probability, HALF), rounds=21)


@pytest.mark.parametrize("count", [12, 158])
def test_basins_beside_scikit_image(beside, count):
    """Lesions that touch told apart: a watershed from local maxima, and what regionprops measures of its parts."""
    pytest.importorskip("skimage")
    from skimage.feature import peak_local_max
    from skimage.measure import regionprops_table
    from skimage.segmentation import watershed

    probability = grid_of_lesions(512, count)

    def peer():
        markers = np.zeros(probability.shape, np.int32)
        peaks = peak_local_max(probability, min_distance=3, threshold_abs=0.05)
        markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        basins = watershed(-probability, markers, connectivity=2, mask=probability >= 0.05 * HALF)
        return regionprops_table(basins, probability, properties=PROPERTIES)

    def ours():
        return _core.extract_lesions(probability, 0.05, HALF, 0.9)

    assert len(ours()) == len(peer()["label"]) == count
    size = f"512 x 512, {count} lesions"
    beside(Work(NAME, size, "scikit-image watershed + regionprops_table", at_least=2.0), peer, ours, rounds=21)


@pytest.mark.parametrize("side", [128, 192, 256])
def test_extract_and_outline(benchmark, side):
    """What a film costs after the network: lesions around their peaks, and their outlines."""
    probability = grid_of_lesions(side, 9)

    def lesions_and_outlines():
        lesions = _core.extract_lesions(probability, 0.05, HALF)
        return _core.trace_outlines(lesions.labels, len(lesions))

    assert len(benchmark(lesions_and_outlines)) == 9


def test_outlines_beside_opencv(beside):
    """OpenCV's outlines run through the centres of cells; ours along their edges."""
    probability = grid_of_lesions(512, 12)
    lesions = _core.label_lesions(probability, HALF)
    above = (lesions.labels > 0).astype(np.uint8)
    beside(
        Work("outlines of lesions", "512 x 512, 12 lesions", "OpenCV findContours"),
        lambda: cv2.findContours(above, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE),
        lambda: _core.trace_outlines(lesions.labels, len(lesions)),
    )


@pytest.mark.parametrize("worst", ["constant", "white-noise"])
def test_extract_at_worst(benchmark, worst):
    """256 x 256: every cell a peak, or peaks everywhere."""
    probability = np.full((256, 256), 0.5, np.float32) if worst == "constant" else noise(256, False)
    benchmark(_core.extract_lesions, probability, 0.01, HALF)
