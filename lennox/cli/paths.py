"""Paths as people type them: `-` for standard input, and a folder for results that is not named like a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

FILE_ENDINGS = (".html", ".csv", ".json", ".jsonl", ".png", ".jpg", ".pdf", ".dcm", ".onnx", ".txt")
STANDARD_INPUT = Path("-")


class ResultsPath(click.Path):
    """A folder that a command is to write; a name such as `one.html` was meant as a file and is refused."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The folder. Raises click.BadParameter for the name of a file."""
        path = Path(super().convert(value, param, ctx))  # type: ignore[arg-type]  # click's own types are wider
        if path.suffix.lower() in FILE_ENDINGS and not path.exists():
            one_file = _one_file(path) if ctx is not None and ctx.info_name == "diagnose" else ""
            wanted = f"'{path.name}' is the name of a file; wanted a folder, such as {path.stem}."
            self.fail(wanted + one_file, param, ctx)
        return path


RESULTS = ResultsPath()


def _one_file(path: Path) -> str:
    form = {".html": "html", ".csv": "csv", ".json": "json", ".jsonl": "json"}.get(path.suffix.lower())
    return f" For one file, instead of --out: --format {form} > {path.name}" if form else ""


@contextmanager
def standard_input_as_file(paths: tuple[Path, ...]) -> Iterator[tuple[Path, ...]]:
    """The same paths, with a file in place of `-`: it holds what came by standard input, for this user alone."""
    if STANDARD_INPUT not in paths:
        yield paths
        return
    from lennox.image.limits import MAX_FILE_BYTES

    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("- reads an image from standard input, and nothing comes there; add '< film.png'.")
    with TemporaryDirectory(prefix="lennox-") as folder:
        file = Path(folder) / "stdin"
        file.write_bytes(sys.stdin.buffer.read(MAX_FILE_BYTES + 1))  # one more is refused by whoever reads the file
        yield tuple(file if path == STANDARD_INPUT else path for path in paths)
