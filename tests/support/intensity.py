"""Levels 0..255 of a whole image by either implementation of the kernels."""

import numpy as np

from lennox._core import IntensitySettings
from lennox.geometry import Placement


def fill(rows, columns, height, width):
    """The placement of an image that covers its canvas of (height, width)."""
    return Placement(rows, columns, height, width, 0, 0, height, width)


def levels_of(core, pixels, height, width, **settings):
    """(height, width) float32 levels after window, equalisation and resize, neither shifted nor scaled."""
    out = np.empty((height, width), np.float32)
    core.prepare_into(pixels, out, fill(*pixels.shape, height, width), IntensitySettings(**settings, mean=0.0, std=1.0))
    return out
