"""A model with the networks of another, read otherwise as a recipe says: new operating points and figures, no training.

The recipe may change how a film is laid and how lesions that touch are told apart. Thresholds are chosen again on the
films that were held out from the networks; the calibration stays the one inside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lennox.card import ModelCard
from lennox.errors import InputError
from lennox.training.ledger import read_ledger
from lennox.training.loop import HeldOutFilms
from lennox.training.onnx_model import HeldOut, describe, familiar_canvases, run_onnx
from lennox.training.recipe import read_recipe
from lennox.training.written_card import take_networks, write_card


def export_same_networks(
    networks: Path, recipe: Path, out: Path, *, report: Callable[[str], None] = lambda step: None
) -> Path:
    """Make a model of the networks in a model's folder; returns the path of its card.

    The networks are copied into `out`, unless both are models of one folder: then the card names whose they are.
    The recipe must hold out the films that the networks' own held out: a card does not say which these were.
    Raises InputError if the recipe asks for training or another input, or a set may not be used to calibrate.
    """
    plan, networks, out = read_recipe(recipe), networks.resolve(), out.resolve()
    card = ModelCard.read(networks / "card.json")
    base: Mapping[str, Any] = card.document
    if plan.schedule.steps or plan.schedule.start or plan.kind.views:
        raise InputError(
            f"{recipe.name} asks for training, and {card.name} is taken as it is: `lennox train` it, and export its "
            "checkpoint; or give steps = 0, no start and no [kind]."
        )
    if plan.contract != card.contract:
        raise InputError(f"{recipe.name} has another [input] than {card.name}, whose networks know theirs alone.")
    ledger = read_ledger(plan.path(plan.data.ledger))
    report("reading the held-out films")
    held = HeldOutFilms(plan, ledger, "calibrate")
    exams = tuple(exam for found in held.exams().values() for exam in found)
    if not exams:
        raise InputError("the recipe holds no films out, so no operating point can be chosen.")
    report(f"choosing the operating points on {len(exams)} held-out films and windows")
    weights = (networks / "model.onnx").read_bytes()
    answers = run_onnx(weights, [exam.canvas for exam in exams], plan.contract)
    near = [distance for _, distance in run_onnx(weights, familiar_canvases(plan, ledger)[::8], plan.contract)]
    maps, distances = zip(*answers, strict=True)
    document = describe(
        plan, ledger, HeldOut(exams, tuple(held.groups[exam.group] for exam in exams), maps, distances), near
    )
    if "calibration" in base:
        inside = {
            name: base["calibration"][name] for name in ("method", "slope", "intercept") if name in base["calibration"]
        }
        document["calibration"] = inside | document["calibration"]
    document["training"] = {"recipe": recipe.name, "recipe_sha256": plan.sha256, "seed": plan.seed, "steps": 0}
    document["networks"] = {"name": card.name, "version": card.version, "note": "no weight was learnt for this model"}
    if plan.orientation != "as given":
        document["orientation"] = plan.orientation
    if "kind_network" in base:
        document["kind_network"] = base["kind_network"]
    document |= take_networks(networks, card, out)
    write_card(out, document)
    return out / "card.json"
