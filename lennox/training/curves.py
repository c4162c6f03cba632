"""The curves of a run, as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lennox.files import atomic_write


def draw_curves(
    losses: Sequence[float], validations: Sequence[tuple[int, dict[str, dict[str, Any]]]], path: Path
) -> None:
    """Draw the training loss and the held-out sensitivities at 1 false positive a film; appears by rename."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    values = np.asarray(losses, np.float64)
    left.plot(np.arange(1, len(values) + 1), values, color="0.8", linewidth=0.5)
    window = max(1, min(50, len(values) // 4))
    if len(values) >= window:
        smooth = np.convolve(values, np.ones(window) / window, mode="valid")
        left.plot(np.arange(window, len(values) + 1), smooth, color="C0")
    left.set(xlabel="step", ylabel="training loss")
    for name in sorted({name for _, figures in validations for name in figures}):
        points = [(step, figures[name]) for step, figures in validations if name in figures]
        steps = [step for step, _ in points]
        right.plot(
            steps,
            [figures["sensitivity"][2] for _, figures in points],
            marker="o",
            label=f"{name}: sensitivity at 1 FP",
        )
        right.plot(
            steps, [figures["roc"] for _, figures in points], linestyle=":", marker=".", label=f"{name}: ROC area"
        )
    right.set(xlabel="step", ylim=(0, 1), title="held-out films")
    if validations:
        right.legend(fontsize=7)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=110, format="png")
    atomic_write(path, drawn.getvalue())
