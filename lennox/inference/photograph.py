"""Intraoral photographs: their light made neutral, and what keeps one from being read.

No real photograph with a licence was at hand. The limits were set with drawn ones (`lennox.phantom.draw_photograph`)
and are to be set anew with real ones before anything is released.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.image import Image

BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)
GLARE = 0.96  # lowest of the three colours of what mirrors the light
BRIGHT = (0.80, 0.97)  # quantiles of brightness between which enamel is looked for
MAX_GLARE, MAX_GLARE_READ = 0.015, 0.25  # share of the picture: said, and not read at all
MAX_CAST, MAX_CAST_READ = 2.0, 5.0  # strongest over weakest correction of a colour
MIN_ENAMEL = 0.12  # share of the picture that is bright and near neutral once balanced
MIN_SHARPNESS = 0.2  # as in `quality`


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a photograph. gains : of red, green and blue, that make enamel neutral; white : enamel's level"""

    gains: NDArray[np.float32]
    white: float
    glare: NDArray[np.bool_]

    @classmethod
    def of(cls, levels: NDArray[np.float32]) -> Light:
        """Judged by the brightest parts that do not mirror it, which in a mouth are enamel.

        levels : (rows, columns, 3) in [0, 1]
        """
        glare = levels.min(-1) > GLARE
        matt = levels[~glare] if not glare.all() else levels.reshape(-1, 3)
        brightness = matt @ BRIGHTNESS
        low, high = np.quantile(brightness, BRIGHT)
        enamel = np.median(matt[(brightness >= low) & (brightness <= high)], axis=0)
        gains = (enamel.mean() / np.maximum(enamel, 1 / 255)).astype(np.float32)
        return cls(gains, max(float(high), 1 / 255), glare)


def balanced_grey(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """(rows, columns) brightness of (rows, columns, 3) in neutral light; what mirrors it is no brighter than enamel."""
    top = np.iinfo(pixels.dtype).max
    levels = pixels.astype(np.float32) / np.float32(top)
    light = Light.of(levels)
    grey = np.clip((levels * light.gains) @ BRIGHTNESS / light.white, 0.0, 1.0)
    level = np.rint(grey * top)
    return level.astype(np.uint8) if pixels.dtype == np.uint8 else level.astype(np.uint16)


def photograph_problems(image: Image, sharpness: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(why it is not read at all, what of it cannot be read), a sentence each. sharpness : as `quality` measures it"""
    if image.is_grey:
        return ("The photograph has no colours, and caries is told from stains by them: take it in colour.",), ()
    step = max(1, max(image.rows, image.columns) // 512)
    levels = image.pixels[::step, ::step].astype(np.float32) / np.float32(np.iinfo(image.pixels.dtype).max)
    light = Light.of(levels)
    cast, glare = float(light.gains.max() / light.gains.min()), float(light.glare.mean())
    balanced = levels * light.gains / light.white
    neutral = balanced.max(-1) - balanced.min(-1) < 0.25
    enamel = float(((balanced @ BRIGHTNESS > 0.6) & neutral).mean())
    reasons, illegible = [], []
    if sharpness < MIN_SHARPNESS:
        reasons.append("The photograph is too blurred to show a lesion: hold the camera still, and focus on the teeth.")
    if enamel < MIN_ENAMEL:
        reasons.append(
            f"Teeth fill only {enamel:.0%} of the photograph: come nearer, hold the cheeks away, or crop the picture."
        )
    if glare > MAX_GLARE_READ:
        reasons.append(f"{glare:.0%} of the photograph mirrors the light: dry the teeth, and take it without flash.")
    elif glare > MAX_GLARE:
        illegible.append(f"{glare:.0%} of the photograph mirrors the light on saliva: nothing can be seen there.")
    if cast > MAX_CAST_READ:
        reasons.append("The light has a colour of its own, too strong to be made neutral: take it in white light.")
    elif cast > MAX_CAST:
        illegible.append("The light had a colour of its own; it was made neutral, and stains may be taken for caries.")
    return tuple(reasons), tuple(illegible)
