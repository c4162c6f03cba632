"""Small writers of PNG, TIFF and DICOM for tests: what Pillow and pydicom do not write, or not in just this way."""

import contextlib
import functools
import io
import shutil
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np


@functools.cache
def imagemagick():
    """The path of ImageMagick's converter, an oracle of other people's making; None where it is not installed."""
    for path in filter(None, (shutil.which("magick"), "/usr/bin/convert", shutil.which("convert"))):
        with contextlib.suppress(OSError):
            done = subprocess.run([path, "-version"], capture_output=True, check=False)
            if done.stdout.startswith(b"Version: ImageMagick"):
                return path
    return None


def write_png(samples, *, chunks=(), interlace=False):
    """PNG of (rows, columns[, 2 to 4]) uint8 or uint16; chunks are (name, bytes) put before the pixels."""
    samples = samples if samples.ndim == 3 else samples[..., np.newaxis]
    rows, columns, channels = samples.shape
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    depth = 8 * samples.dtype.itemsize
    passes = [(0, 0, 1, 1)]
    if interlace:  # Adam7
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    raw = b""
    for top, left, down, right in passes:
        part = samples[top::down, left::right].astype(samples.dtype.newbyteorder(">"))
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)
    head = struct.pack(">LLBBBBB", columns, rows, depth, colour_type, 0, 0, int(interlace))
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(raw, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data)) for name, data in parts
    )


def write_tiff(*pages, big_endian=False, deflate=False, big=False):
    """TIFF of one or several pages; a page is samples, or (samples, tags) with tags {number: value or values or None}.

    samples : (rows, columns[, channels]) unsigned, signed or floating; or bytes, as they go into the file
    big : BigTIFF
    """
    order = ">" if big_endian else "<"
    number, long = ("Q", 16) if big else ("L", 4)
    mark = struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HL", 42, 8)
    out = bytearray((b"MM" if big_endian else b"II") + mark)
    link = 8 if big else 4
    for page in pages:
        samples, tags = page if isinstance(page, tuple) else (page, {})
        data, fields = samples, {259: 1}
        if not isinstance(samples, bytes):
            data, fields = _tiff_samples(np.asarray(samples), order)
        data = zlib.compress(data, 1) if deflate else data
        where = len(out)
        out += data + b"\0" * (-len(data) % 8)
        fields |= {259: 8} if deflate else {}
        fields |= {273: where, 279: len(data)} | tags
        fields = {tag: value for tag, value in fields.items() if value is not None}
        entries, extra = b"", len(out) + len(fields) * (20 if big else 12) + (16 if big else 6)
        tail = b""
        for tag, value in sorted(fields.items()):
            values = value if isinstance(value, (list, tuple)) else [value]
            kind = "H" if tag not in (273, 279, 324, 325) and max(values) < 65536 else number
            packed = struct.pack(order + kind * len(values), *values)
            entries += struct.pack(order + "HH" + number, tag, 3 if kind == "H" else long, len(values))
            inline = struct.calcsize(order + number)
            if len(packed) <= inline:
                entries += packed.ljust(inline, b"\0")
            else:
                entries += struct.pack(order + number, extra + len(tail))
                tail += packed + b"\0" * (-len(packed) % 8)
        struct.pack_into(order + number, out, link, len(out))
        out += struct.pack(order + ("Q" if big else "H"), len(fields)) + entries
        link = len(out)
        out += struct.pack(order + number, 0) + tail
    return bytes(out)


def _tiff_samples(samples, order):
    channels = samples.shape[2] if samples.ndim == 3 else 1
    return samples.astype(samples.dtype.newbyteorder(order)).tobytes(), {
        256: samples.shape[1],
        257: samples.shape[0],
        258: [8 * samples.dtype.itemsize] * channels,
        259: 1,
        262: 2 if channels >= 3 else 1,
        277: channels,
        278: samples.shape[0],
        339: [{"u": 1, "i": 2, "f": 3}[samples.dtype.kind]] * channels,
    }


def packed_bits(samples, bits):
    """(rows, columns) integers as rows of so many bits each, the highest first, each row filled up to a byte."""
    rows = ["".join(format(int(level), f"0{bits}b") for level in row) for row in samples]
    return b"".join(int(row.ljust(-(-len(row) // 8) * 8, "0"), 2).to_bytes(-(-len(row) // 8), "big") for row in rows)


def exif(orientation):
    """The EXIF block that says nothing but an orientation."""
    return b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHLHH", 274, 3, 1, orientation, 0) + b"\0\0\0\0"


def turned(pixels, orientation):
    """Pixels as a camera stores them that were upright and get this orientation written beside them."""
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    return np.ascontiguousarray(pixels)


EXPLICIT, IMPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
DEFLATED, RLE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"
INTRAORAL = "1.2.840.10008.5.1.4.1.1.1.3"


def data_set(samples, **values):
    """A DICOM data set with these samples, (rows, columns) or (rows, columns, 3); values by keyword win."""
    import pydicom

    bits = 8 * samples.dtype.itemsize
    colour = samples.ndim == 3
    made = pydicom.Dataset()
    settings = {
        "SOPClassUID": INTRAORAL,
        "SOPInstanceUID": "1.2.3.4",
        "Modality": "IO",
        "PatientName": "Drawn^Film",
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "Rows": samples.shape[0],
        "Columns": samples.shape[1],
        "BitsAllocated": bits,
        "BitsStored": bits,
        "PixelRepresentation": int(samples.dtype.kind == "i"),
        **({"PlanarConfiguration": 0} if colour else {}),
        **values,
    }
    settings.setdefault("HighBit", settings["BitsStored"] - 1)
    for keyword, value in settings.items():
        setattr(made, keyword, value)
    data = samples.tobytes()
    made.add_new("PixelData", "OB" if bits == 8 else "OW", data + b"\0" * (len(data) % 2))
    return made


def lookup_table(outputs, *, first=0, bits=16, **values):
    """One item of a Modality or VOI LUT sequence."""
    import pydicom

    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(outputs) & 0xFFFF, first, bits])
    item.add_new("LUTData", "OW", np.asarray(outputs, "<u2").tobytes())
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def write_dicom(made, syntax=EXPLICIT, *, meta=True):
    """The bytes of a DICOM file with this data set, compressed by gdcm where the syntax asks for it."""
    import pydicom

    if syntax not in (EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED, RLE):
        return _compressed(write_dicom(made), syntax)
    out = io.BytesIO()
    if not meta:
        made.save_as(out, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG_ENDIAN)
        return out.getvalue()
    if syntax == BIG_ENDIAN and made.BitsAllocated == 16:
        made["PixelData"].value = np.frombuffer(made.PixelData, "<u2").astype(">u2").tobytes()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID(EXPLICIT if syntax == RLE else syntax)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    if syntax == RLE:
        made.compress(RLE, encoding_plugin="pydicom", generate_instance_uid=False)
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _compressed(data, syntax):
    import gdcm

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.dcm"), Path(folder, "out.dcm")
        source.write_bytes(data)
        reader = gdcm.ImageReader()
        reader.SetFileName(str(source))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(target))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return target.read_bytes()
