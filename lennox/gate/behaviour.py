"""What of a model's folder can change an answer, as one digest: the network, and the parts of the card it is run by.

Figures, texts and tables of a card may be corrected after an audit; this part may not.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from lennox.card import ModelCard
from lennox.files import sha256_of
from lennox.gate.statement import canonical


def behaviour(card: ModelCard) -> dict[str, Any]:
    """All that decides what a model answers: how the image is prepared, what the network is, how it is read."""
    found: dict[str, Any] = {
        "labels": list(card.labels),
        "input": {name: _exact(value) for name, value in dataclasses.asdict(card.contract).items() if name != "colour"},
        "operating_points": {point.name: _exact(point.threshold) for point in card.operating_points},
        "default_operating_point": card.default_operating_point,
        "kinds": sorted(card.kinds),
        "familiarity_limit": _exact(card.familiarity_limit),
        "region_share": _exact(card.region_share),
        "files": dict(card.files),
    }
    # Only where a card says so: the digest of a card that was audited before these existed stays what it was.
    if card.contract.colour != "brightness":
        found["colour"] = card.contract.colour
    if card.orientation != "as given":
        found["orientation"] = card.orientation
    if card.saddle_share is not None:
        found["saddle_share"] = _exact(card.saddle_share)
    if card.kind_network is not None:
        found["kind_network"] = {
            "file": card.kind_network.file, "kinds": list(card.kind_network.kinds),
            "accept": _exact(card.kind_network.accept), "tell": _exact(card.kind_network.tell),
        }  # fmt: skip
    if card.windows is not None:
        found["windows"] = {
            "side": _exact(card.windows.side), "rows": [_exact(share) for share in card.windows.rows],
            "columns": [_exact(share) for share in card.windows.columns],
            "down": card.windows.down, "across": card.windows.across,
        }  # fmt: skip
    return found


def behaviour_sha256(card: ModelCard) -> str:
    """SHA-256 of `behaviour`, which an audit records and a release and each load compare."""
    return sha256_of(canonical(behaviour(card)))


def _exact(value: float | None) -> str | None:
    """A number as text that gives the same float again."""
    return None if value is None else repr(float(value))
