"""A panoramic in outline, for tests of what happens to one."""

import numpy as np


def panoramic_like(rows=500, columns=1000, spine=0.7):
    """A jaw as a panoramic shows it, in outline: mirror-symmetric, bright spine, dark corners, small teeth.

    spine : how bright its shadow is over the front teeth
    """
    row, column = np.mgrid[:rows, :columns] / np.array([[[rows]], [[columns]]])
    side = np.abs(column - 0.5) * 2
    jaw = np.exp(-(((row - 0.85 + 0.45 * side**2) / 0.09) ** 2))
    shadow = spine * np.exp(-((side / 0.18) ** 2))
    base = 0.5 * np.exp(-((row / 0.15) ** 2))
    arch = (np.abs(row - 0.5 + 0.1 * side**2) < 0.12) & (side < 0.65)
    teeth = arch * (0.35 + 0.15 * np.cos(column * 2 * np.pi * 28))
    grain = np.random.default_rng(0).normal(0, 0.02, row.shape)
    return np.clip((0.1 + 0.45 * jaw + 0.5 * shadow + base + teeth + grain) * 160, 0, 255).astype(np.uint8)
