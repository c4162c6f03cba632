import contextlib
import csv
import datetime
import json
import math
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from releasing import make_workshop, write_policy
from scipy import special

from lennox.errors import InputError, ReleaseRefusedError
from lennox.gate.event_log import Log
from lennox.gate.predicates import now
from lennox.inference.load import load_model
from lennox.monitoring.monitor import ALPHA, EProcess, visit_values, watch
from lennox.monitoring.suspension import log_alarm, resume, resumed_on, suspend
from lennox.monitoring.use_record import COLUMNS, Decision, read_use, write_form
from lennox.policy.reading import read_policy

MODEL = "a" * 64
START = datetime.date(2026, 1, 5)


def decision(day=0, patient="p", film="f", said="accept", status="assessed", **groups):
    return Decision(START + datetime.timedelta(day), patient, film, MODEL, status, said, groups)


def test_many_teeth_of_one_mouth_are_not_many_witnesses():
    """Teeth of a patient agree wholly; the model is at the floor. Patients' shares keep the promise, teeth break it."""
    alarms = {"patients": 0, "teeth": 0}
    for seed in range(200):
        rng = np.random.default_rng(seed)
        by_patient, by_tooth = EProcess(0.8), EProcess(0.8)
        crossed = {"patients": False, "teeth": False}
        for week in range(52):
            found = (rng.random(10) < 0.8).astype(float)
            crossed["patients"] |= by_patient.update(found, week // 13) >= 20
            crossed["teeth"] |= by_tooth.update(np.repeat(found, 4), week // 13) >= 20
        for name, value in crossed.items():
            alarms[name] += value
    assert alarms["patients"] / 200 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 200)
    assert alarms["teeth"] / 200 > 0.15


def test_the_bet_is_a_beta_mixture_below_the_floor():
    """Against the closed form: a uniform prior on (0, floor), from incomplete beta functions."""
    floor, found, missed = 0.8, 61, 25
    evidence = EProcess(floor).update([1.0] * found + [0.0] * missed, 3)  # every beginning has begun
    exact = (special.beta(found + 1, missed + 1) * special.betainc(found + 1, missed + 1, floor) / floor) / (
        floor**found * (1 - floor) ** missed
    )
    assert evidence == pytest.approx(exact, rel=0.02)


def test_one_observation_by_hand():
    process = EProcess(0.5)
    # A miss multiplies each bet by (1 - rate) / 0.5, and the rates below 0.5 average 0.25.
    assert process.update([0.0], 3) == pytest.approx(1.5)
    assert EProcess(0.5).update([1.0], 3) == pytest.approx(0.5)
    assert EProcess(0.5).update([0.0], 1) == pytest.approx((1.5 + 1.5 + 1 + 1) / 4)


@pytest.mark.parametrize("values", [[1.1], [-0.1], [float("nan")]])
def test_observations_outside_zero_to_one_are_refused(values):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        EProcess(0.5).update(values, 0)


def test_visits_become_shares():
    rows = [
        decision(said="accept"), decision(said="edit"), decision(said="missed"), decision(said="reject"),
        decision(film="g", said="none"), decision(film="h", said="none", status="not assessable"),
        decision(day=91, said="reject", film="i"), decision(day=1, patient="q", said="missed"),
    ]  # fmt: skip
    first, second, later = START, START + datetime.timedelta(1), START + datetime.timedelta(91)
    assert visit_values(rows, "lesion_sensitivity", START) == [(first, pytest.approx(2 / 3)), (second, 0.0)]
    assert visit_values(rows, "tpr", START) == [(first, 1.0), (second, 0.0)]
    assert visit_values(rows, "fpr", START) == [(first, 0.0), (later, 1.0)]
    assert visit_values(rows, "readable_rate", START) == [(first, pytest.approx(2 / 3)), (second, 1.0), (later, 1.0)]
    assert visit_values(rows, "false_positives_per_image", START) == [
        (first, pytest.approx(0.05)), (second, 0.0), (later, pytest.approx(0.1)),
    ]  # fmt: skip


def test_a_patient_counts_once_a_quarter():
    rows = [decision(day=day, said="missed", film=str(day)) for day in (0, 3, 90, 91, 120, 364)]
    days = [(day - START).days for day, _ in visit_values(rows, "tpr", START)]
    assert days == [0, 91, 364]


def use(share_found, group="wand", visits=400, per_day=4):
    """Visits of a model that finds every film's lesion in one group and a share of them in another."""
    rng = np.random.default_rng(3)
    rows = []
    for visit in range(visits):
        for name, share in (("phone", 0.95), (group, share_found)):
            said = "accept" if rng.random() < share else "missed"
            rows.append(decision(visit // per_day, f"{name}{visit}", "f", said, sensor=name))
    return rows


@pytest.fixture
def policy(tmp_path):
    return read_policy(write_policy(tmp_path / "watched.toml"))


def test_the_group_that_is_failed_raises_the_alarm_and_no_other(policy):
    found = watch(use(0.6), policy)
    assert [(one.feature, one.group) for one in found.alarms] == [("sensor", "wand")]
    assert found.alarms[0].threshold == pytest.approx(3 / ALPHA)  # phone, wand and "did not say" share the chance
    assert watch(use(0.9), policy).alarms == ()
    unknown = watch(use(0.6, group=""), policy)
    assert [one.group for one in unknown.alarms] == ["did not say"]


def test_a_group_the_policy_does_not_know_is_an_error(policy):
    with pytest.raises(InputError, match="'fax' is not a group of 'sensor'"):
        watch(use(0.6, group="fax"), policy)
    other = Decision(START, "p", "f", "b" * 64, "assessed", "none", {"sensor": "wand"})
    with pytest.raises(InputError, match="of 2 models"):
        watch([*use(0.6), other], policy)


@pytest.mark.parametrize("change", [{"low": 1.0}, {"metric": "calibration_slope"}, {"criterion": "between-groups"}])
def test_what_cannot_be_watched_is_named_and_not_called_fine(policy, change):
    found = watch(use(0.6), replace(policy, requirements=(replace(policy.requirements[0], **change),)))
    assert found.unwatched == ("finds-decay, sensor",)
    assert found.watched == ()


def test_a_feature_that_the_policy_does_not_watch_is_named(policy):
    watched = replace(policy, consequences=replace(policy.consequences, monitor_features=("another",)))
    assert watch(use(0.6), watched).unwatched == ("finds-decay, sensor",)


def test_signals_need_no_label(policy):
    rows = []
    for day in range(300):
        refused = day >= 150 and day % 2
        rows.append(decision(day, f"p{day}", "f", "none", "not assessable" if refused else "assessed", sensor="wand"))
    notable = [signal for signal in watch(rows, policy).signals if signal.notable]
    assert {(signal.group, signal.measure) for signal in notable} >= {("wand", "refused")}
    assert min(signal.month for signal in notable) >= "2026-06"


def test_an_alarm_suspends_the_channel_here_and_nowhere_else(tmp_path, monkeypatch, policy):
    shop = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    shop.release()
    model = load_model(shop.folder)
    rows = [
        Decision(one.day, one.patient, one.film, model.sha256, one.status, one.decision, one.groups) for one in use(0.6)
    ]
    for _ in range(2):
        log_alarm(watch(rows, policy), "workshop")
        suspend(watch(rows, policy), "workshop", shop.trust_file)
    assert len(Log().records("alarm")) == len(shop.trust().refused) == 1
    with pytest.raises(ReleaseRefusedError, match=r"suspended for workshop .*: finds-decay, sensor wand"):
        load_model(shop.folder)

    assert resumed_on(model.sha256, "workshop") is None
    with pytest.raises(InputError, match="no suspended model"):
        resume("f" * 64, "not this one", shop.trust_file)
    resume(model.sha256[:8], "the sensor was mended", shop.trust_file)
    load_model(shop.folder)
    assert resumed_on(model.sha256, "workshop") == now().date()
    assert resumed_on(model.sha256, "clinic") is None
    assert Log().records("resume")[0].details["why"] == "the sensor was mended"
    log_alarm(watch(rows, policy), "workshop")
    assert len(Log().records("alarm")) == 2  # another one


def write_csv(path, rows):
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [*COLUMNS, "sensor"])
        writer.writeheader()
        writer.writerows(rows)
    return path


ROW = {
    "time": "2026-01-05", "patient": "p1", "film": "f1", "model": MODEL, "status": "assessed", "mark": "1",
    "decision": "accept", "sensor": "wand",
}  # fmt: skip


def test_csv_and_sqlite_hold_the_same(tmp_path):
    rows = [ROW, ROW | {"mark": "2", "decision": "reject", "time": "2026-01-04T10:30:00"}]
    table = read_use(write_csv(tmp_path / "use.csv", rows))
    store = sqlite3.connect(tmp_path / "use.sqlite")
    store.execute(f"CREATE TABLE use ({', '.join(ROW)})")
    for row in rows:
        store.execute(f"INSERT INTO use VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    store.commit()
    store.close()
    assert read_use(tmp_path / "use.sqlite") == table
    assert [one.decision for one in table] == ["reject", "accept"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"time": "soon"}, "row 2: 'soon' is not a time"),
        ({"decision": "perhaps"}, "'perhaps' is not a decision"),
        ({"status": "fine"}, "'fine' is not a status"),
        ({"model": "m"}, "SHA-256 of the weights"),
        ({"patient": ""}, "people count, not rows"),
        ({"status": "unreadable"}, "has no mark to accept"),
        ({"time": "2999-01-01"}, "2999-01-01 is still to come"),
    ],
)
def test_a_form_that_is_wrong_is_refused_with_its_row(tmp_path, change, said):
    with pytest.raises(InputError, match=said):
        read_use(write_csv(tmp_path / "use.csv", [ROW | change]))


def test_a_mark_that_is_decided_twice_is_refused(tmp_path):
    """A file that was pasted in again would be taken for more evidence."""
    missed = ROW | {"mark": "", "decision": "missed"}
    assert len(read_use(write_csv(tmp_path / "use.csv", [ROW, missed, missed, ROW | {"mark": "2"}]))) == 4
    for row in (ROW, ROW | {"decision": "reject", "time": "2026-01-06"}):
        with pytest.raises(InputError, match="row 3 says again what row 2 says"):
            read_use(write_csv(tmp_path / "use.csv", [ROW, row]))


@pytest.mark.parametrize(
    "made",
    [
        "CREATE VIEW use AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "CREATE VIEW use AS SELECT zeroblob(900000000) AS time",
        "CREATE TABLE use (time, film AS (hex(zeroblob(time)))); INSERT INTO use VALUES (400000000)",
    ],
    ids=["no end", "a large cell", "a generated cell"],
)
def test_a_database_that_makes_more_than_it_holds_is_refused(tmp_path, made):
    store = sqlite3.connect(tmp_path / "use.sqlite")
    store.executescript(made)
    store.close()
    with pytest.raises(InputError, match=r"use.sqlite: (holds more than 1,000,000 decisions|cannot be read)"):
        read_use(tmp_path / "use.sqlite")


def test_a_damaged_database_is_refused(tmp_path):
    """A page that says it has rows of gigabytes: SQLite answers that it has not the memory."""
    store = sqlite3.connect(tmp_path / "use.sqlite")
    store.execute(f"CREATE TABLE use ({', '.join(ROW)})")
    store.execute(f"INSERT INTO use VALUES ({', '.join('?' * len(ROW))})", tuple(ROW.values()))
    store.commit()
    store.close()
    data = bytearray((tmp_path / "use.sqlite").read_bytes())
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(data)
        for at in rng.integers(16, len(data), 6):
            damaged[at] = rng.integers(256)
        (tmp_path / "use.sqlite").write_bytes(damaged)
        with contextlib.suppress(InputError):
            read_use(tmp_path / "use.sqlite")


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"findings": 1}',
        json.dumps({"findings": [], "source": {"sha256": ["=1"]}, "model": {"sha256": "m"}, "status": "x"}),
    ],
)
def test_a_form_of_no_records_leaves_no_file(tmp_path, line):
    with pytest.raises(InputError, match="line 1 is not a record"):
        write_form([line], tmp_path / "form.csv", [], START)
    assert list(tmp_path.iterdir()) == []


def test_a_form_is_made_from_records(tmp_path):
    record = {"source": {"sha256": "f" * 64, "name": "x"}, "model": {"sha256": MODEL}, "status": "assessed"}
    lines = [json.dumps(record | {"findings": [{}, {}]}), json.dumps(record | {"findings": []})]
    assert write_form(lines, tmp_path / "form.csv", ["sensor"], START) == 3
    rows = list(csv.DictReader((tmp_path / "form.csv").open()))
    assert [(row["mark"], row["decision"]) for row in rows] == [("1", ""), ("2", ""), ("", "none")]
    with pytest.raises(InputError, match="exists"):
        write_form(lines, tmp_path / "form.csv", [], START)
    with pytest.raises(InputError, match="line 1 is not a record"):
        write_form(["{}"], tmp_path / "other.csv", [], START)
    with pytest.raises(InputError, match="'' is not a decision"):
        read_use(tmp_path / "form.csv")  # not filled in yet
