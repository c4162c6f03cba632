"""What limits cost: the design's table (its section 2.2), and the shape of every answer."""

from dataclasses import replace

import pytest

from lennox.audit.plan import Assumptions, pass_chance, plan
from lennox.errors import InputError


def gap_only(policy, limit, groups):
    feature = replace(policy.features[0], groups=tuple("abcdefgh"[:groups]))
    gap = replace(policy.requirements[1], high=limit)
    return replace(
        policy, features=(feature,), requirements=(gap,), evidence=replace(policy.evidence, min_cases=1, min_patients=2)
    )


@pytest.mark.parametrize(
    ("rate", "limit", "groups", "at_80", "at_90"),
    [(0.85, 0.10, 2, 222, 282), (0.85, 0.10, 4, 331, 401), (0.85, 0.10, 8, 438, 507), (0.95, 0.10, 2, 98, 119)],
)
def test_gaps_cost_what_the_design_says(small_policy, rate, limit, groups, at_80, at_90):
    (cost,) = plan(gap_only(small_policy, limit, groups), Assumptions((rate,), icc=0.0)).costs
    assert cost.patients_80 == pytest.approx(at_80, rel=0.06)
    assert cost.patients_90 == pytest.approx(at_90, rel=0.06)


def test_teeth_of_one_mouth_cost_their_design_effect(small_policy):
    """507 cases at 90 % are 241 patients of four teeth with ICC .3."""
    (cost,) = plan(gap_only(small_policy, 0.10, 8), Assumptions((0.85,), icc=0.3, per_patient=4)).costs
    assert cost.patients_90 == pytest.approx(241, rel=0.06)


def test_floors_are_exact(small_policy):
    floor = replace(small_policy.requirements[0], low=0.80)
    one = replace(small_policy, requirements=(floor,))
    assert pass_chance(floor, one, 1.0, 14) == 1.0
    assert pass_chance(floor, one, 1.0, 13) == 0.0
    assert pass_chance(floor, one, 0.80, 400) <= 0.05**3
    chances = [pass_chance(floor, one, 0.9, n) for n in (50, 100, 200, 400)]
    assert chances == sorted(chances)


def test_a_model_below_its_floor_never_passes(small_policy):
    (cost,) = plan(replace(small_policy, requirements=small_policy.requirements[:1]), Assumptions((0.7,))).costs
    assert cost.patients_80 is None
    assert max(cost.chances.values()) < 0.01


@pytest.mark.parametrize("wrong", [{"truths": ()}, {"truths": (1.0,)}, {"icc": 1.5}, {"per_patient": 0.0}])
def test_impossible_assumptions_are_refused(wrong):
    with pytest.raises(InputError):
        Assumptions(**wrong)
