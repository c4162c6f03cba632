"""A card to fill in for somebody else's network: it holds what the network's file says, and asks for the rest.

`adopt` refuses a card in which something is still asked for, and names every such place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lennox.card import FORMAT, IMAGE_KINDS
from lennox.errors import InputError, ModelError

FILL_IN = "FILL IN: "
COLOUR = 3  # channels


def new_card(network: Path) -> str:
    """The text of a card without `files` for an ONNX network. Raises ModelError if it is none. Needs `onnx`."""
    import onnx

    try:
        graph = onnx.load(str(network), load_external_data=False).graph
    except Exception as error:  # onnx's own errors share no public base class
        raise ModelError(f"{network.name}: not an ONNX network that can be read.") from error
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [item for item in graph.input if item.name not in constants]
    outputs = list(graph.output)
    taken = _sizes(inputs[0]) if inputs else []
    given = _sizes(outputs[0]) if outputs else []
    channels = (taken[1] if len(taken) == 4 else None) or _ask("1, or 3 for a network made for colour")
    rows, columns = (taken[2:] if len(taken) == 4 else (None, None)) if taken else (None, None)
    planes = given[1] if len(given) > 1 else None
    wiring: dict[str, Any] = {
        "input": inputs[0].name if len(inputs) == 1 else _ask(f"one of {', '.join(item.name for item in inputs)}"),
        "output": outputs[0].name if len(outputs) == 1 else _ask(f"one of {', '.join(item.name for item in outputs)}"),
        "channels": channels,
        "activation": _ask("none where the answer is a probability, sigmoid, or softmax over the planes"),
        "planes": [0] if planes == 1 else _ask("the planes that are the labels, from 0, such as [1]"),
    }
    if channels == COLOUR:
        wiring |= {"mean": _ask("a number a channel, such as [0.485, 0.456, 0.406]"),
                   "std": _ask("a number a channel, such as [0.229, 0.224, 0.225]")}  # fmt: skip
    document = {
        "format": FORMAT,
        "name": _ask("a short name of the model, such as their-caries"),
        "version": _ask("such as 1.0.0"),
        "maker": _ask("who made it, so that a release can say whether another body audited it"),
        "labels": _ask('what each plane suspects, such as ["caries"]'),
        "input": {
            "rows": rows or _ask("height of the image in pixels, 32 to 4096"),
            "columns": columns or _ask("width of the image in pixels, 32 to 4096"),
            "low_percentile": 0.0, "high_percentile": 100.0, "clip_limit": 0.0, "tiles": 8,
            "mean": 0.0, "std": 255.0,
        },
        "network": wiring,
        "lesions": {"region_share": 0.5},
        "operating_points": [
            {"name": "balanced", "threshold": _ask("the lowest probability to report, chosen before any audit, 0 to 1")}
        ],
        "default_operating_point": "balanced",
        "intended_use": {
            "use": _ask("for whom, on which films"),
            "kinds": _ask(f"of {', '.join(IMAGE_KINDS)}, such as [\"periapical\"]"),
            "familiarity_limit": None,
        },
        "limits": _ask('what is not known of it, such as ["made on films of one sensor"]'),
    }  # fmt: skip
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def refuse_unfilled(document: Any, name: str) -> None:
    """Raise InputError, naming each place, for a card in which something is still to be filled in."""
    if open_ones := list(unfilled(document)):
        raise InputError(f"{name}: still to be filled in: {'; '.join(open_ones)}.")


def unfilled(value: Any, path: str = "") -> Iterator[str]:
    """Each place of a card in which something is still to be filled in, with what is wanted in parentheses."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from unfilled(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from unfilled(part, f"{path}[{number}]")
    elif isinstance(value, str) and value.startswith(FILL_IN):
        yield f"{path} ({value.removeprefix(FILL_IN)})"


def _ask(what: str) -> str:
    return FILL_IN + what


def _sizes(item: Any) -> list[int | None]:
    """The length of each axis that the file gives, None where it gives none."""
    return [axis.dim_value or None for axis in item.type.tensor_type.shape.dim]
