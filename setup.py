"""Compile the kernels, and make the same bytes of the same sources. Every other setting is in pyproject.toml.

LENNOX_CHECKED_KERNELS=1 builds them with bounds checks on, for their tests.
"""

import gzip
import os
import tarfile
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

CHECKED = os.environ.get("LENNOX_CHECKED_KERNELS") == "1"

# No -march=native: kernels.c picks the instructions at run time. No contraction into fused multiply-adds, which round
# differently: every variant, compiler and processor gives the same bits. No debug information, which would carry the
# builder's paths into the wheel. Loops aligned: where one of them lies by chance made it slower by a third. (For MSVC
# see check.h.)
FLAGS = ["-O3", "-falign-loops=32", "-ffp-contract=off", "-g0"]
FLAGS_OF_MSVC = ["/O2"]
MACROS: list[tuple[str, str | None]] = [("LENNOX_CHECKED_KERNELS", "1")] if CHECKED else []
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": CHECKED,
    "wraparound": False,
    "initializedcheck": CHECKED,
    "cdivision": True,
}

OPTIONS = {"include_dirs": ["lennox/_core"], "define_macros": MACROS}
SOURCES = [f"lennox/_core/{name}" for name in ("check.h", "kernels.h", "rows.h", "scan.h", "window.pyx", "lesions.pyx")]


class BuildKernels(build_ext):
    """Flags go by the compiler, not by the system: GCC and Clang build on Windows, too."""

    def initialize_options(self) -> None:
        super().initialize_options()
        self.cython_directives = DIRECTIVES  # setuptools compiles .pyx files by Cython itself

    def build_extensions(self) -> None:
        flags = FLAGS_OF_MSVC if self.compiler.compiler_type == "msvc" else FLAGS
        for extension in self.extensions:
            extension.extra_compile_args = flags
        super().build_extensions()


class ReproducibleSdist(sdist):
    """Times, owners and permissions in the archive are not the builder's: setuptools does that for wheels alone."""

    def make_archive(self, base_name: str, format: str, *_: Any, base_dir: str, **__: Any) -> str:  # noqa: A002
        assert format == "gztar"
        time = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
        path = Path(f"{base_name}.tar.gz")
        with (
            path.open("wb") as stream,
            gzip.GzipFile("", "wb", mtime=time, fileobj=stream) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for file in sorted(file for file in Path(base_dir).rglob("*") if file.is_file()):
                entry = tarfile.TarInfo(file.as_posix())
                entry.size, entry.mtime, entry.mode = file.stat().st_size, time, 0o644
                with file.open("rb") as content:
                    archive.addfile(entry, content)
        return str(path)


os.umask(0o022)  # a wheel keeps the permissions of files that are made on the way

setup(
    cmdclass={"build_ext": BuildKernels, "sdist": ReproducibleSdist},
    ext_modules=[
        Extension(
            "lennox._core.window",
            ["lennox/_core/window.pyx", "lennox/_core/kernels.c"],
            depends=SOURCES,
            **OPTIONS,
        ),
        Extension("lennox._core.lesions", ["lennox/_core/lesions.pyx"], depends=SOURCES, **OPTIONS),
    ],
)
