"""The cluster bootstrap beside a cluster loop over Fairlearn's MetricFrame, same draws, same run; pytest-benchmark.

10,000 rows, 2,500 patients of four teeth, 8 groups, 1,000 resamples of tpr and fpr, one thread. The loop is measured on
a few resamples and scaled, since all of them take minutes.
"""

import subprocess
import sys

import numpy as np
import pytest
from measuring import Work

from lennox.statistics.bootstrap import bootstrap_rates, draw_counts

PATIENTS, GROUPS, RESAMPLES, LOOPED, SEED = 2500, 8, 1000, 10, 7


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(PATIENTS), 4)
    group = rng.integers(0, GROUPS, PATIENTS)[patient]
    return patient, group, rng.integers(0, 2, len(patient)), rng.integers(0, 2, len(patient))


def metricframe_loop(table, resamples):
    """tpr and fpr of every group in each resample, by MetricFrame on the resampled rows."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, true_positive_rate

    patient, group, label, flagged = table
    names = np.array([f"group {number}" for number in range(GROUPS)])
    first = np.searchsorted(patient, np.arange(PATIENTS))
    counts = np.concatenate(list(draw_counts(PATIENTS, RESAMPLES, SEED)), axis=1)[:, :resamples].astype(int)
    answers = []
    for drawn in counts.T:
        rows = (np.repeat(first, drawn)[:, None] + np.arange(4)).ravel()
        frame = MetricFrame(
            metrics={"tpr": true_positive_rate, "fpr": false_positive_rate},
            y_true=label[rows],
            y_pred=flagged[rows],
            sensitive_features=names[group[rows]],
        )
        answers.append(frame.by_group.to_numpy(float))
    return np.array(answers)


def test_bootstrap_beside_metricframe(beside, table):
    """The same numbers to the last bit."""

    def ours():
        return bootstrap_rates(*table, resamples=RESAMPLES, seed=SEED)

    tpr, fpr = ours()
    theirs = metricframe_loop(table, LOOPED)
    np.testing.assert_array_equal(theirs[..., 0], tpr[:LOOPED])
    np.testing.assert_array_equal(theirs[..., 1], fpr[:LOOPED])
    work = Work("audit bootstrap", "10,000 rows, 8 groups, 1,000 resamples", "MetricFrame loop", at_least=1000.0)
    beside(work, lambda: metricframe_loop(table, LOOPED), ours, rounds=5, scale=RESAMPLES / LOOPED)


def test_whole_audit_of_a_million_rows(benchmark, tmp_path):
    """A million rows, 250,000 patients, 50 groups: tpr and fpr floors, peak memory under 2 GB."""
    script = tmp_path / "million.py"
    script.write_text(MILLION)

    def run():
        return subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout

    report = benchmark.pedantic(run, rounds=1, iterations=1)
    benchmark.extra_info["report"] = report.strip()
    assert float(report.split("peak ")[1].split(" ")[0]) < 2048


MILLION = '''
import resource, time
import numpy as np, pandas as pd
from lennox.audit import TableOptions, audit, judge, policy_from_bytes, table_from_columns
groups = [f"g{n}" for n in range(50)]
requirement = """
[[requirement]]
id = "{0}"
metric = "{0}"
criterion = "worst-group"
direction = "{1}"
limit = {2}
over = ["group"]
plain = "{3} of 100"
"""
policy = policy_from_bytes(f"""
format = "lennox-equity-policy/1"
id = "million"
version = "1.0.0"
title = "A million rows"
[ratification]
body = "the benchmark"
date = 2026-11-01
method = "consensus"
next_review = 2099-11-01
[scope]
unit = "tooth"
cluster = "patient"
[evidence]
confidence = 0.95
interval = "cluster"
resamples = 1000
min_patients = 30
min_cases = 100
min_controls = 100
[unknown]
name = "did not say"
gate = true
[[feature]]
name = "group"
source = "record"
groups = {groups}
{requirement.format("tpr", "at-least", 0.8, 80)}
{requirement.format("fpr", "at-most", 0.2, 20)}
""".encode())
rng = np.random.default_rng(0)
patient = np.repeat(np.arange(250_000), 4)
label = rng.integers(0, 2, 1_000_000)
score = np.clip(rng.normal(0.3 + 0.4 * label, 0.15), 0, 1)
table = pd.DataFrame({"patient": patient, "group": np.array(groups)[patient % 50], "label": label, "score": score})
start = time.perf_counter()
verdict = judge(audit(table_from_columns(table, policy, TableOptions(threshold=0.5), name="m"), policy), policy).verdict
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{verdict}: {time.perf_counter() - start:.0f} s, {time.process_time():.0f} s of CPU, peak {peak:.0f} MB")
'''
