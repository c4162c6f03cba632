"""What a category's name says: caries, a healthy film, or something else. A name that says none of these is refused.

Names differ in case, spaces, hyphens, plural and qualifiers ("Deep Caries", "dentine_caries", "Cavities"); what is left
of them must be known. A guess would be silent: a word for caries that is not known makes every lesion a healthy film.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal, get_args

from lennox.errors import InputError

Meaning = Literal["caries", "healthy", "other"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)


def _terms(text: str) -> frozenset[str]:
    return frozenset(" ".join(part.split()) for part in text.split(","))


CARIES = _terms("caries, carie, carious, decay, decayed, cavity, cavitation, cavitated, karies")
HEALTHY = _terms("""
    healthy, normal, none, null, negative, sound, intact, noncarious, non carious, non caries, not carious,
    no caries, no cavity, no decay,
    without caries, free of caries, caries free, cavity free, healthy tooth, normal tooth, sound tooth
""")
OTHER = _terms("""
    abrasion, abscess, alveolar bone, amalgam, apical lesion, apical periodontitis, artefact, artifact, attrition,
    background, bone, bone level, bone loss, brace, bracket, bridge, broken tooth, calculus, canal, canine, cej,
    cementum, composite, crown, cyst, deciduous tooth, dental implant, dentin, dentine, denture, distal canal,
    distal root, enamel, endodontic treatment, erosion, filled tooth, filling, foreign body, fracture, fractured
    tooth, furcation, gap, gingiva, granuloma, impacted, impacted tooth, implant, incisor, inlay, jaw, lamina
    dura, main canal, main root, mandible, maxilla, mesial canal, mesial root, metal, missing tooth, molar, nerve
    canal, onlay, orthodontic appliance, overhang, palatal canal, palatal root, periapical lesion, periapical
    radiolucency, periodontitis, pin, plaque, post, post core, premolar, prosthesis, pulp, pulp chamber, pulp
    stone, rct, resorption, restoration, retained root, root, root canal, root canal filling, root canal
    obturation, root canal treatment, root fragment, root piece, root stump, sealant, sinus, stain, supernumerary,
    tartar, teeth, tooth, tooth unerupted, unerupted tooth, veneer, wear, wisdom tooth
""")
QUALIFIERS = _terms("""
    active, advanced, approximal, arrested, buccal, cervical, coronal, deep, dental, dentin, dentinal, dentine,
    distal, early, enamel, incipient, initial, interproximal, large, lesion, lesions, lingual, mesial, mild,
    moderate, occlusal, palatal, primary, proximal, radicular, recurrent, residual, root, secondary, severe,
    shallow, small, smooth, superficial, surface, suspected, teeth, tooth, class, grade, stage, d1, d2, d3, d4,
    e1, e2, r1, r2, r3, r4, r5, r6, i, ii, iii, iv, v, vi, 1, 2, 3, 4, 5, 6
""")
_TOOTH_NUMBER = re.compile(r"(tooth )?[1-8][1-8]")


def plain_name(name: str) -> str:
    """A category's name without what spelling adds: accents, compatibility forms, case, marks between words."""
    text = re.sub("[\u0300-\u036f\u200b-\u200f\ufeff]", "", unicodedata.normalize("NFKD", name))
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text).casefold()  # DeepCaries
    return " ".join(re.sub(r"[_\-/,.()\[\]:;!?\s]+", " ", text).split())


def meaning_of(name: str) -> Meaning | None:
    """What a name says of caries; None where it is not known."""
    text = plain_name(name)
    if text in HEALTHY:
        return "healthy"
    words = [word for word in text.split() if word not in QUALIFIERS]
    singular = [_singular(word) for word in words]
    if len(words) == 1 and (words[0] in CARIES or singular[0] in CARIES):
        return "caries"
    all_singular = " ".join(map(_singular, text.split()))
    if text in OTHER or all_singular in OTHER or _TOOTH_NUMBER.fullmatch(text):
        return "other"
    return None


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") and word not in CARIES else word.removesuffix("s")


class Meanings:
    """The meaning of each name of a set: as the caller says, else as the name is known."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        for name, meaning in (given or {}).items():
            if meaning not in MEANINGS:
                raise InputError(f"'{name}' cannot mean '{meaning}'; choose from {', '.join(MEANINGS)}.")
        self._given = {plain_name(name): meaning for name, meaning in (given or {}).items()}
        self.unknown: dict[str, None] = {}

    def of(self, name: str) -> Meaning:
        """The meaning of a name; one that is not known is collected in `unknown`, and the set must then be refused."""
        found = self._given.get(plain_name(name)) or meaning_of(name)
        if found is None:
            self.unknown[name] = None
            return "other"
        return found  # type: ignore[return-value]  # checked above
