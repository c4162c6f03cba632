"""The three answers: when each is given, and that nothing but the truth of the data changes them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lennox.audit import TableOptions, Verdict, audit, judge, table_from_columns


def verdict_of(table, policy, **reading):
    table = table_from_columns(table, policy, TableOptions(**{"threshold": 0.5, **reading}), name="t")
    return judge(audit(table, policy), policy)


def test_a_good_model_passes_and_each_row_says_why(small_policy, draw_table):
    judged = verdict_of(draw_table(), small_policy)
    assert judged.verdict is Verdict.PASS
    assert len(judged.rows) == 3 + 6 + 3
    assert {row.reason for row in judged.rows} == {"the bound clears the limit"}
    assert all(row.needs_more_patients is None for row in judged.rows)


def test_a_model_that_fails_one_group_fails(small_policy, draw_table):
    judged = verdict_of(draw_table(tpr=(0.95, 0.95, 0.4)), small_policy)
    assert judged.verdict is Verdict.FAIL
    failed = {(row.requirement.id, row.measurement.group[0][1]) for row in judged.rows if row.verdict is Verdict.FAIL}
    assert failed == {("floor", "c"), ("gap", "a"), ("gap", "b")}


def test_a_small_group_is_not_a_pass_and_says_what_it_needs(small_policy, draw_table):
    table = pd.DataFrame(draw_table())
    few = table[(table.group != "c") | (table.patient % 15 == 2)]
    judged = verdict_of(few, small_policy)
    assert judged.verdict is Verdict.INSUFFICIENT
    thin = [row for row in judged.rows if row.verdict is Verdict.INSUFFICIENT]
    assert all("too few: 20 of 30 patients" in row.reason for row in thin)
    assert all(row.needs_more_patients >= 10 for row in thin)


def test_r30_a_declared_group_without_rows_is_insufficient_and_printed(small_policy, draw_table):
    table = pd.DataFrame(draw_table())
    judged = verdict_of(table[table.group != "c"], small_policy)
    assert judged.verdict is Verdict.INSUFFICIENT
    row = next(row for row in judged.rows if row.measurement.group == (("group", "c"),))
    assert row.measurement.people.patients == 0
    assert row.needs_more_patients >= 60


def test_people_who_did_not_say_are_gated(small_policy, draw_table):
    table = pd.DataFrame(
        draw_table(patients=400, groups=("a", "b", "c", ""), tpr=(0.95, 0.95, 0.95, 0.3), fpr=(0.05,) * 4)
    )
    judged = verdict_of(table, small_policy)
    assert judged.verdict is Verdict.FAIL
    assert {
        row.measurement.group[0][1]
        for row in judged.rows
        if row.verdict is Verdict.FAIL and row.requirement.id == "floor"
    } == {"did not say"}


def test_too_many_who_did_not_say_leave_the_whole_audit_open(small_policy, draw_table):
    table = pd.DataFrame(draw_table())
    table["group"] = table["group"].where(table.patient % 2 == 0, "")
    judged = verdict_of(table, small_policy)
    assert judged.verdict is Verdict.INSUFFICIENT
    assert all("'did not say' for group (30 % allowed)" in row.reason for row in judged.rows)


def test_a_patient_with_one_film_in_no_group_is_silent_by_that_part_only(small_policy, draw_table):
    table = pd.DataFrame(draw_table())
    table["group"] = table["group"].where(table.index % 4 != 0, "")  # one of four teeth of everybody
    measured = audit(table_from_columns(table, small_policy, TableOptions(threshold=0.5), name="t"), small_policy)
    assert measured.unknown_share == {"group": 0.25}
    assert not any(cell.excess for cell in measured.measurements)


def test_missing_labels_leave_their_group_open(small_policy, draw_table):
    table = pd.DataFrame(draw_table())
    table["label"] = table["label"].astype(object).where((table.group != "b") | (table.index % 10 != 0), "")
    judged = verdict_of(table, small_policy)
    open_groups = {
        row.measurement.group[0][1]
        for row in judged.rows
        if row.verdict is Verdict.INSUFFICIENT and row.requirement.id == "floor"
    }
    assert open_groups == {"b"}


def test_a_group_without_disease_is_undefined_not_zero(small_policy, draw_table):
    table = pd.DataFrame(draw_table())
    table.loc[table.group == "c", "label"] = 0
    judged = verdict_of(table, small_policy)
    row = next(row for row in judged.rows if row.requirement.id == "floor" and row.measurement.group[0][1] == "c")
    assert row.verdict is Verdict.INSUFFICIENT
    assert row.measurement.evidence is None


def test_refused_films_never_flatter_a_model(small_policy, draw_table):
    table = pd.DataFrame(draw_table(tpr=(0.95, 0.95, 0.4)))
    table.loc[(table.group == "c") & (table.score < 0.5), "score"] = np.nan
    assert verdict_of(table, small_policy).verdict is Verdict.FAIL


def test_healthy_films_that_were_refused_are_no_right_answers(small_policy, draw_table):
    table = pd.DataFrame(draw_table())
    refused = (table.group == "c") & (table.label == 0) & (table.index % 2 == 0)
    rows = {}
    for name, changed in (("read", table), ("refused", table.assign(score=table.score.mask(refused)))):
        judged = verdict_of(changed, small_policy)
        rows[name] = next(r for r in judged.rows if r.requirement.id == "alarms" and r.measurement.group[0][1] == "c")
    assert rows["refused"].measurement.people.denominator == rows["read"].measurement.people.denominator - refused.sum()
    assert rows["refused"].measurement.people.unreadable == refused.sum()


def test_fail_wins_over_insufficient(small_policy, draw_table):
    table = pd.DataFrame(draw_table(tpr=(0.95, 0.4, 0.95)))
    assert verdict_of(table[table.group != "c"], small_policy).verdict is Verdict.FAIL


def test_renamed_groups_in_another_order_get_the_same_verdicts(small_policy, draw_table):
    table = pd.DataFrame(draw_table(tpr=(0.9, 0.84, 0.75)))
    names = {"a": "zebra", "b": "42", "c": "älter"}
    renamed = table.assign(group=table.group.map(names))
    feature = replace(small_policy.features[0], groups=("älter", "zebra", "42"))
    other = replace(small_policy, features=(feature,))
    first, second = verdict_of(table, small_policy), verdict_of(renamed, other)

    def answers(judged, rename):
        key = lambda side: tuple(rename.get(v, v) for _, v in side or ())  # noqa: E731
        return {
            (r.requirement.id, key(r.measurement.group), key(r.measurement.versus)): (
                r.verdict,
                r.bound,
                r.needs_more_patients,
            )
            for r in judged.rows
        }

    assert answers(first, names) == answers(second, {})


def test_shuffled_rows_give_every_number_again(whole_policy, draw_table):
    table = pd.DataFrame(draw_table(patients=120))
    shuffled = table.sample(frac=1, random_state=3)
    one, two = verdict_of(table, whole_policy), verdict_of(shuffled.astype({"patient": str}), whole_policy)
    np.testing.assert_array_equal([r.bound for r in one.rows], [r.bound for r in two.rows])
    np.testing.assert_array_equal([r.second_bound for r in one.rows], [r.second_bound for r in two.rows])


def test_shared_patients_are_paired(small_policy):
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(150), 4)
    label, mouth = np.ones(600, int), rng.random(150)[who]
    group = np.tile(["a", "a", "b", "b"], 150)
    score = np.where(rng.random(600) < 0.6 + 0.35 * mouth, 0.9, 0.1)
    table = table_from_columns(
        {"patient": who, "group": group, "label": label, "score": score},
        small_policy,
        TableOptions(threshold=0.5),
        name="t",
    )
    gap = next(m for m in audit(table, small_policy).measurements if m.requirement == "gap")
    assert gap.evidence.correlation > 0.0
    assert "patients in both groups allowed for" in gap.evidence.method


def test_intersections_gate_let_go_or_report(small_policy, draw_table):
    from lennox.policy.policy import Feature, Intersection

    table = pd.DataFrame(draw_table())
    table["jaw"] = np.where(table.patient % 30 == 0, "lower", "upper")
    features = (small_policy.features[0], Feature("jaw", "record", ("upper", "lower")))
    floor = replace(small_policy.requirements[0], over=("group", "jaw"), low=0.5)
    for mode, gated, verdict in (
        ("gate", 6, "INSUFFICIENT EVIDENCE"),
        ("gate-if-enough", 3, "PASS"),
        ("report", 0, "PASS"),
    ):
        policy = replace(
            small_policy,
            features=features,
            requirements=(floor,),
            intersections=(Intersection(("group", "jaw"), mode),),
        )
        policy = replace(policy, evidence=replace(policy.evidence, min_patients=8, min_cases=15))
        table["jaw"] = np.where(table.patient % 12 == 0, "lower", "upper")  # in group a only
        measured = audit(table_from_columns(table, policy, TableOptions(threshold=0.5), name="t"), policy)
        crossed = [m for m in measured.measurements if len(m.group) == 2]
        assert len(crossed) == 6
        assert sum(m.gated for m in crossed) == gated + (mode == "gate-if-enough")
        assert judge(measured, policy).verdict == verdict


def test_to_overall_judges_both_ways_round(small_policy, draw_table):
    gap = replace(small_policy.requirements[1], criterion="to-overall")
    judged = verdict_of(draw_table(tpr=(0.95, 0.95, 0.5)), replace(small_policy, requirements=(gap,)))
    assert judged.verdict is Verdict.FAIL
    failed = [row.measurement for row in judged.rows if row.verdict is Verdict.FAIL]
    assert any(m.group == () and m.versus == (("group", "c"),) for m in failed)


def test_needs_more_patients_is_enough(small_policy, draw_table):
    """Bring as many more as were named: most draws are then decided."""
    table = draw_table(patients=126, tpr=(0.9, 0.9, 0.9), seed=5)
    floor = replace(small_policy, requirements=(replace(small_policy.requirements[0], low=0.84),))
    rows = [row for row in verdict_of(table, floor).rows if row.verdict is Verdict.INSUFFICIENT]
    assert rows
    more = max(row.needs_more_patients for row in rows)
    decided = [
        verdict_of(draw_table(patients=126 + 3 * more, tpr=(0.9, 0.9, 0.9), seed=seed), floor).verdict is Verdict.PASS
        for seed in range(8)
    ]
    assert sum(decided) >= 5


def test_judge_is_pure(small_policy, draw_table):
    measured = audit(
        table_from_columns(draw_table(), small_policy, TableOptions(threshold=0.5), name="t"), small_policy
    )
    assert judge(measured, small_policy) == judge(measured, small_policy)


@pytest.mark.parametrize("column", ["lesions", "false_positives", "dice"])
def test_metrics_of_columns(small_policy, draw_table, column):
    metric, direction = {
        "lesions": ("lesion_sensitivity", "low"),
        "false_positives": ("false_positives_per_image", "high"),
        "dice": ("dice", "low"),
    }[column]
    limit = {"low": 0.5, "high": None} if direction == "low" else {"low": None, "high": 1.0}
    way = "at-least" if direction == "low" else "at-most"
    asked = replace(small_policy.requirements[0], id="x", metric=metric, direction=way, **limit)
    rng = np.random.default_rng(0)
    table = draw_table()
    n = len(table["label"])
    table |= {
        "lesions": np.full(n, 2),
        "lesions_found": rng.binomial(2, 0.8, n),
        "false_positives": rng.poisson(0.5, n),
    }
    table |= {"dice": rng.uniform(0.6, 0.9, n)}
    judged = verdict_of(table, replace(small_policy, requirements=(asked,)))
    assert judged.verdict is Verdict.PASS
    want = {"lesions": 0.8, "false_positives": 0.5, "dice": 0.75}[column]
    assert judged.rows[0].measurement.evidence.estimate == pytest.approx(want, abs=0.06)


def test_a_notebook_shows_the_verdict_with_the_worst_cells_first(small_policy, draw_table):
    import re

    data = draw_table(tpr=(0.95, 0.95, 0.4))
    table = table_from_columns(data, small_policy, TableOptions(threshold=0.5), name="t")
    measured = audit(table, small_policy)
    text = " ".join(re.sub(r"<[^>]*>", " ", judge(measured, small_policy)._repr_html_()).split())
    assert text.startswith("FAIL requirement verdict floor FAIL")
    assert re.search(r"why floor group: c FAIL 0\.\d+ ", text)
    unjudged = " ".join(re.sub(r"<[^>]*>", " ", measured._repr_html_()).split())
    assert unjudged.startswith("Measured, and not judged yet")
    assert not any(verdict in unjudged for verdict in Verdict)
