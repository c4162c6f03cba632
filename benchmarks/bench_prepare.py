"""Film to tensor: the fused kernel beside OpenCV, well written and as usually written, and scikit-image.

All take the same steps in the same order: window between percentiles 1 and 99 of what is neither black nor white,
equalisation of 8 x 8 tiles with limit 2, resize by area with letterbox, normalisation to float32. One thread.
"""

import functools
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from measuring import Work, extremes

from lennox import _core
from lennox._core import IntensitySettings
from lennox.geometry import Placement

cv2 = pytest.importorskip("cv2")
cv2.setNumThreads(1)

MEAN, STD = 127.5, 64.0
SETTINGS = IntensitySettings(1.0, 99.0, 2.0, 8, MEAN, STD)
SIZES = [(1024, 1024, 512), (1023, 1001, 512), (2048, 1536, 512), (2048, 1536, 768), (640, 640, 768)]
DTYPES = [np.uint8, np.uint16]
TARGETS = {np.uint8: 3.0, np.uint16: 2.0}
NAME = "film to tensor"
MAX_MIB = 2.5  # 1.5 of scratch, and the output


@functools.cache
def draw(rows, columns, dtype):
    """Smooth shapes with grain, in the full range: what a film's histogram looks like, without its anatomy."""
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.normal(0.0, 1.0, (rows, columns)), (0, 0), rows / 40)
    levels = 128 + 55 * noise / noise.std() + rng.normal(0, 4, noise.shape)
    full = np.iinfo(dtype).max
    return np.rint(np.clip(levels, 0, 255) * (full / 255)).astype(dtype)


class Job:
    """One film, its place on a square canvas, and each way of getting there."""

    def __init__(self, rows, columns, side, dtype):
        self.pixels = draw(rows, columns, dtype)
        self.placement = Placement.letterbox(rows, columns, side, side)
        self.out = np.empty((side, side), np.float32)
        self.clahe = cv2.createCLAHE(2.0, (8, 8))
        self.interpolation = cv2.INTER_AREA if side < max(rows, columns) else cv2.INTER_LINEAR

    def covered(self, canvas):
        place = self.placement
        return canvas[place.top : place.top + place.height, place.left : place.left + place.width]

    def resize(self, levels):
        return cv2.resize(levels, (self.placement.width, self.placement.height), interpolation=self.interpolation)

    def lennox(self, settings=SETTINGS):
        _core.prepare_into(self.pixels, self.out, self.placement, settings)
        return self.out

    def opencv_tuned(self):
        """As few passes as OpenCV allows: histogram, table, tiles, resize, and one scaled copy into the tensor."""
        sixteen = self.pixels.dtype == np.uint16
        eight = cv2.convertScaleAbs(self.pixels, alpha=1 / 257) if sixteen else self.pixels
        counts = cv2.calcHist([eight], [0], None, [256], [0, 256]).ravel()
        counts[:4] = counts[252:] = 0
        filled = np.flatnonzero(counts)
        below = np.cumsum(counts[filled]) - counts[filled] / 2
        low, high = np.interp([0.01 * counts.sum(), 0.99 * counts.sum()], below, filled)
        if sixteen:  # no table is as fast on 16 bits
            window = cv2.convertScaleAbs(cv2.subtract(self.pixels, round(low * 257)), alpha=255 / (high - low) / 257)
        else:
            table = np.clip((np.arange(256) - low) * (255 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
            window = cv2.LUT(eight, table)
        small = self.resize(self.clahe.apply(window))
        self.out.fill(-MEAN / STD)
        self.covered(self.out)[:] = cv2.addWeighted(small, 1 / STD, small, 0.0, -MEAN / STD, dtype=cv2.CV_32F)
        return self.out

    def opencv_usual(self):
        """As it is usually written."""
        low, high = np.percentile(self.pixels, [1, 99])
        window = (np.clip((self.pixels - low) / (high - low), 0, 1) * 255).astype(np.uint8)
        small = self.resize(self.clahe.apply(window))
        canvas = np.zeros(self.out.shape, np.float32)
        self.covered(canvas)[:] = small
        return (canvas - MEAN) / STD

    def scikit_image(self):
        from skimage import exposure, transform

        low, high = np.percentile(self.pixels, [1, 99])
        window = exposure.rescale_intensity(self.pixels, (low, high), (0.0, 1.0))
        tile = [max(side // 8, 1) for side in window.shape]
        equal = exposure.equalize_adapthist(window, tile, clip_limit=2 / 256)
        canvas = np.zeros(self.out.shape, np.float32)
        self.covered(canvas)[:] = 255 * transform.resize(
            equal, (self.placement.height, self.placement.width), order=1, anti_aliasing=True
        )
        return (canvas - MEAN) / STD


@pytest.fixture(params=SIZES, ids=lambda size: "{}x{}-to-{}".format(*size))
def size(request):
    return request.param


def work(size, dtype, peer, target=None, name=NAME):
    rows, columns, side = size
    return Work(name, f"{rows} x {columns}, {8 * np.dtype(dtype).itemsize} bits, to {side}", peer, at_least=target)


@pytest.mark.parametrize("dtype", DTYPES)
def test_beside_tuned_opencv(beside, size, dtype):
    job = Job(*size, dtype)
    ours, theirs = job.lennox().copy(), job.opencv_tuned().copy()
    difference = np.abs(ours - theirs) * STD
    if dtype == np.uint8:  # the peer rounds to whole levels between its steps
        assert difference.max() <= 2.5
    else:  # and has a 16-bit film's own curves, where ours are those of its 8-bit copy: see docs/contributor/kernels.md
        assert difference.mean() <= 3.0
    beside(work(size, dtype, "OpenCV, tuned", TARGETS[dtype]), job.opencv_tuned, job.lennox)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_baseline_beside_tuned_opencv(beside, size, dtype, monkeypatch):
    """The variant of processors without AVX2; OpenCV keeps whatever this processor has."""
    monkeypatch.setattr(_core, "_variant", len(_core.variants()) - 1)
    job = Job(*size, dtype)
    line = work(size, dtype, "OpenCV, tuned", 1.1, f"{NAME}, baseline variant")
    beside(line, job.opencv_tuned, job.lennox, rounds=21)


@pytest.mark.parametrize("dtype", DTYPES)
def test_beside_usual_opencv(beside, size, dtype):
    job = Job(*size, dtype)
    beside(work(size, dtype, "OpenCV, as usually written"), job.opencv_usual, job.lennox, rounds=15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_beside_scikit_image(beside, dtype):
    pytest.importorskip("skimage")
    size = (1024, 1024, 512)
    job = Job(*size, dtype)
    beside(work(size, dtype, "scikit-image", 30.0), job.scikit_image, job.lennox, rounds=11)


@pytest.mark.parametrize("dtype", DTYPES)
def test_window_only_beside_the_whole(beside, dtype):
    """What the shipped model asks for, without equalisation; the peer is the kernel itself with its limit of 2."""
    size = (1024, 1024, 512)
    job = Job(*size, dtype)
    line = work(size, dtype, "ours with equalisation", name=f"{NAME}, window only")
    beside(line, job.lennox, lambda: job.lennox(replace(SETTINGS, clip_limit=0.0)))


def peak_mib(way):
    """How far a fresh process rises above what it held with the film and the libraries loaded, 2048 x 1536 to 512."""
    script = f"""
        import resource, sys
        sys.path.insert(0, {str(__file__.rsplit("/", 1)[0])!r})
        import numpy as np
        import bench_prepare
        small, job = bench_prepare.Job(64, 48, 32, np.uint8), bench_prepare.Job(2048, 1536, 512, np.uint16)
        small.{way}()  # loads whatever it loads lazily
        open("/proc/self/clear_refs", "w").write("5")  # forget the highest value so far
        peak = lambda: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
        before = peak()
        job.{way}()
        print(peak() - before)
    """
    environment = {"MALLOC_MMAP_THRESHOLD_": "65536", "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-c", textwrap.dedent(script)]
    return int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout) / 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux forgets and tells a peak of memory")
@pytest.mark.parametrize("peer", ["opencv_tuned", "scikit_image"])
def test_peak_memory(benchmark, weigh, peer):
    """Above the film and the libraries, output of 1 MiB included."""
    title = {"opencv_tuned": "OpenCV, tuned", "scikit_image": "scikit-image"}[peer]
    ours = benchmark.pedantic(peak_mib, ["lennox"], rounds=1, iterations=1)
    line = work((2048, 1536, 512), np.uint16, title, name=f"{NAME}, memory with the output of 1 MiB")
    weigh(extremes(line, "MiB", ours, peak_mib(peer), MAX_MIB))
