"""The kernels as a whole give the same bits on every computer: those written down here.

Where a rule of the kernels is changed on purpose, these digests change with it. Where they differ on another processor,
compiler or variant, something rounds differently there.
"""

import hashlib
from inspect import isfunction
from pathlib import Path

import numpy as np

from lennox import _core
from lennox._core import IntensitySettings, reference
from lennox.geometry import Placement

FILMS = [(1, 1), (3, 2), (64, 64), (101, 97), (300, 211), (1023, 1001)]
CANVASES = [(512, 2.0, 8), (200, 0.0, 1), (333, 3.5, 5)]  # side, clip limit, tiles


def numbers(rows, columns):
    """(rows, columns) uint64 below 2**24, from whole-number arithmetic alone: the same everywhere."""
    counted = np.arange(1, rows * columns + 1, dtype=np.uint64)
    mixed = (counted * np.uint64(6364136223846793005)) ^ (counted << np.uint64(17))
    return ((mixed * np.uint64(1442695040888963407)) >> np.uint64(40)).reshape(rows, columns)


def film(rows, columns, dtype):
    down, across = np.mgrid[:rows, :columns]
    greys = (3 * down + 2 * across) % 190 + 10 + numbers(rows, columns) % 50
    return (greys * (1 if dtype == np.uint8 else 257)).astype(dtype)


def digest(arrays):
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()[:16]


def tensors(dtype):
    for rows, columns in FILMS:
        for side, clip_limit, tiles in CANVASES:
            out = np.empty((side, side), np.float32)
            settings = IntensitySettings(0.7, 99.2, clip_limit, tiles, 117.3, 61.7)
            placement = Placement(rows, columns, side, side, 1, 0, side - 2, side - 1)
            _core.prepare_into(film(rows, columns, dtype), out, placement, settings)
            yield out


def maps():
    for side in (31, 128, 255):
        share = numbers(side, side).astype(np.float32) / np.float32(2**24)
        yield share * share * share * share  # tiny ones too, whose sums are rounded


def measures(find):
    for probability in maps():
        for floor in (1e-6, 0.05, 0.4):
            found = find(probability, floor)
            yield from (found.labels, found.boxes, found.areas, found.centroids, found.means, found.peaks)


def test_every_kernel_has_a_twin_and_a_digest():
    kernels = {name for name in _core.__all__ if isfunction(getattr(_core, name))} - {"variant", "variants"}
    assert len(kernels) >= 4
    assert [name for name in kernels if not isfunction(getattr(reference, name, None))] == []
    assert [name for name in kernels if f"_core.{name}" not in Path(__file__).read_text()] == []


def test_film_to_tensor(every_variant):
    assert digest(tensors(np.uint8)) == "f4754ac722d41f7b"
    assert digest(tensors(np.uint16)) == "c0f612a0935b2653"


def test_map_to_lesions():
    def extract(probability, floor):
        return _core.extract_lesions(probability, floor, 0.5)

    def in_basins(probability, floor):
        return _core.extract_lesions(probability, floor, 0.3, 0.9)

    assert digest(measures(in_basins)) == "dce797d47969d630"
    assert digest(measures(_core.label_lesions)) == "784483cf925b477d"
    assert digest(measures(extract)) == "510ece92bab6dcda"


def test_lesions_to_outlines():
    found = [_core.extract_lesions(probability, 0.05, 0.5) for probability in maps()]
    outlines = (outline for one in found for outline in _core.trace_outlines(one.labels, len(one)))
    assert digest(outlines) == "88217d403d5fe8ed"
