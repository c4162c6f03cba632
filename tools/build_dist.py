"""Build the sdist, and the wheel from the sdist, out of what git knows of this folder: the same bytes everywhere.

python tools/build_dist.py OUT [--against FOLDER]

--against : where an earlier build lies; this one is made as unlike it as can be (folder, umask, language, time zone,
            order of hashes), and any byte that differs is an error
The build tools of this interpreter are used as they are; `make` installs those of requirements/build.txt.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parent.parent
WITHOUT_GIT = "1767225600"  # 2026, for a copy that is no repository
HOOK = "import sys, setuptools.build_meta as backend; print(getattr(backend, 'build_' + sys.argv[1])(sys.argv[2]))"


def copy_sources(target: Path) -> None:
    """What is committed, or would be, so that no build output gets in; where there is no git, what a build takes."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    names = [name for name in listed if name] or [
        path.relative_to(ROOT).as_posix()
        for start in ("*.*", "LICENSE", "NOTICE", "requirements/*", "lennox/**/*", "models/**/*")
        for path in ROOT.glob(start)
        if "__pycache__" not in path.parts and path.suffix != ".so" and path.name not in ("window.c", "lesions.c")
    ]
    for name in names:
        if (ROOT / name).is_file():  # else it was deleted, and that is not committed yet
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
            (target / name).chmod(0o644)  # of a checkout's permissions git itself knows next to nothing


def _git(*command: str) -> str:
    done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def source_time() -> str:
    """Seconds since 1970: when the last commit was made, unless SOURCE_DATE_EPOCH says otherwise."""
    return os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct").strip() or WITHOUT_GIT


@dataclass(frozen=True)
class Builder:
    """Who builds. umask : of the process; environment : what differs in it"""

    umask: int = 0o022
    environment: Mapping[str, str] = field(default_factory=dict)

    def build(self, kind: Literal["sdist", "wheel"], folder: Path, out: Path) -> Path:
        """One of the two, from the sources in `folder`; gives the file in `out`."""
        done = subprocess.run(
            [sys.executable, "-P", "-c", HOOK, kind, str(out)],  # -P: no file of the sources is taken for a library
            cwd=folder,
            env=os.environ | {"SOURCE_DATE_EPOCH": source_time()} | dict(self.environment),
            umask=self.umask,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            raise SystemExit(f"{done.stdout}\nThe {kind} could not be built.")
        return out / str(done.stdout.split()[-1])

    def build_both(self, out: Path) -> list[Path]:
        """The sdist, and the wheel from the sdist."""
        out.mkdir(parents=True, exist_ok=True)
        for old in (*out.glob("*.whl"), *out.glob("*.tar.gz")):
            old.unlink()
        with tempfile.TemporaryDirectory() as scratch:
            sources = Path(scratch) / ("sources" + "-" * self.umask)  # of another length, too
            copy_sources(sources)
            sdist = self.build("sdist", sources, out)
            with tarfile.open(sdist) as archive:
                archive.extractall(scratch, filter="data")
            return [sdist, self.build("wheel", Path(scratch) / sdist.name.removesuffix(".tar.gz"), out)]


UNLIKE = Builder(
    0o077, {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Chatham", "PYTHONHASHSEED": "12345", "HOME": "/nonexistent"}
)


def members(path: Path) -> dict[str, bytes]:
    """Name and permissions -> content."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {f"{part.filename} {part.external_attr >> 16:o}": wheel.read(part) for part in wheel.infolist()}
    with tarfile.open(path) as archive:
        return {f"{part.name} {part.mode:o}": (archive.extractfile(part) or io.BytesIO()).read() for part in archive}


def difference(one: Path, other: Path) -> str:
    """What differs between two builds of a name; "" if no byte does."""
    if not other.is_file():
        return f"{other.name} was not built before"
    if one.read_bytes() == other.read_bytes():
        return ""
    ours, theirs = members(one), members(other)
    differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    return f"{one.name} differs: {', '.join(differing) or 'in its packing alone'}"


def main() -> None:
    """Build, and compare if asked to."""
    parser = argparse.ArgumentParser(description="Build the sdist, and the wheel from it.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--against", type=Path)
    options = parser.parse_args()
    out = options.out.resolve()
    built = (Builder() if options.against is None else UNLIKE).build_both(out)
    if options.against is not None:
        differences = [text for path in built if (text := difference(path, options.against / path.name))]
        if differences:
            raise SystemExit("\n".join(differences))
        print(f"{len(built)} files are the same, byte for byte, as in {options.against}.")


if __name__ == "__main__":
    main()
