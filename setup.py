"""Compile the kernels. Every other setting is in pyproject.toml.

LENNOX_CHECKED_KERNELS=1 builds them with bounds checks on, for their tests.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

CHECKED = os.environ.get("LENNOX_CHECKED_KERNELS") == "1"

# No -march=native: kernels.c picks the instructions at run time. No contraction into fused multiply-adds, which round
# differently: every variant, compiler and processor gives the same bits. No debug information, which would carry the
# builder's paths into the wheel. Loops aligned: where one of them lies by chance made it slower by a third. (For MSVC
# see check.h.)
FLAGS = ["-O3", "-falign-loops=32", "-ffp-contract=off", "-g0"]
FLAGS_OF_MSVC = ["/O2"]
MACROS: list[tuple[str, str | None]] = [("LENNOX_CHECKED_KERNELS", "1")] if CHECKED else []

OPTIONS = {"include_dirs": ["lennox/_core"], "define_macros": MACROS}
SOURCES = [f"lennox/_core/{name}" for name in ("check.h", "kernels.h", "rows.h", "scan.h", "window.pyx", "lesions.pyx")]


class BuildKernels(build_ext):
    """Flags go by the compiler, not by the system: GCC and Clang build on Windows, too."""

    def build_extensions(self) -> None:
        flags = FLAGS_OF_MSVC if self.compiler.compiler_type == "msvc" else FLAGS
        for extension in self.extensions:
            extension.extra_compile_args = flags
        super().build_extensions()


setup(
    cmdclass={"build_ext": BuildKernels},
    ext_modules=cythonize(
        [
            Extension(
                "lennox._core.window",
                ["lennox/_core/window.pyx", "lennox/_core/kernels.c"],
                depends=SOURCES,
                **OPTIONS,
            ),
            Extension("lennox._core.lesions", ["lennox/_core/lesions.pyx"], depends=SOURCES, **OPTIONS),
        ],
        compiler_directives={
            "language_level": 3,
            "boundscheck": CHECKED,
            "wraparound": False,
            "initializedcheck": CHECKED,
            "cdivision": True,
        },
    ),
)
