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

setup(
    ext_modules=cythonize(
        [
            Extension(
                "lennox._core.window",
                ["lennox/_core/window.pyx", "lennox/_core/kernels.c"],
                depends=["lennox/_core/kernels.h", "lennox/_core/rows.h"],
                include_dirs=["lennox/_core"],
                define_macros=MACROS,
                extra_compile_args=FLAGS,
            ),
            Extension(
                "lennox._core.lesions",
                ["lennox/_core/lesions.pyx"],
                depends=["lennox/_core/scan.h"],
                include_dirs=["lennox/_core"],
                extra_compile_args=FLAGS,
            ),
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
