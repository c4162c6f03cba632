"""What limits cost: the gate's own answer on simulated people, for every metric and for all limits at once."""

from dataclasses import replace

import numpy as np
import pytest

from lennox.audit import TableOptions, Verdict, audit, judge, table_from_columns
from lennox.audit.plan import Assumptions, joint_chance, pass_chance, plan
from lennox.errors import InputError


def only(policy, *requirements, groups=3):
    feature = replace(policy.features[0], groups=policy.features[0].groups[:groups])
    evidence = replace(policy.evidence, min_cases=1, min_controls=1, min_patients=2, resamples=1000)
    return replace(policy, features=(feature,), requirements=requirements, evidence=evidence)


def simulated_share(policy, patients, rate, icc, audits, seed=7):
    """PASS in whole audits of drawn tables, three groups, four diseased teeth a patient."""
    rng, passed = np.random.default_rng(seed), 0
    groups, strength = policy.features[0].groups, (1 - icc) / icc
    who = np.repeat(np.arange(patients * len(groups)), 4)
    group = np.array(groups)[np.repeat(np.arange(len(groups)), 4 * patients)]
    for _ in range(audits):
        own = rng.beta(rate * strength, (1 - rate) * strength, patients * len(groups))
        score = np.where(rng.random(len(who)) < own[who], 0.9, 0.1)
        columns = {"patient": who, policy.features[0].name: group, "label": np.ones(len(who), int), "score": score}
        table = table_from_columns(columns, policy, TableOptions(threshold=0.5), name="t")
        passed += judge(audit(table, policy), policy).verdict is Verdict.PASS
    return passed / audits


@pytest.mark.slow
@pytest.mark.parametrize("patients", [75, 150])
def test_a_plan_is_within_three_points_of_whole_audits(small_policy, patients):
    """A floor and a gap on the same clustered teeth, together."""
    floor, gap = replace(small_policy.requirements[0], low=0.8), replace(small_policy.requirements[1], high=0.12)
    policy, said = only(small_policy, floor, gap), Assumptions((0.9,), icc=0.3, per_patient=4)
    planned = joint_chance(policy.requirements, policy, 0.9, patients, said)
    assert planned == pytest.approx(simulated_share(policy, patients, 0.9, 0.3, 400), abs=0.03 + 3 * 0.025)


def test_a_floor_and_a_gap_on_the_same_people_pass_together_more_often_than_apart(small_policy):
    floor, gap = replace(small_policy.requirements[0], low=0.8), replace(small_policy.requirements[1], high=0.12)
    policy, said = only(small_policy, floor, gap), Assumptions((0.9,), icc=0.3, per_patient=4)
    alone = [pass_chance([one], policy, 0.9, 150, said) for one in (floor, gap)]
    together = joint_chance((floor, gap), policy, 0.9, 150, said)
    assert alone[0] * alone[1] < together <= min(alone) + 0.01


def test_more_patients_and_a_better_model_pass_more_often(small_policy):
    floor = replace(small_policy.requirements[0], low=0.80)
    policy = only(small_policy, floor)
    (low, high) = plan(policy, Assumptions((0.88, 0.95), icc=0.3, per_patient=4)).costs
    assert list(high.chances.values()) == pytest.approx(sorted(high.chances.values()), abs=0.02)
    assert all(high.chances[n] >= low.chances[n] - 0.02 for n in low.chances)
    assert high.patients_80 < low.patients_80
    assert high.patients_80 <= high.patients_90
    at_80 = pass_chance([floor], policy, 0.95, high.patients_80, Assumptions((0.95,), icc=0.3, per_patient=4))
    assert at_80 == pytest.approx(0.8, abs=0.06)


def test_likeness_costs_patients(small_policy):
    policy = only(small_policy, replace(small_policy.requirements[0], low=0.80))
    costs = [plan(policy, Assumptions((0.9,), icc=icc, per_patient=4)).costs[0].patients_90 for icc in (0.0, 0.5)]
    assert costs[0] < costs[1]


def test_a_model_below_its_floor_never_passes(small_policy):
    (cost,) = plan(only(small_policy, small_policy.requirements[0]), Assumptions((0.7,))).costs
    assert cost.patients_80 is None
    assert max(cost.chances.values()) < 0.06


def test_minima_of_the_policy_are_minima_of_the_plan(small_policy):
    policy = replace(small_policy, requirements=small_policy.requirements[:1])
    few = policy.evidence.min_patients - 1
    assert pass_chance(policy.requirements, policy, 0.99, few, Assumptions(per_patient=4)) == 0.0


@pytest.mark.parametrize(
    ("metric", "better", "limit", "truth"),
    [("auc", "low", 0.8, 0.92), ("dice", "low", 0.6, 0.8), ("brier", "high", 0.2, 0.9), ("fpr", "high", 0.2, 0.95),
     ("false_positives_per_image", "high", 1.0, 0.9), ("calibration_slope", "both", (0.5, 2.0), 0.9),
     ("calibration_intercept", "both", (-1.0, 1.0), 0.9)],
)  # fmt: skip
def test_every_metric_is_planned(small_policy, metric, better, limit, truth):
    low, high = {"low": (limit, None), "high": (None, limit), "both": limit}[better]
    asked = replace(small_policy.requirements[0], id="x", metric=metric, low=low, high=high)
    policy = only(small_policy, asked, groups=2)
    from lennox.audit.plan import true_value

    value = true_value(asked, truth)
    few, many = (pass_chance([asked], policy, value, n, Assumptions((truth,), icc=0.1)) for n in (30, 500))
    assert few <= many
    assert many > 0.9


def test_the_same_seed_plans_the_same(small_policy):
    policy = only(small_policy, *small_policy.requirements[:2])
    chances = [joint_chance(policy.requirements, policy, 0.9, 100, Assumptions(), seed=4) for _ in range(2)]
    assert chances[0] == chances[1]


@pytest.mark.parametrize("wrong", [{"truths": ()}, {"truths": (1.0,)}, {"icc": 1.5}, {"per_patient": 0.0}])
def test_impossible_assumptions_are_refused(wrong):
    with pytest.raises(InputError):
        Assumptions(**wrong)
