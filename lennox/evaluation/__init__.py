"""How good a model is: figures with intervals, robustness, pages and the model card. Needs no PyTorch.

Needs the extra `lennox[evaluate]`. Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lennox.lazy import importing

if TYPE_CHECKING:
    from lennox.evaluation.evaluation import Evaluated, evaluate
    from lennox.evaluation.figures import update_card
    from lennox.evaluation.robustness import measure_robustness

__all__ = ["Evaluated", "evaluate", "measure_robustness", "update_card"]

__getattr__ = importing(__name__, {
    "Evaluated": "lennox.evaluation.evaluation", "evaluate": "lennox.evaluation.evaluation",
    "measure_robustness": "lennox.evaluation.robustness", "update_card": "lennox.evaluation.figures",
})  # fmt: skip
