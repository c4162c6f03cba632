"""Shared by the tests of the audit: small policies and drawn tables of predictions."""

import datetime
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lennox.audit import policy_from_bytes

DATA = Path(__file__).parent / "data"
TODAY = datetime.date(2026, 11, 23)


@pytest.fixture(scope="session")
def small_policy():
    """Floors, gaps and ceilings on one feature of three groups; no calibration, which takes time."""
    policy = policy_from_bytes((DATA / "small.toml").read_bytes(), "small.toml", today=TODAY)
    return replace(policy, requirements=policy.requirements[:3])


@pytest.fixture(scope="session")
def whole_policy():
    return policy_from_bytes((DATA / "small.toml").read_bytes(), "small.toml", today=TODAY)


@pytest.fixture(scope="session")
def draw_table():
    """Draw a table of teeth: patients in three groups, four teeth each, given rates of answers per group."""

    def draw(seed=1, patients=300, tpr=(0.92, 0.92, 0.92), fpr=(0.05, 0.05, 0.05), groups=("a", "b", "c")):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(patients), 4)
        group = (np.arange(patients) % len(groups))[who]
        label = rng.integers(0, 2, len(who))
        rate = np.where(label == 1, np.array(tpr)[group], np.array(fpr)[group])
        flagged = rng.random(len(who)) < rate
        score = np.where(flagged, rng.uniform(0.5, 1, len(who)), rng.uniform(0, 0.4999, len(who)))
        return {"patient": who, "group": np.array(groups)[group], "label": label, "score": score}

    return draw
