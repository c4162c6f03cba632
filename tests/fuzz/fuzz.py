"""Fuzz one door of lennox with atheris: whatever comes in, a value or a `LennoxError` comes out, within 5 s and 1 GB.

    python tests/fuzz/fuzz.py NAME FOLDER [options of libFuzzer, such as -max_total_time=60]

NAME is one of `seeds.SEEDS`; FOLDER keeps the inputs that were found, beginning with a few of the project's own. An
input that crashes is left in the folder above: make a test of it. `make fuzz MINUTES=1` runs them all.
"""

import contextlib
import dataclasses
import json
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import atheris
from decoders import Decoders
from mutators import mutate_json, mutate_lines
from seeds import RATIFICATION, SEEDS

with atheris.instrument_imports(include=["lennox"]):
    from lennox.annotations.coco import read_coco
    from lennox.audit.read_table import read_table
    from lennox.audit.report.sheet import CATALOGUES
    from lennox.card import ModelCard
    from lennox.errors import LennoxError
    from lennox.gate.audit_record import parse_audit
    from lennox.gate.bundle import ModelFiles
    from lennox.gate.statement import verify
    from lennox.gate.trust import parse_trust
    from lennox.image import read_image
    from lennox.image.dicom import read as _dicom  # noqa: F401  # else imported at the first film, uninstrumented
    from lennox.image.raster import read as _raster  # noqa: F401
    from lennox.inference.model import Model
    from lennox.monitoring.use_record import read_use
    from lennox.policy.problems import PolicyError, TableError
    from lennox.policy.reading import policy_from_bytes
    from lennox.report import from_record, to_json

FRAMES = (None, None, None, 0, 1, 7)
MEMORY = Path("/dev/shm")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z_./-]{2,30}")


def image(data):
    """A film; some PNGs get right checksums, or no change would come past them. The last byte chooses the frame."""
    if data.startswith(b"\x89PNG") and data[-1] & 1:
        data = _with_checksums(data)
    found = read_image(data, frame=FRAMES[data[-1] % len(FRAMES)] if data else None)
    assert found.grey().shape == (found.rows, found.columns)


def _with_checksums(data):
    at, out = 8, bytearray(data[:8])
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">L", data, at)
        content = data[at + 4 : at + 8 + min(length, len(data))]
        out += struct.pack(">L", len(content) - 4) + content + struct.pack(">L", zlib.crc32(content))
        at += 12 + length
    return bytes(out)


def network(data):
    """A network that its card names; what a session of ONNX Runtime says of it, and whether it fits the card."""
    files = {"model.onnx": data}
    digest = ModelFiles.of(files).sha256["model.onnx"]
    card = json.loads(SEEDS["card"]()[0])
    card["files"] = {"model.onnx": {"sha256": digest}}
    Model(Path("tiny"), ModelFiles.of(files | {"card.json": json.dumps(card).encode()}), "unreleased")


def by_file(name, read):
    """A target that reads a file of this name in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="lennox-fuzz-", dir=MEMORY if MEMORY.is_dir() else None))

    def target(data):
        (folder / name).write_bytes(data)
        read(folder / name)

    return target


def table(name):
    """A target that reads a table under a small policy."""
    policy = policy_from_bytes(SEEDS["policy"]()[0])
    return by_file(name, lambda path: read_table(path, policy))


def record(data):
    """A kept record, which is written again if it is one."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):  # `Results.read` takes these for a damaged record, too
        return
    with contextlib.suppress(TypeError, ValueError):  # and these
        to_json(from_record(document))


@dataclasses.dataclass
class Target:
    """run : takes the bytes; mutate : changes them, by libFuzzer unless given; most : bytes of an input"""

    run: object
    mutate: object = None
    most: int = 4096


TARGETS = {
    "raster": lambda: Target(image),
    "dicom": lambda: Target(image),
    "onnx": lambda: Target(network, most=1024),
    "card": lambda: Target(ModelCard.from_json, mutate_json),
    "policy": lambda: Target(policy_from_bytes, mutate_lines),
    "statement": lambda: Target(lambda data: verify(data, RATIFICATION), mutate_json),
    "trust": lambda: Target(lambda data: parse_trust(data, "trust.toml"), mutate_lines),
    "audit": lambda: Target(parse_audit, mutate_json),
    "cases": lambda: Target(table("cases.csv"), mutate_lines, 1024),
    "parquet": lambda: Target(table("cases.parquet")),
    "coco": lambda: Target(by_file("annotations.json", lambda path: read_coco(path.parent)), mutate_json),
    "use": lambda: Target(by_file("use.csv", read_use), mutate_lines, 1024),
    "database": lambda: Target(by_file("use.sqlite", read_use), most=16384),
    "record": lambda: Target(record, mutate_json),
    "catalogue": lambda: Target(by_file("qu.po", lambda path: CATALOGUES.wording("qu", path)), mutate_lines, 1024),
}


def main() -> None:
    """Run one target until libFuzzer ends it."""
    name, folder, *options = sys.argv[1:]
    target, seeds = TARGETS[name](), SEEDS[name]()
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        Path(folder, f"seed-{number}").write_bytes(seed)
    words = sorted({word for seed in seeds for word in _WORD.findall(seed)})[:400]
    dictionary = Path(folder).parent / f"{name}.dict"
    dictionary.write_text("".join(f'"{word.decode()}"\n' for word in words), "ascii")
    if name in ("raster", "dicom"):
        subprocess.run = Decoders().run

    def one(data: bytes) -> None:
        with contextlib.suppress(LennoxError, PolicyError, TableError):
            target.run(data)

    limits = ["-timeout=5", "-rss_limit_mb=1024", f"-max_len={target.most}", f"-dict={dictionary}"]
    limits += [f"-artifact_prefix={Path(folder).parent}/{name}-"]
    mutator = {"custom_mutator": target.mutate} if target.mutate else {}
    atheris.Setup([sys.argv[0], folder, *limits, *options], one, **mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
