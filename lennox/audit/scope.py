"""Whether a model and its films are what a policy is about: kinds of image, and what is looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from lennox.annotations.categories import meaning_of, plain_name
from lennox.annotations.film import Film
from lennox.card import IMAGE_KINDS, ImageKind, ModelCard
from lennox.errors import InputError
from lennox.policy.policy import Policy

_KINDS: dict[str, ImageKind] = {
    **{kind: kind for kind in IMAGE_KINDS}, "photo": "photograph", "photography": "photograph",
    "bitewings": "bitewing", "bite wing": "bitewing", "orthopantomogram": "panoramic", "opg": "panoramic",
    "opt": "panoramic", "dpr": "panoramic", "pano": "panoramic", "iopa": "periapical",
}  # fmt: skip
_CARIES_STEMS = ("cari", "kari", "decay", "cavit")  # of the word in most languages of Latin script


def kind_of(text: str) -> ImageKind | None:
    """The kind of image that a text names, None where it names none: "Panoramic radiograph" is panoramic."""
    words = plain_name(text)
    return next((kind for name, kind in _KINDS.items() if f" {name} " in f" {words} "), None)


def require_scope(policy: Policy, card: ModelCard, films: Sequence[Film]) -> None:
    """Raise InputError unless the policy is about what the model does, and about the films' kinds as their set says."""
    kinds = _kinds_of(policy)
    if kinds and not kinds & set(card.kinds):
        raise InputError(
            f"the policy is for {_listed(kinds)} images, the model's card for {_listed(card.kinds)}: "
            "audit the model under a policy for its kind."
        )
    if not any(meaning_of(label) == "caries" for label in card.labels):
        raise InputError(f"the model looks for {', '.join(card.labels)}; films are audited for caries.")
    for name, text in (("label", policy.scope.label), ("task", policy.scope.task)):
        if not _may_be_caries(text):
            raise InputError(
                f"the policy's {name} is '{text}', and films are audited for caries; "
                "take the policy for caries, or give a table of predictions."
            )
    if policy.scope.unit not in ("image", "lesion"):
        raise InputError(
            f"the policy judges each {policy.scope.unit}, and films give images and lesions; take a policy whose "
            "scope.unit is image, or give a table of predictions."
        )
    declared = [kind for film in films if (kind := kind_of(str(film.fields.get("kind", ""))))]
    _require_kinds(kinds, declared, len(films), most=0.0, how="are, as their set says,")


def require_seen_kinds(policy: Policy, films: Sequence[Film], seen: Sequence[str | None]) -> None:
    """Raise InputError if most films of which the set says no kind look like kinds that the policy is not about.

    seen : what each looks like to lennox; a look errs on single films, so that most of them decide
    """
    silent = [kind for film, kind in zip(films, seen, strict=True) if kind and "kind" not in film.fields]
    _require_kinds(_kinds_of(policy), silent, len(films), most=0.5, how="look like")


def _require_kinds(wanted: set[ImageKind], found: Sequence[str], films: int, *, most: float, how: str) -> None:
    outside = Counter(kind for kind in found if kind not in wanted)
    if wanted and outside.total() > most * len(found):
        raise InputError(
            f"{outside.total()} of {films} films {how} {_listed(outside)}, and the policy is for {_listed(wanted)}: "
            "audit films of the policy's kind."
        )


def _kinds_of(policy: Policy) -> set[ImageKind]:
    kinds = {text: kind_of(text) for text in policy.scope.modality}
    if unknown := [text for text, kind in kinds.items() if kind is None]:
        raise InputError(
            f"the policy's modality '{unknown[0]}' is no kind of image that lennox knows ({', '.join(IMAGE_KINDS)}); "
            "correct it, or give a table of predictions."
        )
    return {kind for kind in kinds.values() if kind}


def _may_be_caries(text: str) -> bool:
    """Whether a text speaks of caries, or says nothing that could be read: no word of Latin script."""
    words = plain_name(text).split()
    latin = [word for word in words if "a" <= word[0] <= "z"]
    return not latin or any(word.startswith(_CARIES_STEMS) for word in latin)


def _listed(kinds: Iterable[str]) -> str:
    return " and ".join(sorted(kinds))
