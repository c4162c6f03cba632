"""Columns of any type are read as texts, one meaning each: 3, 3.0 and "3"; true and "True"."""

from __future__ import annotations

import decimal
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lennox.policy.policy import Feature, Unknown

if TYPE_CHECKING:
    import pandas as pd

MISSING = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>", "nat"})
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")
_WHOLE = re.compile(r"^([+-]?\d+)\.0+$")
_NUMBER = re.compile(r"[+-]?\d{1,40}([.,]0*)?(e\+\d{1,2})?")  # whole, as people and spreadsheets write it
_SHORTENED = re.compile(r"\d(?:[.,](\d+))?[Ee]\+?(\d{1,3})")  # as spreadsheets show a long number
_SPLITS = frozenset({
    "test", "testing", "val", "valid", "validation", "holdout", "hold-out", "hold out", "external", "internal", "audit",
    "eval", "evaluation",
})  # fmt: skip
_APOSTROPHES = re.compile("[`\u00b4\u02b9\u02bb\u02bc\u2018\u2019\u201b\u2032\uff07]")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Texts:
    """A column as its distinct texts and each row's position among them."""

    distinct: tuple[str, ...]
    index: NDArray[np.int64]

    @classmethod
    def of(cls, column: pd.Series[Any]) -> Texts:
        """The texts of a column of any type; whole floats lose their '.0', missing values become ''.

        A number of 16 or 32 bits is read as the shortest decimal that it stands for: 0.7 and not 0.699999988.
        """
        import pandas as pd

        if isinstance(column.dtype, pd.CategoricalDtype):  # also the dictionary columns of Parquet
            values: Any = column.cat.categories
            index = np.asarray(column.cat.codes, np.int64)
        else:
            if getattr(column.dtype, "numpy_dtype", column.dtype) == np.float16:  # pandas does not count them
                column = pd.Series([_text(value) for value in column.to_numpy(np.float16, na_value=np.nan)])
            try:
                index, values = pd.factorize(column, use_na_sentinel=True)
            except (TypeError, ValueError, NotImplementedError):  # lists and the like: refused by value
                index, values = pd.factorize(column.map(str), use_na_sentinel=True)
        kind = getattr(values.dtype, "numpy_dtype", values.dtype)
        short = np.float32 if kind == np.float32 else None
        texts = [_text(value if short is None else short(value)) for value in values] + [""]
        return cls.merged(texts, np.where(index < 0, len(texts) - 1, index))

    @classmethod
    def merged(cls, texts: Sequence[str], index: NDArray[np.int64]) -> Texts:
        """index : each row's position in `texts`, where one text may come twice."""
        number = {text: position for position, text in enumerate(dict.fromkeys(texts))}
        return cls(tuple(number), np.array([number[text] for text in texts], np.int64)[index])

    def mapped(self, change: Callable[[str], str]) -> Texts:
        """The column with every text changed; rows whose texts are then alike hold the same."""
        return Texts.merged([change(text) for text in self.distinct], self.index)

    def all(self) -> list[str]:
        """The text of every row."""
        return [self.distinct[index] for index in self.index.tolist()]

    def used(self) -> list[str]:
        """The texts that some row holds."""
        return [self.distinct[index] for index in np.unique(self.index).tolist()]

    def missing(self) -> list[int]:
        """Rows without a value."""
        empty = np.array([text.strip().casefold() in MISSING for text in self.distinct])
        return np.flatnonzero(empty[self.index]).tolist()

    def rows_with(self, which: NDArray[np.bool_]) -> list[int]:
        """Rows whose text is marked in `which` (one entry per distinct text)."""
        return np.flatnonzero(which[self.index]).tolist()


def _text(value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value):
            return "" if np.isnan(value) else str(value)
        return str(int(value)) if float(value).is_integer() else str(value)
    if isinstance(value, decimal.Decimal):
        return "" if value.is_nan() else format(value.normalize(), "f") if value.is_finite() else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


def patient_id(text: str) -> str:
    """One spelling for one person: composed characters, no invisible ones, no space around it, 1 for 1.0."""
    shown = "".join(character for character in unicodedata.normalize("NFC", text) if not _invisible(character))
    plain = " ".join(shown.split())
    return _WHOLE.sub(r"\1", plain)


def look_alikes(patients: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of ids that one person may have been given: capitals, ways to write a number, full-width figures."""
    first: dict[str, str] = {}
    return [(first[loose], one) for one in patients if first.setdefault(loose := loose_id(one), one) != one]


def loose_id(patient: str) -> str:
    """What is left of an id where people and programs differ in how they write it."""
    plain = _APOSTROPHES.sub("'", patient)  # before NFKC, which makes a space of one of them
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", plain).casefold())
    if _NUMBER.fullmatch(plain):  # 7, 007, +7, 7,0 and 7e0; figures of any script
        return str(int(decimal.Decimal(plain.replace(",", "."))))
    return plain


def is_shortened(patient: str) -> bool:
    """Whether an id is a long number of which a spreadsheet left the first figures: 1.23457E+14 is many people."""
    found = _SHORTENED.fullmatch(patient)
    return found is not None and len(found[1] or "") < int(found[2]) and (found[1] is not None or "E" in patient)


def is_training(split: str) -> bool | None:
    """Whether a row or film was trained on, by what stands under `split`; None for a word that is not known."""
    plain = " ".join(split.casefold().replace("_", " ").split())
    if plain.startswith("train"):
        return True
    return False if plain in _SPLITS | MISSING else None


def _invisible(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Cf", "Cc") and not character.isspace()
    ) or "\ufe00" <= character <= "\ufe0f"


def numbers(texts: Texts, column: str, name: str, problems: list[str], *, high: float | None) -> NDArray[np.float64]:
    """The numbers of a column, NaN where there is none; others than 0..high are problems (R33)."""
    values = np.full(len(texts.distinct), np.nan)
    wrong = np.zeros(len(texts.distinct), bool)
    for index, text in enumerate(texts.distinct):
        if text.strip().casefold() in MISSING:
            continue
        try:
            values[index] = float({"true": "1", "false": "0"}.get(text.strip().casefold(), text.replace("_", "?")))
        except ValueError:
            wrong[index] = True
            continue
        top = np.inf if high is None else high
        wrong[index] = not (0.0 <= values[index] <= top and np.isfinite(values[index]))
    _report(
        texts,
        wrong,
        problems,
        lambda row, text: f"{name}: row {row}: '{text}' in '{column}' is not a number in 0..{'1' if high else 'any'}",
    )
    return values[texts.index]


def label_numbers(texts: Texts, column: str, name: str, problems: list[str]) -> NDArray[np.int8]:
    """1 diseased, 0 healthy, -1 no label; anything else is a problem (R33)."""
    known = {**dict.fromkeys(("1", "true"), 1), **dict.fromkeys(("0", "false"), 0)}
    values = np.full(len(texts.distinct), -1, np.int8)
    wrong = np.zeros(len(texts.distinct), bool)
    for index, text in enumerate(texts.distinct):
        key = text.strip().casefold()
        key = key.removesuffix(".0") if key in ("0.0", "1.0") else key
        if key in known:
            values[index] = known[key]
        elif key not in MISSING:
            wrong[index] = True
    _report(texts, wrong, problems, lambda row, text: f"{name}: row {row}: label '{text}' in '{column}' is not 0 or 1")
    return values[texts.index]


def group_numbers(
    texts: Texts, feature: Feature, unknown: Unknown, name: str, problems: list[str]
) -> NDArray[np.int64]:
    """Position of each row's group; the number of groups where the person did not say (R29)."""
    exact = {unicodedata.normalize("NFC", group): index for index, group in enumerate(feature.groups)}
    unsaid = {unknown.name.casefold(), *(text.casefold() for text in unknown.written_as)}
    values = np.full(len(texts.distinct), len(feature.groups), np.int64)
    wrong = np.zeros(len(texts.distinct), bool)
    for index, text in enumerate(texts.distinct):
        composed = unicodedata.normalize("NFC", text)
        spellings = [composed, *_other_spellings(composed)]
        found = next((exact[one] for one in spellings if one in exact), None)
        if found is not None:
            values[index] = found
        elif text.strip().casefold() not in MISSING and text.casefold() not in unsaid:
            wrong[index] = True
    choice = ", ".join((*feature.groups, unknown.name))
    _report(
        texts,
        wrong,
        problems,
        lambda row, text: f"{name}: row {row}: '{text}' is not a group of '{feature.name}' ({choice})",
    )
    return values[texts.index]


def _other_spellings(text: str) -> list[str]:
    """The same value as another data type would write it."""
    lower = text.casefold()
    for words in (_YES, _NO):
        if lower in words or (lower.endswith(".0") and lower[:-2] in words):
            return [form for word in words for form in (word, word.capitalize(), word.upper())]
    return [text[:-2]] if text.endswith(".0") and text[:-2].lstrip("-").isdigit() else []


def one_value_a_patient(
    group: NDArray[np.int64], patients: Texts, feature: Feature, unknown: Unknown, problems: list[str]
) -> None:
    """R32: a person has one value of a fixed feature."""
    order = np.lexsort((group, patients.index))
    who, what = patients.index[order], group[order]
    clash = np.flatnonzero((who[1:] == who[:-1]) & (what[1:] != what[:-1]))
    names = (*feature.groups, unknown.name)
    for index in clash[:_SHOWN]:
        one, other = names[what[index]], names[what[index + 1]]
        problems.append(
            f"patient {patients.distinct[who[index]]} is both '{one}' and '{other}' under {feature.name}: "
            "correct it, or use a group for more than one"
        )
    if len(clash) > _SHOWN:
        problems.append(f"{feature.name}: {len(clash) - _SHOWN} more patients have two values")


def _report(texts: Texts, wrong: NDArray[np.bool_], problems: list[str], line: Any) -> None:
    rows = texts.rows_with(wrong)
    problems.extend(line(row + 1, texts.distinct[texts.index[row]]) for row in rows[:_SHOWN])
    if len(rows) > _SHOWN:
        last = line(rows[_SHOWN] + 1, texts.distinct[texts.index[rows[_SHOWN]]])
        problems.append(f"{last}, and {len(rows) - _SHOWN - 1} more rows")
