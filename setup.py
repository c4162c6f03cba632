"""Compile the kernels of lennox/_core. Every other setting is in pyproject.toml.

LENNOX_CHECKED_KERNELS=1 builds them with bounds checks on, for their tests.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

CHECKED = os.environ.get("LENNOX_CHECKED_KERNELS") == "1"
WINDOWS = os.name == "nt"

# No -march=native: kernels.c picks the instructions at run time. No contraction into fused multiply-adds, which round
# differently: every variant gives the same bits.
FLAGS = ["/O2"] if WINDOWS else ["-O3", "-ffp-contract=off"]
MACROS: list[tuple[str, str | None]] = [("LENNOX_CHECKED_KERNELS", "1")] if CHECKED else []

OPTIONS = {"include_dirs": ["lennox/_core"], "define_macros": MACROS, "extra_compile_args": FLAGS}
SOURCES = [f"lennox/_core/{name}" for name in ("check.h", "kernels.h", "rows.h", "scan.h", "window.pyx", "lesions.pyx")]

setup(
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
    )
)
