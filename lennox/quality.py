"""What kind of image this is, and whether it can be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lennox.image import Image

KINDS = ("periapical", "bitewing", "panoramic", "photograph", "other")


@dataclass(frozen=True, slots=True)
class Quality:
    """What an image looks like, and what keeps it from being read.

    kind : one of KINDS
    reasons : one plain sentence for each thing that keeps it from being read, with what to do; empty when fit
    exposure : median level of the film, 0 black to 1 white
    contrast : distance of its 5th and 95th percentile, 0 to 1
    sharpness : share of fine detail, 0 to 1
    """

    kind: str
    reasons: tuple[str, ...]
    exposure: float
    contrast: float
    sharpness: float

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {self.kind!r}")


def assess(image: Image) -> Quality:
    """Judge an image by its pixels, in a few milliseconds."""
    grey = image.grey()
    step = max(1, max(grey.shape) // 512)
    sample = grey[::step, ::step] / np.iinfo(grey.dtype).max
    low, middle, high = np.percentile(sample, (5, 50, 95))
    rows, columns = grey.shape
    reasons = []
    if min(rows, columns) < 128:
        reasons.append(f"The image has only {rows} x {columns} pixels: export the film at its full size.")
    elif high - low < 0.02:
        reasons.append("The image is blank: check that this is the exposed film, and retake it if so.")
    kind = "periapical" if image.is_grey else "photograph"
    if image.is_grey and max(rows, columns) > 1.7 * min(rows, columns) and max(rows, columns) >= 1000:
        kind = "panoramic"
    return Quality(kind, tuple(reasons), float(middle), float(high - low), float(np.abs(np.diff(sample)).mean()))
