"""Every error a caller may catch.

LennoxError                     anything the world did wrong; `exit_status` is what the command line returns
├── ImageError                  the file is not an image lennox can read
├── InputError                  an argument, data set, table or policy is not what it must be
└── ModelError                  a model is missing, damaged or refused
    └── ReleaseRefusedError     the gate kept a model from release

What the programmer does wrong stays a ValueError or TypeError.
"""

from __future__ import annotations

from collections.abc import Sequence

JOINERS = "\u200c\u200d"  # spelled in Persian, Indic scripts and emoji

_BLANK_CHARACTERS = "\u115f\u1160\u3164\uffa0"  # fillers of Hangul: letters to Unicode, nothing to the eye


def one_line(text: str) -> str:
    """Text as one line: breaks become spaces, terminal codes and direction marks, which a name may hold, U+FFFD."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(
        character if character.isprintable() or character in JOINERS else " " if character.isspace() else "\ufffd"
        for character in text
    )


def has_visible_text(text: object) -> bool:
    """Whether this is one line of text in which somebody can read a letter or a digit: no blanks, no fillers."""
    return (
        isinstance(text, str)
        and one_line(text) == text
        and any(character.isalnum() and character not in _BLANK_CHARACTERS for character in text)
    )


class LeftOutWarning(UserWarning):
    """Something in a file that tells nothing was left out: what, and where. The command line says it on stderr."""


class LennoxError(Exception):
    """Something outside the program is wrong; the message says what was found, what was wanted and what to do."""

    exit_status = 1


class ImageError(LennoxError):
    """The file is not an image lennox can read."""


class InputError(LennoxError):
    """An argument, data set, table or policy is not what it must be."""

    exit_status = 2


class ModelError(LennoxError):
    """A model is missing, damaged or refused."""

    exit_status = 4


class ReleaseRefusedError(ModelError):
    """The gate kept a model from release; `reasons` has one sentence per failed check, `remedy` what may be done."""

    def __init__(self, model: str, reasons: Sequence[str], remedy: str = "") -> None:
        super().__init__(model, tuple(reasons), remedy)
        self.model, self.reasons, self.remedy = model, tuple(reasons), remedy

    @property
    def refusal(self) -> str:
        """The reasons in one sentence, without what may be done."""
        return f"{self.model} is not released: " + "; ".join(reason.rstrip(".") for reason in self.reasons) + "."

    def __str__(self) -> str:
        return f"{self.refusal} {self.remedy}." if self.remedy else self.refusal
