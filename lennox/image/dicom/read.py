"""DICOM files: the only door to pydicom and its decoders.

Elements are taken raw and turned into numbers here: pydicom's own conversion warns about each untidy value, and dental
software writes many. Compressed frames are decoded by python-gdcm (BSD), or here, never by whatever else is installed,
so that a file gives the same pixels on every computer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import RE_VALID_UID, UID

from lennox.errors import ImageError
from lennox.image.dicom.codestream import RLE, SYNTAXES, Frame, codestream, decode, frame_bytes, syntax_of
from lennox.image.dicom.elements import DicomFile, Elements, parse_elements
from lennox.image.dicom.grey import GreyRules, Lookup, Window, colour_levels, grey_levels, palette_levels
from lennox.image.frames import choose_frame
from lennox.image.image import Image, Modality
from lennox.image.levels import one_channel
from lennox.image.limits import check_size
from lennox.image.resample import square_pixels
from lennox.tooth_names import tooth_of_code

_LUT_DESCRIPTOR, _LUT_DATA = 0x00283002, 0x00283006
_ANATOMY = (0x00082218, 0x00082228)  # anatomic region, primary anatomic structure
_CODE_VALUE, _SCHEME = 0x00080100, 0x00080102
_TOOTH_SCHEMES = ("SCT", "SRT", "SNM3", "99SDM")  # SNOMED CT, and what SNOMED-RT was called
_ROWS_AT_ONCE = 64
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1."

# Samples a pixel of the photometric interpretations that are read.
_SAMPLES = {"MONOCHROME1": 1, "MONOCHROME2": 1, "PALETTE COLOR": 1} | dict.fromkeys(
    ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"), 3
)
_NOT_READ = ("ARGB", "CMYK", "HSV", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "XYB")

# Distances that dental images can have; 1.0 and the like are what software writes that does not know.
_SPACINGS = (0x00280030, 0x00181164, 0x00182010)
_SPACING_MM = (0.001, 0.5)


def read_dicom(data: bytes, frame: int | None, name: str, digest: str) -> Image:
    """The image in the bytes of a DICOM file. Raises ImageError."""
    try:
        file = parse_elements(data)
        _refuse_own_capture(file.elements)
        index = choose_frame("DICOM", "frames", _count(file.elements), frame)
        elements = file.elements.in_frame(index)
        pixels, bits = _pixels(replace(file, elements=elements), index)
        spacing = _spacing(elements)
        pixels, note = square_pixels(pixels, _aspect(elements))
        if note and spacing is not None:
            spacing = min(spacing), min(spacing)
        return Image(pixels, bits, _modality(elements), name, digest, spacing, note, _teeth(elements))
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # decoders and damaged headers raise nearly anything
        text = " ".join(f"{type(error).__name__} {error}".split())[:160]
        raise ImageError(
            f"The DICOM file is damaged, cut short or of an unusual kind ({text}). Export it again."
        ) from None


def _refuse_own_capture(elements: Elements) -> None:
    """An archive gives captures back beside the films, and their outlines would be read as part of the film."""
    if elements.text(0x00080016) == _SECONDARY_CAPTURE and elements.text(0x00080070) == "lennox":
        raise ImageError("This is a copy of a film with outlines that lennox drew, not a film. Use the film itself.")


def _pixels(file: DicomFile, index: int) -> tuple[NDArray[Any], int]:
    elements = file.elements
    rows, columns = elements.short(0x00280010, 0), elements.short(0x00280011, 0)
    check_size(rows, columns)
    photometric = elements.text(0x00280004).upper() or "MONOCHROME2"
    samples = elements.short(0x00280002, 1)
    if _SAMPLES.get(photometric) != samples:
        raise ImageError(
            f"The DICOM file holds {samples} samples a pixel as {_named(photometric)}; "
            "wanted grey, palette colour, RGB or YBR. Export it as grey."
        )
    stored, coded, coded_bits = _frame(file, index, photometric, samples)
    allocated = 8 * stored.dtype.itemsize
    bits = min(elements.short(0x00280101, allocated) or allocated, allocated, coded_bits)
    if photometric == "PALETTE COLOR":
        pixels, bits = palette_levels(stored, _palette(elements), bits)
        return one_channel(pixels), bits
    if samples == 3:
        if coded != "RGB":
            raise ImageError(f"The colours are coded as {_named(photometric)}, which is not read. Export it as RGB.")
        pixels, bits = colour_levels(stored, bits)
        return one_channel(pixels), bits
    bits = 1 if elements.short(0x00280100, 8) == 1 else bits
    return grey_levels(stored, _rules(file, stored, bits, photometric))


def _count(elements: Elements) -> int:
    return max(1, int(elements.number(0x00280008, 1)))


def _frame(file: DicomFile, index: int, photometric: str, samples: int) -> tuple[NDArray[Any], str, int]:
    """Samples of one frame, (rows, columns) or (rows, columns, 3); how colours are coded; bits that mean something."""
    elements = file.elements
    allocated = elements.short(0x00280100, 16)
    if allocated not in (1, 8, 16):
        raise ImageError(f"The DICOM file holds samples of {allocated} bits; wanted 1, 8 or 16. Export it with 16.")
    announced = Frame(elements.short(0x00280010, 0), elements.short(0x00280011, 0), samples, allocated, photometric)
    signed = bool(elements.short(0x00280103, 0) & 1)
    planar = elements.short(0x00280006, 0) & 1
    if file.is_compressed:
        return _decompressed(file, index, announced, planar, signed)
    needed = announced.rows * announced.columns * samples * allocated
    needed = needed * 2 // 3 if photometric == "YBR_FULL_422" else needed
    if len(file.pixels) * 8 < needed * (index + 1):
        raise ImageError(
            f"The DICOM file is cut short: {len(file.pixels)} bytes of pixels found, "
            f"{needed * (index + 1) // 8} wanted. Copy or export it again."
        )
    options: dict[str, Any] = {
        "rows": announced.rows,
        "columns": announced.columns,
        "samples_per_pixel": samples,
        "photometric_interpretation": photometric,
        "bits_allocated": allocated,
        "bits_stored": allocated,
        "pixel_representation": int(signed),
        "planar_configuration": planar,
        "number_of_frames": _count(elements),
        "pixel_keyword": "PixelData",
        "pixel_vr": file.pixel_vr,
        "view_only": True,  # no copy of all frames
        "correct_unused_bits": False,
        "raw": True,
    }
    stored, found = get_decoder(file.syntax).as_array(file.pixels, index=index, validate=False, **options)
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    return _finished(native, replace(announced, photometric=str(found["photometric_interpretation"])), signed)


def _decompressed(
    file: DicomFile, index: int, announced: Frame, planar: int, signed: bool
) -> tuple[NDArray[Any], str, int]:
    data = frame_bytes(file.pixels, index, _count(file.elements))
    syntax = syntax_of(data, file.syntax)
    if syntax not in SYNTAXES:
        what = _name_of(file.syntax)
        raise ImageError(
            f"The pixels are compressed as {what}; wanted RLE, JPEG, JPEG-LS, JPEG 2000 or none. "
            "Export it uncompressed."
        )
    found = announced if syntax == RLE else codestream(data, announced.photometric)
    if found is None:
        raise ImageError("The compressed pixels are damaged or cut short (no header found). Copy or export it again.")
    if (found.rows, found.columns, found.samples) != (announced.rows, announced.columns, announced.samples):
        raise ImageError(
            f"The compressed picture has {found.rows} x {found.columns} pixels of {found.samples}, but the file "
            f"announces {announced.rows} x {announced.columns} of {announced.samples}: it is damaged. Export it again."
        )
    signed = signed or found.signed
    return _finished(decode(data, syntax, found, planar=planar, signed=signed), found, signed)


def _finished(stored: NDArray[Any], frame: Frame, signed: bool) -> tuple[NDArray[Any], str, int]:
    if not frame.photometric.startswith("YBR"):
        return stored.view(f"i{stored.dtype.itemsize}") if signed else stored, frame.photometric, frame.bits
    colour = np.empty(stored.shape, stored.dtype)
    for top in range(0, len(stored), _ROWS_AT_ONCE):  # in bands: pydicom goes by floating point
        band = stored[top : top + _ROWS_AT_ONCE]
        colour[top : top + _ROWS_AT_ONCE] = convert_color_space(band, "YBR_FULL", "RGB")
    return colour, "RGB", frame.bits


def _named(photometric: str) -> str:
    """A photometric interpretation of the standard; no other text of the file, which may name somebody."""
    return photometric if photometric in (*_SAMPLES, *_NOT_READ) else "an unknown kind"


def _name_of(syntax: str) -> str:
    known = re.fullmatch(RE_VALID_UID, syntax) is not None  # of others pydicom would warn
    return UID(syntax).name if known else "something that it does not name"


def _rules(file: DicomFile, stored: NDArray[Any], bits: int, photometric: str) -> GreyRules:
    elements = file.elements
    signed = stored.dtype.kind == "i"
    coded = file.is_compressed and file.syntax != RLE  # run lengths pack samples as they are, with all of their bits
    above = 0 if coded else elements.short(0x00280102, bits - 1) + 1 - bits
    slope, intercept = elements.number(0x00281053, 1.0), elements.number(0x00281052, 0.0)
    modality = _table(elements, 0x00283000, signed)
    return GreyRules(
        bits,
        signed,
        shift=above if 0 < above <= 8 * stored.dtype.itemsize - bits else 0,
        slope=slope,
        intercept=intercept,
        modality=modality,
        interest=_interest(elements, modality is None and (signed or min(slope, intercept) < 0)),
        inverse=photometric == "MONOCHROME1" or elements.text(0x20500020).upper() == "INVERSE",
        padding=_padding(elements, signed),
    )


def _padding(elements: Elements, signed: bool) -> tuple[int, int] | None:
    if not elements.shorts(0x00280120):
        return None
    first = elements.short(0x00280120, 0)
    last = elements.short(0x00280121, first)
    ends = sorted((number ^ 0x8000) - 0x8000 if signed else number for number in (first, last))
    return ends[0], ends[1]


def _interest(elements: Elements, signed: bool) -> Lookup | Window | None:
    """The first table of interest, or else the first window that can be one."""
    table = _table(elements, 0x00283010, signed)
    if table is not None:
        return table
    function = elements.text(0x00281056).upper() or "LINEAR"
    for centre, width in zip(elements.numbers(0x00281050), elements.numbers(0x00281051), strict=False):
        if math.isfinite(centre) and math.isfinite(width) and width > 0:
            return Window(centre, width, function)
    return None


def _table(elements: Elements, sequence: int, signed: bool) -> Lookup | None:
    """The first table of a sequence that holds entries; empty ones say nothing."""
    for item in elements.items(sequence):
        if item.shorts(_LUT_DESCRIPTOR) and item.bytes_of(_LUT_DATA):
            return _lookup(item, _LUT_DESCRIPTOR, _LUT_DATA, signed)
    return None


def _lookup(elements: Elements, descriptor: int, content: int, signed: bool) -> Lookup:
    described = elements.shorts(descriptor)
    if len(described) != 3:
        raise ImageError("A look-up table of the DICOM file is not described. Export the image without it.")
    count, first, bits = described
    count = count or 65536
    data = elements.bytes_of(content)
    # A table that is cut short keeps its width: of bytes there are no more than entries, and one to fill up.
    wide = len(data) >= 2 * count or len(data) > count + 1 or bits > 8
    outputs: NDArray[Any] = np.frombuffer(
        data[: len(data) // 2 * 2] if wide else data, f"{elements.order}u2" if wide else np.uint8
    )[:count]
    if not len(outputs):
        raise ImageError("A look-up table of the DICOM file is empty. Export the image without it.")
    if first > 32767 and (signed or elements.is_signed(descriptor)):
        first -= 65536
    return Lookup(first, outputs.astype(np.uint16), bits if 8 <= bits <= 16 else 16)


def _palette(elements: Elements) -> tuple[Lookup, Lookup, Lookup]:
    if any(tag in elements for tag in (0x00281221, 0x00281222, 0x00281223)):
        raise ImageError("The palette of the DICOM file is segmented, which is not read. Export it as RGB.")
    red, green, blue = (_lookup(elements, 0x00281101 + part, 0x00281201 + part, False) for part in range(3))
    return red, green, blue


def _modality(elements: Elements) -> Modality:
    if elements.text(0x00080016).startswith(_PHOTOGRAPHIC):
        return Modality.PHOTOGRAPH
    code = elements.text(0x00080060).upper()
    try:
        return Modality(code)
    except ValueError:
        return Modality.OTHER


def _teeth(elements: Elements) -> tuple[str, ...]:
    """What the file says it shows, by PS3.3 C.8.18 (Intra-oral Image): teeth by their codes, in any sequence."""
    items = [item for tag in _ANATOMY for item in elements.items(tag)]
    found = (tooth_of_code(item.text(_CODE_VALUE)) for item in items if item.text(_SCHEME) in _TOOTH_SCHEMES)
    return tuple(dict.fromkeys(tooth for tooth in found if tooth is not None))


def _spacing(elements: Elements) -> tuple[float, float] | None:
    """Distance of pixels in the patient, at the detector, or on a scanned film, the first that can be true."""
    for steps in _steps(elements):
        if all(_SPACING_MM[0] <= step <= _SPACING_MM[1] for step in steps):
            return steps
    return None


def _aspect(elements: Elements) -> float:
    """Height of a pixel by its width: by the spacing, or else as the file says it (PS3.3 C.7.6.3.1.7)."""
    ratios = [steps[0] / steps[1] for steps in (_spacing(elements), *_steps(elements, 0x00280034, *_SPACINGS)) if steps]
    return ratios[0] if ratios else 1.0


def _steps(elements: Elements, *tags: int) -> Iterator[tuple[float, float]]:
    for tag in tags or _SPACINGS:
        steps = elements.numbers(tag)[:2]
        if len(steps) == 2 and all(math.isfinite(step) and step > 0 for step in steps):
            yield steps[0], steps[1]
