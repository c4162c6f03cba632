"""Fuzz one door of lennox with atheris: whatever comes in, a value or a `LennoxError` comes out, within 5 s and 1 GB.

    python tests/fuzz/fuzz.py NAME FOLDER [options of libFuzzer, such as -max_total_time=60]

NAME is one of TARGETS; FOLDER keeps the inputs that were found, beginning with a few of the project's own. An input
that crashes is left in the folder above: make a test of it. `make fuzz MINUTES=1` runs them all.
"""

import contextlib
import json
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["lennox"]):
    from lennox.annotations.coco import read_coco
    from lennox.audit.report.sheet import CATALOGUES
    from lennox.card import ModelCard
    from lennox.errors import LennoxError
    from lennox.gate.statement import verify
    from lennox.gate.trust import parse_trust
    from lennox.image import read_image
    from lennox.monitoring.use_record import read_use
    from lennox.policy.reading import policy_from_bytes
    from lennox.report import from_record, to_json

ROOT = Path(__file__).resolve().parents[2]
RATIFICATION = "https://lennox.example/policy-ratification/v1"
USE = (
    "time,patient,film,model,status,mark,decision,sensor\n"
    f"2026-01-05,p1,f1,{'a' * 64},assessed,1,accept,wand\n2026-01-06,p2,f2,{'a' * 64},unreadable,,none,\n"
)
COCO = {
    "images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}],
    "categories": [{"id": 1, "name": "caries"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [3, 4, 10, 9]}],
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


def by_file(name, read):
    """A target that reads a file of this name in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="lennox-fuzz-"))

    def target(data):
        (folder / name).write_bytes(data)
        read(folder / name)

    return target


def record(data):
    """A kept record, which is written again if it is one."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):  # `Results.read` takes these for a damaged record, too
        return
    with contextlib.suppress(TypeError, ValueError):  # and these
        to_json(from_record(document))


def films(*kinds):
    """One film in every encoding whose name begins so."""
    sys.path.insert(0, str(ROOT / "tests/support"))
    import numpy as np
    from film_encodings import encode_film

    film = np.add.outer(np.arange(24) * 80, np.arange(30) * 70).clip(0, 4095).astype(np.uint16)
    return [data for name, data in encode_film(film).items() if name.startswith(kinds)]


def texts(*patterns):
    """Files of the project."""
    return [path.read_bytes() for pattern in patterns for path in ROOT.glob(pattern)]


TARGETS = {
    "raster": (read_image, lambda: films("png", "tiff", "bmp", "webp", "jpeg")),
    "dicom": (read_image, lambda: films("dicom")),
    "card": (ModelCard.from_json, lambda: texts("models/*/card.json")),
    "policy": (policy_from_bytes, lambda: texts("audits/policies/*.toml")),
    "statement": (lambda data: verify(data, RATIFICATION), lambda: texts("audits/policies/*.jsonl")),
    "trust": (lambda data: parse_trust(data, "trust.toml"), lambda: texts("models/trust.toml")),
    "coco": (by_file("annotations.json", lambda path: read_coco(path.parent)), lambda: [json.dumps(COCO).encode()]),
    "use": (by_file("use.csv", read_use), lambda: [USE.encode()]),
    "record": (record, lambda: [json.dumps(RECORD).encode()]),
    "catalogue": (
        by_file("qu.po", lambda path: CATALOGUES.wording("qu", path)),
        lambda: texts("lennox/audit/report/locale/*.po"),
    ),
}


def main() -> None:
    """Run one target until libFuzzer ends it."""
    name, folder, *options = sys.argv[1:]
    target, seeds = TARGETS[name]
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        Path(folder, f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        with contextlib.suppress(LennoxError):
            target(data)

    limits = ["-timeout=5", "-rss_limit_mb=1024", f"-artifact_prefix={Path(folder).parent}/{name}-"]
    atheris.Setup([sys.argv[0], folder, *limits, *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
