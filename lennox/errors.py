"""Every error a caller may catch.

LennoxError                     anything the world did wrong; `exit_status` is what the command line returns
├── ImageError                  the file is not an image lennox can read
├── NotAssessableError          the image was read, but is not fit for this model
├── InputError                  an argument, data set, table or policy is not what it must be
└── ModelError                  a model is missing, damaged or refused
    └── ReleaseRefusedError     the gate kept a model from release

What the programmer does wrong stays a ValueError or TypeError.
"""

from __future__ import annotations

from collections.abc import Sequence

JOINERS = "\u200c\u200d"  # spelled in Persian, Indic scripts and emoji


def one_line(text: str) -> str:
    """Text as one line: breaks become spaces, terminal codes and direction marks, which a name may hold, U+FFFD."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(
        sign if sign.isprintable() or sign in JOINERS else " " if sign.isspace() else "\ufffd" for sign in text
    )


class LennoxError(Exception):
    """Something outside the program is wrong; the message says what was found, what was wanted and what to do."""

    exit_status = 1


class ImageError(LennoxError):
    """The file is not an image lennox can read."""


class NotAssessableError(LennoxError):
    """The image was read, but is not fit for this model; `reasons` has one sentence each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(tuple(reasons))  # the same arguments, so the error survives pickling
        self.reasons = tuple(reasons)

    def __str__(self) -> str:
        return " ".join(self.reasons)


class InputError(LennoxError):
    """An argument, data set, table or policy is not what it must be."""

    exit_status = 2


class ModelError(LennoxError):
    """A model is missing, damaged or refused."""

    exit_status = 4


class ReleaseRefusedError(ModelError):
    """The gate kept a model from release; `reasons` has one sentence per failed check, `way_out` what may be done."""

    def __init__(self, model: str, reasons: Sequence[str], way_out: str = "") -> None:
        super().__init__(model, tuple(reasons), way_out)
        self.model, self.reasons, self.way_out = model, tuple(reasons), way_out

    def __str__(self) -> str:
        text = f"{self.model} is not released: " + "; ".join(reason.rstrip(".") for reason in self.reasons) + "."
        return f"{text} {self.way_out}." if self.way_out else text
