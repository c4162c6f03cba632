"""A value means the same in every spelling and data type, and a person is counted once."""

import re
import unicodedata
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lennox.audit import TableError, TableOptions, read_table, table_from_columns


def read(table, policy, **options):
    return table_from_columns(table, policy, TableOptions(**{"threshold": 0.5, **options}), name="t.csv")


def people(ids, policy, **options):
    columns = {"patient": ids, "group": ["a"] * len(ids), "label": [1] * len(ids), "score": [0.9] * len(ids)}
    return read(columns, policy, **options)


COMPOSED, TAKEN_APART = (unicodedata.normalize(form, "José 1") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    "spellings",
    [
        ["7", "7 ", " 7", "7\t", "\u00a07", "7.0", "7.00", 7, 7.0, np.float32(7), Decimal("7.0"), b"7"],
        [
            COMPOSED,
            TAKEN_APART,
            f"{TAKEN_APART}\u200b",
            "Jose\u0301  1",
            "\ufeffJosé 1",
            "Jo\u00adsé 1",
            "José\u20601"[:4] + " 1",
        ],
        ["P1", "P1\r", "P\u200d1", "P1\ufe0f", "\u202aP1"],
        ["-3", "-3.0", -3, -3.0],
    ],
)
def test_one_person_is_counted_once_however_the_id_is_written(spellings, small_policy):
    assert people(np.array(spellings, object), small_policy).patients == 1
    assert people(np.array([*spellings, "another"], object), small_policy).patients == 2
    for spelling in spellings:
        with pytest.raises(TableError, match="1 patient of the audit was in training"):
            people(
                np.array([spellings[0], "another"], object),
                small_policy,
                training=frozenset({str(spelling) if not isinstance(spelling, bytes) else "7"}),
            )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("P1", "p1"), ("007", "7"), ("1７", "17"), ("ﬁ1", "fi1")],
        *[("+7", "7"), ("100000", "1e+05"), ("7,0", "7"), ("١٧", "17"), ("a-1", "a\u20111"), ("-0", "0")],
        *[("O'Hara", "O\u2019Hara"), ("O'Hara", "O\u00b4Hara")],
    ],
)
def test_ids_that_may_be_one_person_are_refused_and_count_as_trained_on(one, other, small_policy):
    with pytest.raises(TableError, match=re.escape(f"'{one}' and '{other}' in 'patient' may be one person")):
        people([one, other], small_policy)
    with pytest.raises(TableError, match="was in training"):
        people([one], small_policy, training=frozenset({other}))


@pytest.mark.parametrize("shortened", ["1.23457E+14", "1,23457e+14", "1E+14", "9.9e20"])
def test_ids_that_a_spreadsheet_shortened_are_refused(shortened, small_policy):
    with pytest.raises(TableError, match="a spreadsheet shortened: different people have the same"):
        people([shortened, "another"], small_policy)


@pytest.mark.parametrize("split", ["train", " Training", "TRAIN_SET", "training set", "trainval", "train 2"])
def test_rows_that_were_trained_on_are_left_out_however_it_is_said(split, small_policy):
    columns = {"patient": [1, 2], "group": ["a", "b"], "label": [1, 0], "score": [0.9, 0.1], "split": [split, "Test"]}
    assert read(columns, small_policy).patients == 1
    with pytest.raises(TableError, match="1 patient of the audit was in training"):
        read(columns | {"patient": [1, 1]}, small_policy)


@pytest.mark.parametrize("split", ["dev", "entrenamiento", "0", "fold 3"])
def test_a_split_that_may_be_training_is_refused(split, small_policy):
    columns = {"patient": [1, 2], "group": ["a", "b"], "label": [1, 0], "score": [0.9, 0.1], "split": [split, "test"]}
    with pytest.raises(TableError, match=f"'{split}' in 'split' does not say whether these rows were trained on"):
        read(columns, small_policy)


def test_different_people_stay_different(small_policy):
    ids = ["1", "10", "01a", "1a", "1-12", "11-2", "1.5", "15", "1e1", "a b", "ab", "A-1", "A1"]
    assert people(ids, small_policy).patients == len(ids)


def test_ids_that_lost_figures_as_decimal_numbers_are_refused(small_policy):
    for ids in (np.array([2.0**53 + 2, 1.0]), np.array([2.0**24 + 2, 1.0], np.float32)):
        with pytest.raises(TableError, match="they lose figures"):
            people(ids, small_policy)
    assert people(np.array([2**53 + 1, 2**53 + 2]), small_policy).patients == 2


KINDS = {
    "float16": lambda s: s.astype("float16"),
    "float32": lambda s: s.astype("float32"),
    "float64": lambda s: s,
    "nullable": lambda s: s.astype("Float32"),
    "arrow": lambda s: s.astype(pd.ArrowDtype(pa.float32())),
    "category": lambda s: s.astype("float32").astype("category"),
    "text": lambda s: s.astype(str),
    "decimal": lambda s: s.map(lambda value: Decimal(str(value))),
    "bytes": lambda s: s.map(lambda value: str(value).encode()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_of_few_bits_meets_the_threshold_as_in_pandas(kind, small_policy):
    scores = pd.Series([0.7, 0.3, 0.1, 0.6])
    table = {"patient": range(4), "group": ["a", "a", "b", "c"], "label": [1, 1, 1, 0], "score": KINDS[kind](scores)}
    for threshold in (0.7, 0.3, 0.1, 0.6):
        found = read(pd.DataFrame(table), small_policy, threshold=threshold)
        assert (found.score >= threshold).sum() == (scores >= threshold).sum()


@pytest.mark.parametrize(
    "kind", ["dictionary", "categories of numbers", "bytes", "arrow text", "large text", "boolean"]
)
def test_parquet_of_any_kind_of_column_means_the_same(kind, small_policy, draw_table, tmp_path):
    table = pd.DataFrame(draw_table())
    plain = read(table, small_policy)
    change = {
        "dictionary": lambda t: t.assign(
            group=t.group.astype("category"), patient=t.patient.astype(str).astype("category")
        ),
        "categories of numbers": lambda t: t.assign(
            label=t.label.astype("category"), patient=t.patient.astype(float).astype("category")
        ),
        "bytes": lambda t: t.assign(group=t.group.map(str.encode), patient=t.patient.map(lambda p: str(p).encode())),
        "arrow text": lambda t: t.assign(group=t.group.astype("string[pyarrow]")),
        "large text": lambda t: t.assign(group=t.group.astype(pd.ArrowDtype(pa.large_string()))),
        "boolean": lambda t: t.assign(label=t.label.astype("boolean")),
    }[kind]
    change(table).to_parquet(tmp_path / "t.parquet")
    other = read_table(tmp_path / "t.parquet", small_policy, TableOptions(threshold=0.5))
    for column in ("patient", "label", "score"):
        np.testing.assert_array_equal(getattr(plain, column), getattr(other, column))
    np.testing.assert_array_equal(plain.group["group"], other.group["group"])


def test_a_group_is_the_same_composed_or_taken_apart(small_policy):
    from dataclasses import replace

    groups = (unicodedata.normalize("NFD", "São Paulo"), "b")
    policy = replace(small_policy, features=(replace(small_policy.features[0], groups=groups),))
    table = {
        "patient": [1, 2],
        "group": [unicodedata.normalize("NFC", "São Paulo"), "b"],
        "label": [1, 0],
        "score": [1, 0],
    }
    assert read(table, policy).group["group"].tolist() == [0, 1]


def test_a_number_with_an_underscore_is_no_number(small_policy):
    table = {"patient": [1], "group": ["a"], "label": [1], "score": ["0_9"]}
    with pytest.raises(TableError, match="'0_9' in 'score' is not a number"):
        read(table, small_policy)
