"""Small valid inputs of each door, from which the fuzzer begins."""

import io
import json
import sqlite3
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

RATIFICATION = "https://lennox.example/policy-ratification/v1"
USE = (
    "time,patient,film,model,status,mark,decision,sensor\n"
    f"2026-01-05,p1,f1,{'a' * 64},assessed,1,accept,wand\n2026-01-06,p2,f2,{'a' * 64},unreadable,,none,\n"
)
CASES = "patient,label,score,group,unit\n" + "".join(
    f"p{number},{number % 2},{number / 9:.2f},{'abc'[number % 3]},tooth\n" for number in range(9)
)
CATALOGUE = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\nmsgid "a {name}"\nmsgstr "un {name}"\n\n'
    'msgid "{n} film"\nmsgid_plural "{n} films"\nmsgstr[0] "{n} placa"\nmsgstr[1] "{n} placas"\n'
)
COCO = {
    "images": [
        {"id": 1, "file_name": "a.png", "width": 40, "height": 30},
        {"id": 2, "file_name": "b.png", "width": 8, "height": 6, "caries": "no", "film": "f"},
    ],
    "categories": [{"id": 1, "name": "caries"}, {"id": 2, "name": "crown"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [3, 4, 10, 9], "iscrowd": 0},
        {"id": 2, "image_id": 1, "category_id": 1, "segmentation": [[1, 1, 9, 1, 9, 9], [5, 5, 12, 5, 12, 12]]},
        {"id": 3, "image_id": 1, "category_id": 1, "segmentation": {"size": [30, 40], "counts": [100, 20, 1080]}},
        {"id": 4, "image_id": 2, "category_id": 2, "segmentation": {"size": [6, 8], "counts": "15O0O1O"}},
    ],
}
RECORD = {
    "schema": "lennox.examination/1",
    "source": dict.fromkeys(("sha256", "rows", "columns", "bits", "kind", "spacing_mm"), None) | {"name": "a.png"},
    "model": dict.fromkeys(("name", "version", "sha256", "release"), "x"),
    "status": "assessed",
    "reasons": [],
    "operating_point": {"name": "custom", "threshold": 0.5},
    "probability": 0.6,
    "findings": [
        {
            "label": "caries", "probability": 0.6, "box": [1.0, 2.0, 3.0, 4.0], "centre": [2.0, 3.0],
            "outline": [[1.0, 2.0], [3.0, 2.0], [3.0, 4.0]], "area_px": 2.0, "area_mm2": None,
        }
    ],
}  # fmt: skip


def films(*kinds):
    """One film, as small as JPEG 2000 takes, in every encoding whose name begins so."""
    import numpy as np
    from film_encodings import encode_film

    film = np.add.outer(np.arange(24) * 80, np.arange(30) * 70).clip(0, 4095).astype(np.uint16)
    return [data for name, data in encode_film(film).items() if name.startswith(kinds)]


def pictures():
    """Films in every raster encoding, and what only some programs write: scans, frames, strips, packed bits."""
    import numpy as np
    from film_files import packed_bits, write_tiff
    from PIL import Image as Pillow

    grey = Pillow.fromarray(np.add.outer(np.arange(9) * 14, np.arange(16) * 9).astype(np.uint8))
    found = films("png", "tiff", "bmp", "webp", "jpeg")
    for kind, options in (
        ("JPEG", {"progressive": True}), ("PNG", {"save_all": True, "append_images": [grey.rotate(180)]}),
        ("WEBP", {"save_all": True, "append_images": [grey.rotate(180)]}), ("TIFF", {"compression": "jpeg"}),
        ("TIFF", {"save_all": True, "append_images": [grey.rotate(180)]}),
    ):  # fmt: skip
        out = io.BytesIO()
        grey.save(out, kind, **options)
        found.append(out.getvalue())
    out = io.BytesIO()
    grey.convert("1").save(out, "TIFF", compression="group4")
    twelve = np.add.outer(np.arange(9) * 290, np.arange(12) * 100).astype(np.uint16)
    page = {256: 12, 257: 9, 258: 12, 262: 1, 277: 1, 278: 9}
    found += [out.getvalue(), write_tiff((packed_bits(twelve, 12), page)), write_tiff(twelve, big=True)]
    runs = bytes([4, 9, 0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 4, 7, 0, 1])
    head = b"BM" + (1078 + len(runs)).to_bytes(4, "little") + bytes(4) + (1078).to_bytes(4, "little")
    info = b"".join(number.to_bytes(size, "little") for number, size in zip(
        (40, 4, 3, 1, 8, 1, len(runs), 0, 0, 256, 0), (4, 4, 4, 2, 2, 4, 4, 4, 4, 4, 4), strict=True
    ))  # fmt: skip
    return [*found, head + info + bytes(number // 4 for number in range(1024)) + runs]


@cache
def model():
    """The tiny model of tests: its network and its card."""
    from tiny_model import write_tiny_model

    with tempfile.TemporaryDirectory() as folder:
        made = write_tiny_model(Path(folder) / "tiny")
        return (made / "model.onnx").read_bytes(), (made / "card.json").read_bytes()


def workshop(name):
    """A file of a released tiny model: trust, audit, statements."""
    import os

    from releasing import make_workshop

    with tempfile.TemporaryDirectory() as folder:
        os.environ["LENNOX_LOG"] = str(Path(folder) / "log.sqlite")
        made = make_workshop(Path(folder) / "shop")
        return [path.read_bytes() for path in sorted(made.place.glob(name))]


def database():
    """The records of use as a SQLite table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "use.sqlite"
        names, *rows = (line.split(",") for line in USE.splitlines())
        store = sqlite3.connect(path)
        store.executescript(f"PRAGMA page_size=512; VACUUM; CREATE TABLE use ({', '.join(names)})")
        store.executemany(f"INSERT INTO use VALUES ({', '.join('?' * len(names))})", rows)
        store.commit()
        store.close()
        return [path.read_bytes()]


def parquet():
    """The cases as a Parquet file."""
    import pandas as pd

    out = io.BytesIO()
    pd.read_csv(io.StringIO(CASES)).to_parquet(out, compression=None)
    return [out.getvalue()]


def texts(*patterns):
    """Files of the project."""
    return [path.read_bytes() for pattern in patterns for path in ROOT.glob(pattern)]


SEEDS = {
    "raster": pictures,
    "dicom": lambda: films("dicom"),
    "onnx": lambda: [model()[0]],
    "card": lambda: [model()[1]],
    "policy": lambda: texts("tests/audit/data/small.toml"),
    "statement": lambda: texts("audits/policies/*.jsonl"),
    "trust": lambda: texts("models/trust.toml") + workshop("trust.toml"),
    "audit": lambda: workshop("audit.json"),
    "cases": lambda: [CASES.encode(), CASES.replace(",", ";").encode()],
    "parquet": parquet,
    "coco": lambda: [json.dumps(COCO).encode()],
    "use": lambda: [USE.encode()],
    "database": database,
    "record": lambda: [json.dumps(RECORD).encode()],
    "catalogue": lambda: [CATALOGUE.encode()],
}
