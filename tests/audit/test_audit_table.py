"""A table is read whole or refused: rules R29 to R34, and the same meaning in every data type."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lennox.audit import TableError, TableOptions, read_table, table_from_columns


def read(table, policy, **reading):
    return table_from_columns(table, policy, TableOptions(**{"threshold": 0.5, **reading}), name="cases.csv")


def refusal(table, policy, **reading):
    with pytest.raises(TableError) as caught:
        read(table, policy, **reading)
    return caught.value.problems


def small(**columns):
    return {
        "patient": [1, 1, 2, 3],
        "group": ["a", "a", "b", "c"],
        "label": [1, 0, 1, 0],
        "score": [0.9, 0.1, 0.6, 0.2],
        **columns,
    }


def test_r29_a_value_that_is_no_group_is_refused(small_policy):
    assert refusal(small(group=["a", "a ", "b", "c"]), small_policy) == (
        "cases.csv: row 2: 'a ' is not a group of 'group' (a, b, c, did not say)",
    )


def test_missing_groups_are_one_group_of_people_who_did_not_say(small_policy):
    for empty in (["a", "", "nan", None], ["a", "NA", "None", np.nan], ["a", "did not say", "", "n/a"]):
        table = read(small(patient=[1, 2, 3, 4], group=empty), small_policy)
        assert sorted(table.group["group"].tolist()) == [0, 3, 3, 3]


def test_written_as_reads_other_spellings(small_policy):
    policy = replace(small_policy, unknown=replace(small_policy.unknown, written_as=("refused",)))
    assert 3 in read(small(group=["a", "a", "b", "refused"]), policy).group["group"]


def test_r31_training_patients_are_refused(small_policy):
    (line,) = refusal(small(), small_policy, training=frozenset({"1", "3", "99"}))
    assert "2 patients of the audit were in training" in line
    (line,) = refusal(small(split=["train", "audit", "audit", "audit"]), small_policy)
    assert "1 patient of the audit was in training" in line
    table = read(small(split=["train", "train", "test", "test"]), small_policy)
    assert len(table) == 2
    assert table.excluded == {"training rows": 2}


def test_r32_one_patient_in_two_groups_of_a_fixed_feature(small_policy):
    fixed = replace(small_policy, features=(replace(small_policy.features[0], fixed=True),))
    (line,) = refusal(small(group=["a", "b", "b", "c"]), fixed)
    assert line.startswith("patient 1 is both 'a' and 'b' under group: correct it, or use")
    assert len(read(small(group=["a", "b", "b", "c"]), small_policy)) == 4  # a camera may change


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"score": [0.9, 1.2, 0.6, 0.2]}, "row 2: '1.2' in 'score' is not a number in 0..1"),
        ({"score": [0.9, -0.1, 0.6, 0.2]}, "row 2: '-0.1' in 'score'"),
        ({"score": ["0.9", "much", "0.6", "0.2"]}, "row 2: 'much' in 'score'"),
        ({"score": [0.9, np.inf, 0.6, 0.2]}, "row 2: 'inf' in 'score'"),
        ({"label": [1, 2, 1, 0]}, "row 2: label '2' in 'label' is not 0 or 1"),
        ({"label": ["1", "x", "1", "0"]}, "row 2: label 'x'"),
        ({"patient": [1, None, 2, 3]}, "row 2: no patient in 'patient'"),
    ],
)
def test_r33_values_that_mean_nothing_are_refused_by_row(small_policy, columns, message):
    assert any(message in line for line in refusal(small(**columns), small_policy))


def test_r33_a_missing_score_is_a_film_that_could_not_be_read(small_policy):
    table = read(small(score=[0.9, np.nan, 0.6, ""]), small_policy)
    assert np.isnan(table.score).sum() == 2


def test_r34_another_threshold_is_refused(small_policy):
    (line,) = refusal(small(threshold=[0.4] * 4), small_policy)
    assert "the operating point was changed after the policy: run a new audit" in line
    frozen = replace(small_policy, scope=replace(small_policy.scope, threshold=0.3))
    assert "the operating point was changed" in refusal(small(), frozen)[0]
    assert read(small(), frozen, threshold=None).threshold == 0.3
    assert "2 thresholds" in refusal(small(threshold=[0.4, 0.4, 0.5, 0.4]), small_policy, threshold=None)[0]
    assert "nobody gave an operating point" in read(small(), small_policy, threshold=None).threshold_note


def test_columns_that_are_not_there_are_named(small_policy):
    table = small()
    table["Group"] = table.pop("group")
    assert "no column 'group' for group; it has" in refusal(table, small_policy)[0]
    assert read(table, small_policy, columns={"group": "Group"}).patients == 3
    assert read(table, small_policy, not_recorded=("group",)).not_recorded == ("group",)
    assert "'grupo' is no feature of the policy" in refusal(small(), small_policy, columns={"grupo": "g"})[0]


TYPES = {
    "texts": lambda t: {k: v.astype(str) for k, v in t.items()},
    "categories": lambda t: {**t, "group": pd.Categorical(t["group"]), "patient": pd.Categorical(t["patient"])},
    "floats": lambda t: {**t, "patient": t["patient"].astype(float), "label": t["label"].astype(float)},
    "true and false": lambda t: {**t, "label": t["label"].astype(bool)},
    "words": lambda t: {**t, "label": np.where(t["label"] == 1, "True", "False")},
    "objects": lambda t: {k: v.astype(object) for k, v in t.items()},
    "shuffled": lambda t: {k: v[np.random.default_rng(0).permutation(len(v))] for k, v in t.items()},
}


@pytest.mark.parametrize("name", TYPES)
def test_data_types_and_order_mean_the_same(name, small_policy, draw_table):
    table = draw_table()
    plain, other = read(table, small_policy), read(TYPES[name](table), small_policy)
    order = {text: index for index, text in enumerate(sorted(set(table["patient"].astype(str))))}
    assert len(order) == plain.patients
    for column in ("patient", "label", "score"):
        np.testing.assert_array_equal(getattr(plain, column), getattr(other, column))
    np.testing.assert_array_equal(plain.group["group"], other.group["group"])


@pytest.mark.parametrize(
    "values", [[1, 0, 1], [True, False, True], [1.0, 0.0, 1.0], ["true", "false", "true"], ["1", "0", "1"]]
)
@pytest.mark.parametrize("groups", [("true", "false"), ("1", "0"), ("yes", "no"), ("True", "False")])
def test_a_yes_or_no_group_is_read_from_any_type(small_policy, values, groups):
    policy = replace(small_policy, features=(replace(small_policy.features[0], groups=groups),))
    table = {"patient": [1, 2, 3], "group": values, "label": [1, 0, 1], "score": [0.9, 0.1, 0.4]}
    assert read(table, policy).group["group"].tolist() == [0, 1, 0]


def test_csv_and_parquet_are_read_alike(small_policy, draw_table, tmp_path):
    frame = pd.DataFrame(draw_table())
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    one, two = (
        read_table(tmp_path / name, small_policy, TableOptions(threshold=0.5)) for name in ("t.csv", "t.parquet")
    )
    np.testing.assert_array_equal(one.score, two.score)
    np.testing.assert_array_equal(one.patient, two.patient)
    assert one.digest != two.digest


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00bad", b"a,b,a\n1,2,3\n", b"patient,group,label,score\n"])
def test_files_that_are_no_table_are_refused(small_policy, tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(TableError):
        read_table(path, small_policy)
    with pytest.raises(TableError, match="cannot be read"):
        read_table(tmp_path / "none.csv", small_policy)


def test_a_column_of_lists_is_refused_by_value(small_policy):
    table = pd.DataFrame(small())
    table["group"] = [["a"], ["b"], "b", "c"]
    assert "is not a group of 'group'" in refusal(table, small_policy)[0]


def test_a_column_of_tooth_numbers_is_no_kind_of_row(small_policy):
    assert set(read(small(unit=["16", "17", "16", "46"]), small_policy).kind) == {"tooth"}
    assert read(small(unit=["lesion", "tooth", "lesion", "tooth"]), small_policy).rows_of("lesion").sum() == 2
    assert len(read(small(dice=["good", "bad", "", "x"]), small_policy)) == 4  # not asked for, not read


def test_r40_rows_and_images_of_another_kind_are_refused(small_policy):
    (line,) = refusal(small(unit=["image"] * 4), small_policy)
    assert "says that rows are image, and the policy is about each tooth" in line
    policy = replace(small_policy, scope=replace(small_policy.scope, modality=("periapical",)))
    (line,) = refusal(small(modality=["periapical", "panoramic", "periapical", ""]), policy)
    assert "holds '', 'panoramic'; the policy is about periapical" in line
    assert len(read(small(modality=["periapical"] * 4), policy)) == 4


@pytest.mark.parametrize("first", [0, 1])
def test_r41_rows_that_are_numbered_are_no_people(small_policy, first):
    table = {"patient": range(first, first + 40), "group": ["a"] * 40, "label": [1, 0] * 20, "score": [0.9, 0.1] * 20}
    (line,) = refusal(table, small_policy)
    assert "numbers the rows" in line
    people = replace(small_policy, scope=replace(small_policy.scope, unit="patient"))
    assert read(table, people).patients == 40
    assert read({**table, "patient": np.arange(40) // 2}, small_policy).patients == 20
