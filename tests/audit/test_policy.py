"""A policy is valid or refused: the clean example is accepted, and every mutation of it is refused with its message."""

import contextlib
import datetime
import hashlib
import random
import re
from pathlib import Path

import pytest

from lennox.audit import TableOptions, table_from_columns
from lennox.audit.plan import Assumptions, plan
from lennox.policy.floors import below_channel
from lennox.policy.problems import PolicyError, TableError
from lennox.policy.reading import policy_from_bytes, read_draft, read_policy

EXAMPLE = Path(__file__).parent / "data" / "example-riverbend.toml"
TODAY = datetime.date(2026, 11, 23)


def refusal(text: str | bytes) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(PolicyError) as caught:
        policy_from_bytes(data, "policy.toml", today=TODAY)
    return list(caught.value.problems)


def mutated(*swaps: tuple[str, str]) -> str:
    text = EXAMPLE.read_text()
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_the_example_is_accepted_and_frozen():
    policy = read_policy(EXAMPLE, today=TODAY)
    assert policy.digest == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert policy.requirements[0].id == "find-decay-everywhere"
    assert policy.requirement("honest-scores").limit == (0.70, 1.40)
    assert policy.feature("race_ethnicity").fixed
    assert not policy.feature("camera").fixed
    with pytest.raises(AttributeError):
        policy.title = "mine"


MUTATIONS = [
    ("R1", [('threshold_source = "model-manifest"', 'treshold = "x"')], "unknown key; nothing in a policy is ignored"),
    ("R1 suggests", [('threshold_source = "model-manifest"', 'treshold = "x"')], "Did you mean one of threshold"),
    ("R1 nested", [('words     = "They told', 'word = "They told')], "unknown key"),
    ("R2", [("lennox-equity-policy/1", "lennox-equity-policy/10")], "is not a format this version reads"),
    ("R3", [("date        = 2026-09-14\n", "")], "no date: a policy nobody has ratified cannot gate a release"),
    ("R3 text", [("date        = 2026-09-14\n", 'date = "2026-09-14"\n')], "is not a date without quotes"),
    ("R4", [("next_review = 2027-09-14", "next_review = 2026-10-01")], "expired on 2026-10-01: ask the community to"),
    ("R5", [("quorum      = 9", "quorum = 16")], "votes cast are fewer than the quorum"),
    ("R5 future", [("date        = 2026-09-14", "date = 2026-12-24")], "is in the future"),
    ("R5 lost", [("against     = 1", "against = 12")], "not adopted"),
    ("R6", [("required = 2", "required = 3")], "more signatures required than keys listed"),
    ("R6 same key twice", [("ed25519:riverbend-2", "ed25519:riverbend-1")], "one key is one signature"),
    ("R7", [("confidence      = 0.95", "confidence = 95")], "95 must be a number from 0.80 up to, not including, 1"),
    (
        "R7 text",
        [("confidence      = 0.95", 'confidence = "0.95"')],
        "must be a number from 0.80 up to, not including, 1",
    ),
    ("R7 true", [("confidence      = 0.95", "confidence = true")], "true must be a number from 0.80"),
    ("R7 one", [("confidence      = 0.95", "confidence = 1.0")], "not including, 1"),
    ("R7 nan", [("confidence      = 0.95", "confidence = nan")], "must be a number from 0.80"),
    ("R8", [('interval        = "cluster"', 'interval = "row"')], "'row' treats teeth of one mouth as strangers"),
    ("R8 other", [('interval        = "cluster"', 'interval = "wald"')], "'wald' is not an interval"),
    ("R9", [('cluster     = "patient_id"', "")], "name the column that says which patient a row belongs to"),
    ("R9 blank", [('cluster     = "patient_id"', 'cluster = " "')], "name the column that says which patient"),
    ("R10", [("gate    = true", "gate = false")], "people who did not say must be gated like every other group"),
    ("R11", [('["none-mild", ', '["none", ')], "'nan', 'none' and '' are missing values, not groups"),
    ("R11 nan", [('["none-mild", ', '["NaN", ')], "missing values, not groups"),
    ("R11 blank", [('["none-mild", ', '["", ')], "missing values, not groups"),
    ("R12", [('"6-12", ', '"1-5", ')], "the same group twice"),
    ("R12 one", [('["clinic-wand", "phone"]', '["phone"]')], "one group cannot be compared"),
    ("R12 feature", [('name   = "camera"', 'name = "age_band"')], "the same feature twice"),
    ("R12 reserved", [('["clinic-wand", "phone"]', '["phone", "did not say"]')], "reserved name"),
    ("R13", [("limit     = 0.80", "limit = nan")], "nan is not a finite number"),
    ("R13 inf", [("limit     = 0.80", "limit = inf")], "inf is not a finite number"),
    ("R13 true", [("limit     = 0.80", "limit = true")], "true is not a finite number"),
    ("R13 text", [("limit     = 0.80", 'limit = "0.8"')], "'0.8' is not a finite number"),
    ("R14", [("limit     = 0.10", "limit = 10")], "10 is outside 0..1 (write 0.10, not 10)"),
    ("R14 negative", [("limit     = 0.10", "limit = -0.1")], "-0.1 is outside 0..1"),
    (
        "R15",
        [
            (
                'criterion = "between-groups"\ndirection = "at-most"',
                'criterion = "between-groups"\ndirection = "at-least"',
            )
        ],
        "a gap can only be 'at-most'",
    ),
    ("R15 zero", [("limit     = 0.10", "limit = 0")], "a gap of exactly 0 can never be shown with finite data"),
    ("R16", [('over      = ["age_band"]', 'over = ["region"]')], "'region' is not a declared feature"),
    ("R16 empty", [('over      = ["age_band"]', "over = []")], "says nothing about whom it protects"),
    ("R17", [('metric    = "fpr"', 'metric = "accuracy"')], "this metric would punish finding disease where it is"),
    ("R17 selection", [('metric    = "fpr"', 'metric = "selection_rate"')], "prevalence differs between groups"),
    (
        "R18",
        [("min_cases       = 100", "min_cases = 10")],
        "cannot be met: with min_cases = 10 even a perfect record has a lower bound under 0.8 (needs 14)",
    ),
    ("R18 ceiling", [("min_controls    = 100", "min_controls = 10")], "upper bound over 0.15 (needs 19)"),
    (
        "R19",
        [('words     = "White spots', 'audio_note = "White spots')],
        "every limit carries its reason in the community",
    ),
    ("R19 blank", [('words     = "We asked: how much', 'words = ""  # "')], "every limit carries its reason"),
    ("R19 consent", [('consent   = "public"\n', "")], "a story without the teller's consent may not be stored"),
    (
        "R20 warn",
        [('release = "refuse"                         #', 'release = "warn" #')],
        "the only permitted value is 'refuse'",
    ),
    ("R20 monitor", [('"e-process"', '"repeat-test"')], "repeating a 5% test raises a false alarm in 90%"),
    ("R21", [('instrument = "Dummett-Gupta index, two raters"\n', "")], "must say how it is measured"),
    ("R22", [('id        = "no-group-left-behind"', 'id = "find-decay-everywhere"')], "id used twice"),
    ("R22 between", [("limit     = [0.70, 1.40]", "limit = 0.7")], "'between' needs [low, high]"),
    ("R22 order", [("limit     = [0.70, 1.40]", "limit = [1.4, 0.7]")], "'between' needs [low, high]"),
    (
        "R22 contradiction",
        [
            (
                '[[requirement]]\nid        = "no-group',
                '[[requirement]]\nid = "other"\nmetric = "tpr"\ncriterion = "worst-group"\ndirection = "at-least"\n'
                'limit = 0.7\nover = ["camera"]\nplain = "70 of 100"\n[[requirement]]\nid        = "no-group',
            )
        ],
        "contradicts 'find-decay-everywhere' (0.80); keep one",
    ),
    ("R23", [("resamples       = 2000", "resamples = 200")], "200 is too few for a bound (1000 at least)"),
    ("R23 many", [("resamples       = 2000", "resamples = 2000000")], "too many"),
    ("R23 float", [("resamples       = 2000", "resamples = 2000.0")], "not a whole number"),
    ("R24", [('features = ["race_ethnicity", "camera"]', 'features = ["race", "camera"]')], "'race' is not a declared"),
    ("R24 repeated", [('["race_ethnicity", "camera"]\nmode', '["camera", "camera"]\nmode')], "'camera' is repeated"),
    ("R24 five", [('["race_ethnicity", "camera"]\nmode', '["a", "b", "c", "d", "e"]\nmode')], "cross 4 at most"),
    ("R26 escape", [('title   = "Riverbend', 'title = "\\u202eRiverbend')], "control character"),
    ("R27", [('id      = "riverbend-caries-equity"', 'id = "../etc"')], "is not an id"),
    ("R27 upper", [('id        = "honest-scores"', 'id = "Honest Scores"')], "is not an id"),
    ("R27 dots", [('"stories/rt-2026-06-02.ogg"', '"../rt.ogg"')], "leaves the policy's folder"),
    ("R27 absolute", [('"stories/rt-2026-06-02.ogg"', '"/srv/rt.ogg"')], "absolute path"),
    (
        "R28 missing",
        [('audio_sha256 = "', '# audio_sha256 = "')],
        "the recording is not the one the community approved",
    ),
    (
        "R28 malformed",
        [('audio_sha256 = "aa', 'audio_sha256 = "')],
        "the recording is not the one the community approved",
    ),
    (
        "R35 tpr",
        [("limit     = 0.80", "limit = 0.01"), ("8 of 10", "1 of 100")],
        "'tpr' of 0.01 protects nobody; write 0.2",
    ),
    (
        "R35 gap",
        [("limit     = 0.10", "limit = 0.99"), ("by 10 in", "by 99 in")],
        "a gap of 0.99 in 'tpr' protects nobody",
    ),
    ("R35 fpr", [("limit     = 0.15", "limit = 0.9"), ("15 of 100", "90 of 100")], "'fpr' of 0.9 protects nobody"),
    (
        "R35 marks",
        [('metric    = "fpr"', 'metric = "false_positives_per_image"'), ("limit     = 0.15", "limit = 1000000")],
        "'false_positives_per_image' of 1e+06 protects nobody; write 5 or less",
    ),
    (
        "R35 slope",
        [("[0.70, 1.40]", "[-1e9, 1e9]")],
        "'calibration_slope' of -1e+09 protects nobody; write 0.25 or more",
    ),
    ("R36 labels", [("max_missing_labels = 0.05", "max_missing_labels = 0.99")], "write 0.2 or less"),
    ("R36 unknown", [("max_share = 0.30", "max_share = 1.0")], "write 0.5 or less"),
    ("R36 let go", [('mode = "gate-if-enough"', 'mode = "gate-if-enough"\nmax_let_go_share = 1')], "write 0.5 or less"),
    ("R36 patients", [("min_patients    = 30", "min_patients = 2")], "2 patients are no group that can be judged"),
    ("R36 rows", [('cluster     = "patient_id"', 'cluster = "Row_Number"')], "numbers rows and not people"),
    ("R37 everybody", [('["clinic-wand", "phone"]', '["everybody", "nobody"]')], "'everybody' is no group of people"),
    ("R37 nobody", [('["clinic-wand", "phone"]', '["everybody", "nobody"]')], "'nobody' is no group of people"),
    ("R37 Cyrillic", [('["clinic-wand", "phone"]', '["phone", "рhоne"]')], "look alike; write names that"),
    ("R37 figures", [('["clinic-wand", "phone"]', '["type I", "type 1", "type l"]')], "look alike"),
    ("R37 invisible", [('["clinic-wand", "phone"]', '["phone", "pho\u00adne"]')], "look alike"),
    ("R37 the unknown", [('["clinic-wand", "phone"]', '["phone", "dіd not say"]')], "look alike"),
    ("R37 feature", [('name   = "camera"', 'name = "аge_band"')], "'age_band' and 'аge_band' look alike"),
    ("R38", [("limit     = 0.80", "limit = 0.30")], "says 80 of 100, the limit 30 of 100; make them agree"),
    ("R38 per cent", [("at least 8 of 10 decayed", "at least 90 % of decayed")], "says 90 of 100, the limit 80 of 100"),
    ("R38 words", [("at least 8 of 10 decayed", "at least eight of ten decayed")], "names no share; say it in figures"),
    ("R39", [('public = "MCowBQYDK2VwAyEAGb9E', 'public = "y"  # "')], "'y' is not an ed25519 public key"),
    ("R39 short", [('public = "MCowBQYDK2VwAyEAGb9E', 'public = "MCow"  # "')], "is not an ed25519 public key"),
    ("missing plain", [('plain     = "When the tool', '# plain = "')], "requirement[honest-scores].plain: missing"),
    ("missing groups", [('groups = ["clinic-wand", "phone"]', "")], "feature[camera].groups: missing"),
]


@pytest.mark.parametrize(("swaps", "message"), [pytest.param(m[1], m[2], id=m[0]) for m in MUTATIONS])
def test_each_mutation_is_refused_with_its_message(swaps, message):
    problems = refusal(mutated(*swaps))
    assert any(message in problem for problem in problems), problems
    assert all(problem.startswith("policy.toml: ") for problem in problems)


def test_a_policy_without_requirements_is_refused():
    text = EXAMPLE.read_text()
    start, end = text.index("[[requirement]]"), text.index("[on_fail]")
    assert any(
        "a policy with no requirement passes everything; refused" in p for p in refusal(text[:start] + text[end:])
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xef\xbb\xbfformat = 'x'", "line 1, column 1: the file opens with a byte order mark"),
        (b"a = 1\nb = '\xff'", "line 2, column 6: not UTF-8"),
        (b"a = 'x\x00y'", "line 1, column 7: a NUL character"),
        ("a = 1\nplain = 'x\u202ey'".encode(), "line 2, column 11: a bidirectional control character"),
        (b"#" * ((1 << 20) + 1), "a policy has 1048576 bytes at most"),
        (b"a = 1\nb = ", "line 2"),
    ],
)
def test_r26_bytes_that_are_no_policy_are_refused_with_line_and_column(data, message):
    assert any(message in problem for problem in refusal(data)), refusal(data)


def test_all_problems_come_at_once():
    problems = refusal(
        mutated(
            ("confidence      = 0.95", "confidence = 95"),
            ("limit     = 0.10", "limit = 10"),
            ("gate    = true", "gate = false"),
        )
    )
    assert len(problems) == 3


def test_r28_a_changed_recording_is_refused(tmp_path):
    (tmp_path / "stories").mkdir()
    recording = tmp_path / "stories" / "rt-2026-06-02.ogg"
    recording.write_bytes(b"her voice")
    path = tmp_path / "policy.toml"
    path.write_text(EXAMPLE.read_text())
    with pytest.raises(PolicyError, match="the recording is not the one the community approved"):
        read_policy(path, today=TODAY)
    digest = hashlib.sha256(b"her voice").hexdigest()
    path.write_text(mutated(("aa1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0", digest)))
    assert read_policy(path, today=TODAY).requirements[0].story.audio_sha256 == digest


def test_r27_a_symlinked_recording_is_refused(tmp_path):
    (tmp_path / "elsewhere.ogg").write_bytes(b"")
    (tmp_path / "stories").mkdir()
    (tmp_path / "stories" / "rt-2026-06-02.ogg").symlink_to(tmp_path / "elsewhere.ogg")
    path = tmp_path / "policy.toml"
    path.write_text(EXAMPLE.read_text())
    with pytest.raises(PolicyError, match="is a symlink"):
        read_policy(path, today=TODAY)


def test_r25_a_looser_limit_needs_a_new_major_version(tmp_path):
    old = tmp_path / "old.toml"
    old.write_text(EXAMPLE.read_text())
    digest = hashlib.sha256(old.read_bytes()).hexdigest()
    supersedes = ("5a3d0f7e5f4a0b4f0d9f6b0f3f1c7f8f1e2d3c4b5a69788796a5b4c3d2e1f001", digest)
    new = tmp_path / "new.toml"
    looser = ("limit     = 0.10", "limit = 0.15"), ("differ by 10 in 100", "differ by 15 in 100")
    new.write_text(mutated(supersedes, *looser, ('"2.1.0"', '"2.2.0"')))
    with pytest.raises(
        PolicyError, match=r"limit went from 0\.10 to 0\.15: that is version 3\.0\.0 and needs a new ratification"
    ):
        read_policy(new, today=TODAY)
    new.write_text(
        mutated(
            supersedes,
            *looser,
            ('"2.1.0"', '"3.0.0"'),
            ("date        = 2026-09-14", "date = 2026-10-14"),
        )
    )
    assert read_policy(new, today=TODAY).version == "3.0.0"


def test_a_withdrawn_story_keeps_its_limit():
    text = EXAMPLE.read_text()
    start = text.index("[requirement.story]")
    end = text.index("[[requirement]]", start)
    policy = policy_from_bytes(
        (text[:start] + "[requirement.story]\nwithdrawn = 2026-11-05\n" + text[end:]).encode(), today=TODAY
    )
    assert policy.requirements[0].limit == 0.80
    assert policy.requirements[0].story.withdrawn == datetime.date(2026, 11, 5)
    assert policy.requirements[0].story.words == ""


def test_keys_stories_monitor_and_override_are_not_needed_for_an_audit():
    text = EXAMPLE.read_text()
    head, tail = text.index("[[ratification.key]]"), text.index("[scope]")
    text = text[:head] + text[tail:]
    while "[requirement.story]" in text:
        start = text.index("[requirement.story]")
        ends = [text.find(word, start) for word in ("[[requirement]]", "[on_fail]")]
        text = text[:start] + text[min(end for end in ends if end > 0) :]
    text = text[: text.index("[on_fail]")]
    assert policy_from_bytes(text.encode(), today=TODAY).requirements[0].story is None


def test_no_mutilated_policy_is_a_crash():
    values = [
        "1",
        "-1",
        "true",
        '"x"',
        '""',
        "[]",
        "{}",
        "{a=1}",
        "nan",
        "inf",
        "2020-01-01",
        "1e400",
        "[0.2, 0.1]",
        '"\\u0000"',
    ]
    chance, lines = random.Random(4), EXAMPLE.read_text().splitlines()
    for _ in range(300):
        torn = list(lines)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(torn))
            torn[at] = torn[at].split("=")[0] + "= " + chance.choice(values) if "=" in torn[at] else torn[at][:3]
        with contextlib.suppress(PolicyError):
            policy_from_bytes("\n".join(torn).encode(), "policy.toml", today=TODAY)


def test_a_draft_is_planned_with_but_nothing_is_audited_under_it(tmp_path):
    text = EXAMPLE.read_text()
    draft = tmp_path / "draft.toml"
    draft.write_text(text[: text.index("[ratification]")] + text[text.index("[scope]") :])
    policy = read_draft(draft)
    assert plan(policy, Assumptions((0.9,))).costs[0].requirement == "find-decay-everywhere"
    options = TableOptions(not_recorded=tuple(feature.name for feature in policy.features))
    with pytest.raises(TableError, match="after the audit began"):
        table_from_columns({"patient_id": [1], "label": [1], "score": [1]}, policy, options, name="t")
    with pytest.raises(PolicyError, match="ratification: missing"):
        read_policy(draft)


def test_a_file_of_endless_problems_is_refused_soon_and_counted():
    text = "\n".join(f"key{number} = 1" for number in range(30_000))
    problems = refusal(text)
    assert len(problems) == 201
    assert re.fullmatch(r"policy.toml: and 298\d\d more problems", problems[-1])
    loose = (
        '\n[[requirement]]\nid = "x"\nmetric = "tpr"\ncriterion = "between-groups"\ndirection = "at-most"\nlimit = ""\n'
    )
    assert refusal(f"{text}\n{EXAMPLE.read_text()}{loose}"), (
        "what is wrong with a limit is known, also where only counted"
    )
    many = EXAMPLE.read_text() + '\n[[requirement]]\nid = "x"\n' * 300
    assert any("304 tables; a policy has 256 at most of each" in problem for problem in refusal(many))


def test_the_floors_of_the_clinic_channel_are_higher():
    assert below_channel(read_policy(EXAMPLE, today=TODAY), "clinic") == []
    text = mutated(("limit     = 0.80", "limit = 0.40"), ("at least 8 of 10", "at least 4 of 10"))
    policy = policy_from_bytes(text.encode(), "policy.toml", today=TODAY)
    (line,) = below_channel(policy, "clinic")
    assert line == "for clinic, 'find-decay-everywhere': 'tpr' of 0.4 protects nobody; write 0.5 or more."
    assert below_channel(policy, "workshop") == []


def test_sentences_in_other_languages_are_compared_too():
    spanish = 'plain_in = { es = "Al menos 35 de cada 100 dientes." }\n[requirement.story]'
    (line,) = refusal(mutated(("[requirement.story]", spanish)))
    assert "[find-decay-everywhere].plain_in.es: says 35 of 100, the limit 80 of 100; make them agree" in line


def test_groups_have_one_name_each_in_every_language():
    """R42."""
    few = mutated(('source = "record"', 'source = "record"\ngroups_in = { es = ["uno"] }'))
    (line,) = refusal(few)
    assert re.search(r"groups_in\.es: 1 names for \d groups; write one for each", line)
