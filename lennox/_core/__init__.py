"""Kernels. For now the reference stands in for the compiled ones."""

from lennox._core.measures import LabelledLesions
from lennox._core.reference import (
    extract_lesions,
    label_lesions,
    prepare_into,
    trace_outlines,
    window_equalise_resize,
)

__all__ = [
    "LabelledLesions",
    "extract_lesions",
    "label_lesions",
    "prepare_into",
    "trace_outlines",
    "window_equalise_resize",
]
