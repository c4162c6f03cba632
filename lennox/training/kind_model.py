"""From a recipe to the kind network of its model: pictures of the sets it may learn from, views, weights, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.film import Film
from lennox.image import read_image
from lennox.phantom import draw_film
from lennox.training.everyday_pictures import PARTS, PICTURES_SET, grey_pictures
from lennox.training.kind_network import fit, probabilities, to_onnx
from lennox.training.kind_views import KINDS, PERIAPICAL, KindPictures, Levels, views
from lennox.training.ledger import Ledger, check_files
from lennox.training.occlusal import occlusal_films
from lennox.training.recipe import Recipe
from lennox.training.split import split_set

FILE = "kind.onnx"
REFUSED = 0.01  # of the held-out views of periapical films, not disguised, at most
ACCEPT = (0.02, 0.5)  # the lowest probability is chosen within
TELL = 0.5
HELD_OUT_SHARE = 0.25  # as many held-out views and drawn films as this share of those learnt from
SIZES = ((340, 480), (480, 340), (400, 400))


@dataclass(frozen=True, slots=True)
class KindModel:
    """weights : an ONNX file; entry : what the card says of it; held_out : figures of views of held-out pictures"""

    weights: bytes
    entry: dict[str, Any]
    held_out: dict[str, Any]


def make_kind_model(plan: Recipe, ledger: Ledger) -> KindModel:
    """Teach the kind network that a recipe asks for, and choose its limit on views of held-out films.

    Raises InputError if the ledger does not permit it, or files are missing.
    """
    learnt, held_out = kind_pictures(plan, ledger)
    taught = _stacked(learnt, plan.kind.views, plan.seed)
    networks = [fit(*taught, plan.kind.epochs, plan.seed + member) for member in range(plan.kind.members)]
    count = max(1, int(plan.kind.views * HELD_OUT_SHARE))
    plain, of_plain = _stacked(held_out, count, plan.seed + 2, disguised=False)
    own = probabilities(networks, plain[of_plain == PERIAPICAL])[:, PERIAPICAL]
    accept = round(float(np.clip(np.quantile(own, REFUSED), *ACCEPT)), 4) if own.size else ACCEPT[0]
    found, kinds = _stacked(held_out, count, plan.seed + 1)
    likely = probabilities(networks, found)
    table = np.zeros((len(KINDS), len(KINDS)), np.int64)
    np.add.at(table, (kinds, likely.argmax(1)), 1)
    entry = {"file": FILE, "kinds": list(KINDS), "accept": accept, "tell": TELL}
    passed = {
        name: round(float((likely[kinds == number, PERIAPICAL] >= accept).mean()), 4)
        for number, name in enumerate(KINDS) if (kinds == number).any()
    }  # fmt: skip
    return KindModel(
        to_onnx(networks), entry,
        {"note": "views of held-out pictures, disguised at random", "views": len(kinds), "told_as": table.tolist(),
         "taken_for_periapical": passed},
    )  # fmt: skip


def kind_pictures(plan: Recipe, ledger: Ledger) -> tuple[KindPictures, KindPictures]:
    """(to learn from, held out): real films of the recipe's sets, drawn ones, everyday pictures."""
    films: tuple[list[Film], list[Film]] = [], []
    windows: tuple[list[Film], list[Film]] = [], []
    for name, parts in ((plan.data.films, films), (plan.data.windows, windows)):
        if name:
            entry = ledger.require(name, "train")
            ledger.require(name, "calibrate")
            check_files(plan.path(plan.data.root) / name, entry)
            for part, found in zip(parts, split_set(plan, entry), strict=True):
                part.extend(found)
    ledger.require(PICTURES_SET, "train")
    everyday = grey_pictures()
    fold = [number % 5 == 4 for number in range(len(everyday))]
    made = []
    for held, share in ((0, 1.0), (1, HELD_OUT_SHARE)):
        drawn = {
            kind: _drawn(
                kind, int(plan.kind.drawn * share), plan.seed * 100_000 + 50_000 + 20_000 * held + 10_000 * which
            )
            for which, kind in enumerate(("periapical", "bitewing"))
        }
        others = [picture for picture, out in zip(everyday, fold, strict=True) if out == bool(held)]
        made.append(KindPictures(
            [_levels(film) for film in films[held]], occlusal_films(windows[held]),
            drawn["periapical"], drawn["bitewing"], _with_parts(others, plan.seed),
        ))  # fmt: skip
    return made[0], made[1]


def _levels(film: Film) -> Levels:
    pixels = read_image(film.path).grey()
    levels: Levels = (pixels / np.iinfo(pixels.dtype).max).astype(np.float32)
    return levels


def _drawn(kind: str, count: int, seed: int) -> list[Levels]:
    sizes = SIZES if kind == "periapical" else SIZES[:1]
    found = []
    for number in range(count):
        rows, columns = sizes[number % len(sizes)]
        found.append(
            (draw_film(seed + number, kind=kind, rows=rows, columns=columns).pixels / 255.0).astype(np.float32)
        )
    return found


def _with_parts(pictures: Sequence[Levels], seed: int) -> list[Levels]:
    """Each picture, and parts of it, some inverted."""
    random, found = np.random.default_rng(seed), []
    for picture in pictures:
        found.append(picture)
        for _ in range(PARTS):
            rows, columns = (int(side * random.uniform(0.4, 1.0)) for side in picture.shape)
            top, left = (
                int(random.integers(0, side - size + 1))
                for side, size in zip(picture.shape, (rows, columns), strict=True)
            )
            part = picture[top : top + rows, left : left + columns]
            found.append(part if random.random() < 0.8 else 1.0 - part)
    return found


def _stacked(
    pictures: KindPictures, count: int, seed: int, *, disguised: bool = True
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    made = list(views(pictures, count, seed, disguised=disguised))
    return np.stack([view for view, _ in made]), np.array([kind for _, kind in made], np.int64)
