"""One film in every encoding that lennox reads: the same anatomy must give the same picture and the same findings."""

import io

import numpy as np
from film_files import (
    BIG_ENDIAN,
    DEFLATED,
    IMPLICIT,
    RLE,
    data_set,
    exif,
    lookup_table,
    turned,
    write_dicom,
    write_png,
    write_tiff,
)
from PIL import Image as Pillow

JPEG_DICOM = {
    "jpeg-lossless": "1.2.840.10008.1.2.4.57",
    "jpeg-lossless-sv1": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
}
LOSSY = {
    "jpeg-q95": 0.05,
    "jpeg-rgb-q95": 0.05,
    "webp-q95": 0.08,
    "dicom-jpeg-baseline": 0.05,
    "dicom-jpeg-extended": 0.05,
}


def largest_error(name):
    """How far, in [0, 1], a pixel of this encoding may lie from the film: half a step of what it keeps, and a hair."""
    if name in LOSSY:
        return LOSSY[name]
    return 0.51 / 255 if "8" in name.split("-") else 0.51 / 4095


def encode_film(film):
    """{name: bytes of a file} of one film, (rows, columns) uint16 in 0..4095.

    Names have an "8" between dashes where the encoding keeps 8 bits; `largest_error` says what each may change.
    """
    film = np.ascontiguousarray(film, np.uint16)
    if film.max() > 4095 or film.max() < 1024:
        raise ValueError("the film must use 12 bits: its largest value in 1024..4095")
    return {**_shallow(film), **_turned(film), **_deep(film), **_dicom(film)}


def _pillow(picture, kind, **options):
    out = io.BytesIO()
    picture = picture if isinstance(picture, Pillow.Image) else Pillow.fromarray(picture)
    picture.save(out, kind, **options)
    return out.getvalue()


def _shallow(film):
    byte = np.rint(film / 4095 * 255).astype(np.uint8)
    grey = Pillow.fromarray(byte)
    order = np.random.default_rng(0).permutation(256).astype(np.uint8)  # a palette that is no ramp
    indexed = Pillow.fromarray(np.argsort(order).astype(np.uint8)[byte], "L")
    indexed.putpalette(np.repeat(order, 3).tobytes())
    white = np.full_like(byte, 255)
    return {
        "png-8": _pillow(grey, "PNG"),
        "png-8-interlaced": write_png(byte, interlace=True),
        "png-8-palette": _pillow(indexed, "PNG"),
        "png-8-rgb": _pillow(grey.convert("RGB"), "PNG"),
        "png-8-rgba": _pillow(grey.convert("RGBA"), "PNG"),
        "png-8-grey-alpha": write_png(np.stack([byte, white], -1)),
        "bmp-8": _pillow(grey, "BMP"),
        "bmp-8-rgb": _pillow(grey.convert("RGB"), "BMP"),
        "tiff-8": _pillow(grey, "TIFF"),
        "tiff-8-lzw": _pillow(grey, "TIFF", compression="tiff_lzw"),
        "tiff-8-packbits": _pillow(grey, "TIFF", compression="packbits"),
        "tiff-8-white-is-zero": write_tiff((255 - byte, {262: 0})),
        "tiff-8-rgb": _pillow(grey.convert("RGB"), "TIFF", compression="tiff_adobe_deflate"),
        "tiff-8-in-16": write_tiff((byte.astype(np.uint16), {})),
        "webp-8": _pillow(grey, "WEBP", lossless=True),
        "webp-8-alpha": _pillow(grey.convert("RGBA"), "WEBP", lossless=True, exact=True),
        "webp-q95": _pillow(grey, "WEBP", quality=95),
        "jpeg-q95": _pillow(grey, "JPEG", quality=95),
        "jpeg-rgb-q95": _pillow(grey.convert("RGB"), "JPEG", quality=95, subsampling=0),
    }


def _turned(film):
    byte = np.rint(film / 4095 * 255).astype(np.uint8)
    files = {}
    for orientation in range(2, 9):
        stored = turned(byte, orientation)
        files[f"png-8-turned-{orientation}x"] = write_png(stored, chunks=[(b"eXIf", exif(orientation))])
        files[f"tiff-turned-{orientation}x"] = write_tiff((turned(film, orientation), {274: orientation}))
    files["webp-8-turned"] = _pillow(turned(byte, 6), "WEBP", lossless=True, exif=b"Exif\0\0" + exif(6))
    files["tiff-turned-deflate"] = write_tiff((turned(film, 6), {274: 6}), deflate=True)
    return files


def _deep(film):
    full = film << 4 | film >> 8
    opaque = np.full_like(film, 65535)
    return {
        "png-12-in-16": write_png(film),
        "png-16": write_png(full),
        "png-16-pillow": _pillow(full, "PNG"),
        "png-16-grey-alpha": write_png(np.stack([full, opaque], -1)),
        "png-12-in-16-rgb": write_png(np.stack([film] * 3, -1)),
        "png-16-rgb": write_png(np.stack([full] * 3, -1)),
        "png-16-rgb-interlaced": write_png(np.stack([full] * 3, -1), interlace=True),
        "png-16-rgba": write_png(np.stack([full] * 3 + [opaque], -1)),
        "tiff-12-in-16": write_tiff(film),
        "tiff-12-in-16-lzw": _pillow(film, "TIFF", compression="tiff_lzw"),
        "tiff-12-in-16-big-endian": write_tiff(film, big_endian=True),
        "tiff-12-stated": write_tiff((film, {281: 4095})),
        "tiff-16": write_tiff(full, deflate=True),
        "tiff-16-white-is-zero": write_tiff((65535 - full, {262: 0})),
        "tiff-12-in-16-white-is-zero": write_tiff((4095 - film, {262: 0, 281: 4095}), deflate=True),
        "tiff-12-in-16-rgb": write_tiff(np.stack([film] * 3, -1)),
        "tiff-16-rgb-big-endian": write_tiff(np.stack([full] * 3, -1), big_endian=True),
        "tiff-16-rgba": write_tiff((np.stack([full] * 3 + [opaque], -1), {338: 2}), deflate=True),
        "tiff-12-signed": write_tiff((film.astype(np.int32) - 2048).astype(np.int16)),
        "tiff-float": write_tiff((film / 4095).astype(np.float32)),
        "tiff-float-12": write_tiff(film.astype(np.float32)),
    }


def _dicom(film):
    byte = np.rint(film / 4095 * 255).astype(np.uint8)
    full = film << 4 | film >> 8
    signed = (film.astype(np.int32) - 2048).astype(np.int16)
    mono1 = {"PhotometricInterpretation": "MONOCHROME1"}
    twelve = {"BitsStored": 12}
    ramp = np.arange(4096)
    palette = {}
    for colour in ("Red", "Green", "Blue"):
        palette[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palette[f"{colour}PaletteColorLookupTableData"] = (np.arange(256)[::-1] * 257).astype("<u2").tobytes()
    sets = {
        "dicom-8": data_set(byte),
        "dicom-8-mono1": data_set(255 - byte, **mono1),
        "dicom-8-rgb": data_set(np.stack([byte] * 3, -1)),
        "dicom-8-planes": _planes(byte),
        "dicom-8-palette": data_set(255 - byte, PhotometricInterpretation="PALETTE COLOR", **palette),
        "dicom-8-in-16": data_set(byte.astype(np.uint16), BitsStored=8),
        "dicom-12": data_set(film, **twelve),
        "dicom-12-mono1": data_set(4095 - film, **twelve, **mono1),
        "dicom-12-shape-inverse": data_set(4095 - film, **twelve, **mono1, PresentationLUTShape="INVERSE"),
        "dicom-12-stored-16": data_set(film),
        "dicom-12-high-bits": data_set(film << 4, **twelve, HighBit=15),
        "dicom-12-overlay-bits": data_set(film | 0x8000, **twelve),
        "dicom-16": data_set(full),
        "dicom-16-mono1": data_set(65535 - full, **mono1),
        "dicom-signed": data_set(signed, **twelve),
        "dicom-signed-not-extended": data_set(signed & 0x0FFF, **twelve),
        "dicom-signed-stored-16": data_set(signed),
        "dicom-rescaled": data_set(film, **twelve, RescaleSlope="0.5", RescaleIntercept="-100"),
        "dicom-rescaled-downwards": data_set(4095 - film, **twelve, RescaleSlope="-1", RescaleIntercept="4095"),
        "dicom-window": data_set(film, **twelve, WindowCenter=[2048, 100], WindowWidth=[4096, 50]),
        "dicom-window-mono1": data_set(4095 - film, **twelve, **mono1, WindowCenter=2048, WindowWidth=4096),
        "dicom-window-exact": data_set(
            film, **twelve, WindowCenter="2047.5", WindowWidth=4095, VOILUTFunction="LINEAR_EXACT"
        ),
        "dicom-window-rescaled": data_set(
            film, **twelve, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=3096, WindowWidth=8191
        ),
        "dicom-window-elsewhere": data_set(film, **twelve, WindowCenter=-9000, WindowWidth=100),
        "dicom-interest-table": data_set(
            4095 - film, **twelve, VOILUTSequence=[lookup_table((4095 - ramp) << 4 | (4095 - ramp) >> 8)]
        ),
        "dicom-interest-table-12": data_set(film, **twelve, VOILUTSequence=[lookup_table(ramp, bits=12)]),
        "dicom-interest-table-signed": data_set(signed, **twelve, VOILUTSequence=[lookup_table(ramp, first=-2048)]),
        "dicom-modality-table": data_set(
            4095 - film, **twelve, ModalityLUTSequence=[lookup_table(4095 - ramp, bits=12, ModalityLUTType="US")]
        ),
        "dicom-padding": data_set(film, **twelve, PixelPaddingValue=0),
    }
    sets["dicom-12-overlay-bits"].add_new(0x60000102, "US", 15)
    sets["dicom-signed-not-extended"].PixelRepresentation = 1
    for name in ("dicom-signed", "dicom-signed-stored-16"):
        sets[name].PixelRepresentation = 1
    files = {name: write_dicom(made) for name, made in sets.items()}
    plain = lambda: data_set(film, **twelve)  # noqa: E731 (a fresh one each: saving changes a data set)
    files["dicom-implicit"] = write_dicom(plain(), IMPLICIT)
    files["dicom-big-endian"] = write_dicom(plain(), BIG_ENDIAN)
    files["dicom-deflated"] = write_dicom(plain(), DEFLATED)
    files["dicom-without-meta"] = write_dicom(plain(), meta=False)
    files["dicom-without-meta-implicit"] = write_dicom(plain(), IMPLICIT, meta=False)
    files["dicom-rle"] = write_dicom(plain(), RLE)
    files["dicom-8-rle"] = write_dicom(data_set(byte), RLE)
    for name, syntax in JPEG_DICOM.items():
        files[f"dicom-{name}"] = write_dicom(plain(), syntax)
        files[f"dicom-8-{name}"] = write_dicom(data_set(byte), syntax)
        files[f"dicom-16-{name}-mono1"] = write_dicom(data_set(65535 - full, **mono1), syntax)
    files["dicom-jpeg-baseline"] = write_dicom(data_set(byte), "1.2.840.10008.1.2.4.50")
    return files


def _planes(byte):
    made = data_set(np.stack([byte] * 3, -1), PlanarConfiguration=1)
    data = np.stack([byte] * 3).tobytes()
    made["PixelData"].value = data + b"\0" * (len(data) % 2)
    return made
