"""Read dental films offline, mark suspected caries, and say so when a film cannot be assessed.

>>> import datetime, lennox
>>> answers = lennox.Override(who="your name", why="to try it", until=datetime.date.today())
>>> model = lennox.load_model(allow_unreleased=answers)  # a model that is released needs nobody: lennox.load_model()
>>> examination = lennox.diagnose(lennox.read_image("film.png"), model)
>>> examination.status
'assessed'

Names are imported when first used, so that `lennox --version` need not wait for ONNX Runtime.
"""

from __future__ import annotations

import os
from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it; `typing` takes time, in which Ctrl-C is not yet answered

# From 1.29 on, ONNX Runtime would report to its makers how it is used, by an identity kept in the user's home, unless
# this is said before it is loaded. Nothing is sent anywhere from here.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.2.0"

__all__ = [
    "Examination",
    "Finding",
    "Image",
    "LennoxError",
    "Model",
    "ModelCard",
    "Override",
    "__version__",
    "csv_lines",
    "diagnose",
    "diagnose_many",
    "draw_overlay",
    "draw_page",
    "load_model",
    "read_image",
    "to_frame",
    "to_json",
]

if TYPE_CHECKING:
    from typing import Any

    from lennox.card import ModelCard
    from lennox.errors import LennoxError
    from lennox.gate.override import Override
    from lennox.image import Image, read_image
    from lennox.inference.batch import diagnose_many
    from lennox.inference.examination import Examination, diagnose
    from lennox.inference.findings import Finding
    from lennox.inference.load import load_model
    from lennox.inference.model import Model
    from lennox.report.overlay import draw_overlay
    from lennox.report.record import to_json
    from lennox.report.run_page import draw_page
    from lennox.report.table import csv_lines, to_frame

_HOME = {
    "csv_lines": "lennox.report.table",
    "draw_overlay": "lennox.report.overlay",
    "draw_page": "lennox.report.run_page",
    "to_json": "lennox.report.record",
    "Examination": "lennox.inference.examination",
    "Finding": "lennox.inference.findings",
    "Image": "lennox.image",
    "LennoxError": "lennox.errors",
    "Model": "lennox.inference.model",
    "ModelCard": "lennox.card",
    "Override": "lennox.gate.override",
    "diagnose": "lennox.inference.examination",
    "diagnose_many": "lennox.inference.batch",
    "load_model": "lennox.inference.load",
    "read_image": "lennox.image",
    "to_frame": "lennox.report.table",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lennox' has no attribute '{name}'")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
