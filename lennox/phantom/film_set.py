"""Drawn films as files beside one COCO file of the truth."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox import __version__
from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.image.dicom.phantom_object import FilmObject, encode_phantom
from lennox.phantom.draw import draw_film
from lennox.phantom.phantom import Phantom

NOTICE = "Drawn films (phantoms), not of any patient. No evidence of how well a model reads real films."
_ENDINGS = {"png": "png", "dicom": "dcm"}


def encode_png(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """A PNG of 8 or 16 bits, by the PNG specification alone: the same pixels give the same bytes everywhere.

    pixels : (rows, columns) or, in colour, (rows, columns, 3) uint8 or uint16
    """
    rows, columns, *channels = pixels.shape
    depth = 8 * pixels.dtype.itemsize
    big = pixels.astype(pixels.dtype.newbyteorder(">"), copy=False)
    width = columns * (channels or [1])[0] * pixels.dtype.itemsize
    lines = np.zeros((rows, 1 + width), np.uint8)  # a line begins with its filter: 0, none
    lines[:, 1:] = np.ascontiguousarray(big).view(np.uint8).reshape(rows, -1)

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", columns, rows, depth, 2 if channels else 0, 0, 0, 0)
    data = zlib.compress(lines.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def seed_of(seed: int, number: int) -> int:
    """The seed that `draw_film` gets for film `number` of a folder."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def write_films(
    out: Path,
    count: int,
    seed: int,
    *,
    format: str = "png",  # noqa: A002  (named as the command's option)
    kind: str = "periapical",
    bits: int = 8,
) -> Path:
    """Draw films into a folder, with a COCO file of their lesions; returns the COCO file.

    out : a folder that does not exist or is empty
    format : "png" (8 or 16 bit samples; 12-bit films lie in 0..4095) or "dicom" (intra-oral, For Presentation)
    kind : "periapical", "bitewing", or "mixed" for both in turn
    The COCO file appears last, by rename: where it is, the folder is complete.
    Raises InputError if the folder holds anything or cannot be written, ValueError for an unknown format, kind or bits.
    """
    if format not in _ENDINGS:
        raise ValueError(f"format must be one of {tuple(_ENDINGS)}, got {format!r}")
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    kinds = ("periapical", "bitewing") if kind == "mixed" else (kind,)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise InputError(f"The folder '{out.name}' is not empty; wanted a new or empty one. Name another.")
        document = _write(out, count, seed, format, kinds, bits)
        atomic_write(out / "annotations.json", json.dumps(document, indent=1))
        return out / "annotations.json"
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The folder '{out.name}' cannot be written ({reason}). Name another, or free space."
        ) from error


def _write(out: Path, count: int, seed: int, form: str, kinds: tuple[str, ...], bits: int) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(count):
        film = draw_film(seed_of(seed, number), kind=kinds[number % len(kinds)], bits=bits)
        name = f"drawn-{number + 1:04d}.{_ENDINGS[form]}"
        content = encode_png(film.stored) if form == "png" else encode_phantom(_object_of(film, number + 1))
        atomic_write(out / name, content)
        rows, columns = film.pixels.shape
        images.append(
            {
                "id": number + 1,
                "file_name": name,
                "film": name,
                "width": columns,
                "height": rows,
                "kind": film.kind,
                "bits": film.bits,
                "spacing_mm": list(film.spacing_mm),
                "seed": film.seed,
                "teeth": list(film.teeth),
                "artefacts": list(film.artefacts),
                "drawn": True,
            }
        )
        annotations += film.coco_annotations(number + 1, len(annotations) + 1)
    return {
        "info": {
            "description": NOTICE,
            "version": __version__,
            "drawn": True,
            "seed": seed,
        },
        "licenses": [{"id": 1, "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}],
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "caries", "supercategory": "finding"}],
    }


def _object_of(film: Phantom, number: int) -> FilmObject:
    return FilmObject(
        pixels=film.stored,
        bits=film.bits,
        spacing_mm=film.spacing_mm,
        identity=f"lennox phantom {film.seed} {film.kind} {film.bits}",
        number=number,
        teeth=film.teeth,
        patient_name="DRAWN^FILM",
        patient_id=f"DRAWN-{film.seed}",
        description="Drawn film (phantom), not a patient",
    )
