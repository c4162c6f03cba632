"""Compile the kernels of lennox/_core. Every other setting is in pyproject.toml."""

import os

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

CHECKED = os.environ.get("LENNOX_CHECKED_KERNELS") == "1"  # bounds checks on, for the tests of the kernels

KERNELS = ["window", "lesions"]

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"lennox._core.{name}",
                [f"lennox/_core/{name}.pyx"],
                include_dirs=[numpy.get_include(), "lennox/_core"],
                define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
                extra_compile_args=[] if os.name == "nt" else ["-O3"],
            )
            for name in KERNELS
        ],
        compiler_directives={
            "language_level": 3,
            "boundscheck": CHECKED,
            "wraparound": False,
            "initializedcheck": CHECKED,
            "cdivision": not CHECKED,
        },
    )
)
