"""How a card is written, and what one says of networks that are another model's. Needs no PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lennox.card import ModelCard
from lennox.files import atomic_write


def card_text(document: dict[str, Any]) -> str:
    """The one way to write a card."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_card(out: Path, document: dict[str, Any]) -> None:
    """Write card.json by rename, if it reads back."""
    text = card_text(document)
    ModelCard.from_json(text)
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(out / "card.json", text)


def take_networks(networks: Path, card: ModelCard, out: Path) -> dict[str, Any]:
    """What a card says of files that are another model's; they are copied unless that lies beside `out`."""
    files = card.document["files"]
    if networks.parent == out.parent:
        return {"files": files, "weights_of": networks.name}
    out.mkdir(parents=True, exist_ok=True)
    for name in card.files:
        atomic_write(out / name, (networks / name).read_bytes())
    return {"files": files}
