"""A file is columns or it is refused: nothing is shifted, filled or merged in silence, and damage is one sentence."""

import json
import random

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from lennox.audit import TableError, TableOptions, read_table
from lennox.audit.read_table import training_patients
from lennox.audit.table_file import MAX_COLUMNS, MAX_VALUES, read_file

TABLE = "patient,group,label,score\n1,a,1,0.9\n2,b,0,0.1\n"


def written(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "\n" + TABLE,
        "   \n\n" + TABLE,
        "\ufeff" + TABLE,
        TABLE.replace("\n", "\r\n"),
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace("1,a", '"1","a"'),
        TABLE + "\n\n",
    ],
)
def test_csv_is_read_as_spreadsheets_write_it(tmp_path, small_policy, text):
    table = read_table(written(tmp_path, text), small_policy, TableOptions(threshold=0.5))
    assert sorted(table.score.tolist()) == [0.1, 0.9]
    assert table.patients == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\npatient,group,label,score,label\n1,a,1,0.9,0\n", "the column 'label' comes twice"),
        ("patient,group,label,score,label \n1,a,1,0.9,0\n", "the column 'label' comes twice"),
        (TABLE + "3,c,1\n", "line 4: 3 values under 4 columns"),
        (TABLE + "3,c,1,0.9,7\n", "line 4: 5 values under 4 columns"),
        ("patient,group,label,score\n1,a,1,0.9,x\n2,b,0,0.1,y\n", "line 2: 5 values under 4 columns"),
        (TABLE + '3,"c,1,0.9\n', "line 4"),
        (",".join(f"c{i}" for i in range(MAX_COLUMNS + 1)) + "\n", "a table has 1000 at most"),
        (TABLE.encode("utf-16"), "not a table"),
        (b"patient,group\n\xff,a\n", "not a table"),
        ("", "not a table"),
        ("patient,group,label,score\n", "no rows"),
    ],
)
def test_what_would_be_shifted_filled_or_merged_is_refused(tmp_path, small_policy, text, message):
    with pytest.raises(TableError, match=message):
        read_table(written(tmp_path, text), small_policy, TableOptions(threshold=0.5))


def test_damaged_parquet_is_one_sentence(tmp_path):
    pd.DataFrame({"patient": [1, 2], "group": ["a", "b"], "score": [0.1, 0.9]}).to_parquet(tmp_path / "t.parquet")
    whole, chance = (tmp_path / "t.parquet").read_bytes(), random.Random(1)
    refusals = []
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read_file(written(tmp_path, bytes(data), "damaged.parquet"))
        except TableError as error:
            refusals.append(str(error))
    assert len(refusals) > 50
    assert not any("\n" in refusal for refusal in refusals)


def test_a_doubled_column_of_a_data_frame_is_refused(small_policy):
    from lennox.audit import table_from_columns

    frame = pd.DataFrame([[1, "a", 1, 0.9, 0]], columns=["patient", "group", "label", "score", "label"])
    with pytest.raises(TableError, match="the column 'label' comes twice"):
        table_from_columns(frame, small_policy, TableOptions(), name="t")


@pytest.mark.parametrize("name", ["t.txt", "t.csv", "t.parquet"])
def test_a_training_list_is_read_in_any_form_and_never_empty(tmp_path, name):
    def save(ids):
        if name.endswith("parquet"):
            pd.DataFrame({"patient": ids}).to_parquet(tmp_path / name)
        else:
            head = "patient\n" if name.endswith("csv") else "\ufeff"
            written(tmp_path, head + "".join(f"{one}\n" for one in ids), name)
        return training_patients(tmp_path / name, "patient")

    assert save(["1.0", " 2 ", "3\u200b"]) == {"1", "2", "3"}
    with pytest.raises(TableError, match="names no patient"):
        save(["", " "])


def test_parquet_whose_texts_are_not_utf_8_is_refused(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    text = pa.Array.from_buffers(pa.string(), 2, pa.array([b"p1", b"\x8a2"], pa.binary()).buffers())
    parquet.write_table(pa.table({"patient": text}), tmp_path / "cases.parquet")
    with pytest.raises(TableError, match=r"not a table \(.*(UTF8|UTF-8)"):
        read_file(tmp_path / "cases.parquet")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "1,north\n2,south\n"),
        ("list.txt", "1\n2;south\n"),
        ("list.txt", "patient\tsite\n1\tnorth\n"),
        ("list.txt", '"1"\n"2"\n'),
        ("list.txt", "1  # the first\n"),
        ("list.json", '["1", "2"]'),
        ("list.json", "[\n1\n]"),
        ("list.xlsx", "PK\x03\x04 1"),
        ("list.xml", "<patient>1</patient>"),
        ("list.csv", "patient,\n1.23457E+14,\n"),
        ("list.txt", "1\n1,2E+05\n"),
        ("list.txt", "1.23457E+14\n"),
    ],
)
def test_a_training_list_that_would_match_nobody_is_refused(tmp_path, name, text):
    with pytest.raises(TableError, match=r"one patient|shortened"):
        training_patients(written(tmp_path, text, name), "patient")


def test_a_training_list_may_be_parted_by_tabs(tmp_path):
    assert training_patients(written(tmp_path, "patient\tsite\n1\tn\n", "t.tsv"), "patient") == {"1"}


@pytest.mark.parametrize("kind", ["i4,(", "no such type", ""])
def test_what_pandas_noted_of_a_parquet_file_may_be_nonsense(tmp_path, kind):
    note = {"columns": [{"name": "patient", "field_name": "patient", "pandas_type": "int64", "numpy_type": kind}]}
    note |= {"index_columns": [], "column_indexes": []}
    table = pa.table({"patient": [1, 2]}).replace_schema_metadata({"pandas": json.dumps(note)})
    parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(TableError, match="not a table"):
        read_file(tmp_path / "t.parquet")


@pytest.mark.parametrize("index", [["patient"], ["patient", "group"]])
def test_what_pandas_keeps_as_index_of_a_parquet_file_are_columns(tmp_path, small_policy, index):
    frame = pd.DataFrame({"patient": [1, 2], "group": ["a", "b"], "label": [1, 0], "score": [0.9, 0.1]})
    frame.set_index(index).to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", small_policy, TableOptions(threshold=0.5)).patients == 2


def test_a_small_parquet_file_of_very_many_values_is_refused(tmp_path):
    rows = MAX_VALUES // 100 + 1
    parquet.write_table(pa.table({f"c{number}": pa.nulls(rows) for number in range(100)}), tmp_path / "t.parquet")
    with pytest.raises(TableError, match="larger than"):
        read_file(tmp_path / "t.parquet")


def test_a_text_that_many_rows_of_a_parquet_file_hold_is_held_once(tmp_path):
    notes = pa.DictionaryArray.from_arrays(pa.array([0] * 1000), pa.array(["x" * 100_000])).cast(pa.string())
    parquet.write_table(pa.table({"note": notes, "patient": ["1", "2"] * 500}), tmp_path / "t.parquet")
    frame = read_file(tmp_path / "t.parquet")
    assert frame["note"].memory_usage(deep=True) < 1_000_000
    assert frame["patient"].tolist() == ["1", "2"] * 500
