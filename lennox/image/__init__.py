"""A file becomes upright grey or colour pixels, true to 16 bits: `read_image`, `Image`, `Modality`."""

from lennox.image.image import Image, Modality
from lennox.image.read import read_image

__all__ = ["Image", "Modality", "read_image"]
