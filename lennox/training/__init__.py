"""How models come to be: ledger, recipe, training, export. The only door to PyTorch; needs `lennox[train]`.

Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lennox.lazy import importing

if TYPE_CHECKING:
    from lennox.training.cross_validation import pool_folds, train_fold
    from lennox.training.eight_bit import quantise
    from lennox.training.leaks import find_near_duplicates
    from lennox.training.ledger import Ledger, read_ledger
    from lennox.training.loop import Progress, Trained, train
    from lennox.training.onnx_model import Exported, export
    from lennox.training.recipe import Recipe, read_recipe

__all__ = [
    "Exported", "Ledger", "Progress", "Recipe", "Trained", "export", "find_near_duplicates", "pool_folds", "quantise",
    "read_ledger", "read_recipe", "train", "train_fold",
]  # fmt: skip

__getattr__ = importing(__name__, {
    "Exported": "lennox.training.onnx_model", "export": "lennox.training.onnx_model",
    "Ledger": "lennox.training.ledger", "read_ledger": "lennox.training.ledger",
    "find_near_duplicates": "lennox.training.leaks",
    "Progress": "lennox.training.loop", "Trained": "lennox.training.loop", "train": "lennox.training.loop",
    "pool_folds": "lennox.training.cross_validation", "train_fold": "lennox.training.cross_validation",
    "quantise": "lennox.training.eight_bit",
    "Recipe": "lennox.training.recipe", "read_recipe": "lennox.training.recipe",
})  # fmt: skip
