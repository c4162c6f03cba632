"""JPEG and TIFF as Pillow opens them, but without what it would look for in their EXIF: that may be damaged."""

from __future__ import annotations

from PIL.Image import Exif
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from lennox.image.raster.tiff_pages import ORIENTATION


class Jpeg(JpegImageFile):
    """Pillow looks for a resolution in there, and warns where it is damaged; here it finds nothing."""

    def getexif(self) -> Exif:
        """Nothing."""
        return Exif()


class Tiff(TiffImageFile):
    """Here it finds what it turns the image by, and nothing else that could be damaged."""

    def getexif(self) -> Exif:
        """The orientation alone."""
        exif = Exif()
        if ORIENTATION in self.tag_v2:
            exif[ORIENTATION] = self.tag_v2[ORIENTATION]
        return exif
