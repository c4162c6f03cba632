"""Which films of a recipe's sets are learnt from, and which are held out: decided by their group's name alone."""

from __future__ import annotations

from collections.abc import Sequence

from lennox.annotations.coco import read_coco
from lennox.annotations.film import Film
from lennox.errors import InputError
from lennox.training.ledger import DataSet, is_held_out
from lennox.training.recipe import DataPlan, Recipe


def split_set(recipe: Recipe, entry: DataSet) -> tuple[list[Film], list[Film]]:
    """(for training, held out) of a set of the recipe. Raises InputError if it is not a COCO set, or lacks images."""
    coco = read_coco(recipe.path(recipe.data.root) / entry.name, recipe.data.categories)
    coco.require_files()
    return split_films(coco.films, entry, recipe.data)


def split_films(films: Sequence[Film], entry: DataSet, data: DataPlan) -> tuple[list[Film], list[Film]]:
    """(for training, held out), a group of films never torn apart."""
    parts: tuple[list[Film], list[Film]] = [], []
    for film in films:
        group = entry.group_of(film.name)
        parts[is_held_out(group, data.holdout_seed, data.holdout_share, data.holdout_fold)].append(film)
    return parts


def require_outlines(films: Sequence[Film]) -> Sequence[Film]:
    """The films, for a network to learn from. Raises InputError if caries on one is not outlined lesion by lesion.

    Nothing painted where caries is would teach that carious tissue is sound.
    """
    vague = [film.path.name for film in films if film.truth.regions or not film.truth.is_located]
    if vague:
        raise InputError(
            f"{len(vague)} of {len(films)} films show caries that is not outlined lesion by lesion, such as "
            f"'{vague[0]}': a network cannot learn from them. Outline the lesions, or leave these films out."
        )
    return films
