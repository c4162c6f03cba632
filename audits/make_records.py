"""Run the audits of record again, from the films and predictions, and put what comes out into `records/`.

    python audits/make_records.py ../shared/data          # all; or add the names of records

DATA holds `nhanes-2017-2020/predictions-gradient-boosting.csv`, `brar-periodontal/predictions.csv`, and the COCO sets
of `SENSORS`, of which one is sealed: it is opened for the audits of a release candidate alone. Every run is a look at
the data: the attempts that a record tells of are carried over, and this run is added to them. Say in the record's
README why it was run again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from lennox.audit.manifest import Manifest
from lennox.files import sha256_of_file
from lennox.gate.looks import FILM_DIGITS
from lennox.training.ledger import read_ledger

HERE = Path(__file__).resolve().parent
RECORDS = HERE / "records"
MODEL = "caries-radiograph-2"
SENSORS = {
    "periapical-external": "phosphor plate",
    "periapical-external-b": "phosphor plate",
    "periapical-nanopix": "NanoPix",
}
# Those who keep the sealed half audited version 0.1.0 over both halves, at two operating points, under workshop 1.0.0,
# and told so on this day: looks at these films that no record here holds.
OTHERS_LOOKS = [
    {
        "date": "2026-11-28",
        "data": "",
        "model": "e133eb35197da939e6e3afbe1a004b32e137e81cbcf722bbfce4f0770faf5679",
        "policy": "cc55d256d63e6d3e37c906fd51dcc462b26cd6b33a9827ff9b40f5a08d4b4ebe",
        "verdict": "INSUFFICIENT EVIDENCE",
        "look": f"of the keepers of the sealed half, at {point}",
    }
    for point in ("balanced", "sensitive")
]
BRAR_AGES = ((18, 29), (30, 39), (40, 49), (50, 59), (60, 75))
BRAR_SCORE = "probability_level_3_"
VERDICTS = {0: "PASS", 10: "FAIL", 11: "INSUFFICIENT EVIDENCE"}


def run(command: list[str], folder: Path) -> int:
    """Run lennox with a state of its own, so that no other log counts, and say what was run."""
    environment = os.environ | {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    print("lennox", *command, flush=True)
    return subprocess.run(
        [str(Path(sys.executable).parent / "lennox"), *command], cwd=folder, env=environment
    ).returncode


def same_data(subjects: list[Path]) -> dict[str, Any]:
    """What makes the attempts of a record attempts on these data: they are counted by content."""
    if subjects[0].is_file():
        entries = ((subjects[0].name, sha256_of_file(subjects[0])),)
        return {"data": Manifest(entries).sha256}
    films = [path for folder in subjects for path in (folder / "images").rglob("*") if path.is_file()]
    return {"films": sorted(sha256_of_file(path)[:FILM_DIGITS] for path in films)}


def carry_over(earlier: list[Path], others: list[dict[str, str]], out: Path, same: dict[str, Any]) -> None:
    """Write the ledger of a new audit: the attempts on these data that the latest record tells of, and that record.

    others : looks of other people, which are added once
    """
    out.mkdir(parents=True)
    if not earlier:
        return
    old = max((json.loads(path.read_text("utf-8")) for path in earlier), key=lambda found: int(found["attempt"]))
    this = {
        "date": old["date"],
        "data": old["data"]["sha256"],
        "model": old["model"].get("sha256", ""),
        "policy": old["policy"]["sha256"],
        "verdict": old["verdict"],
        **({"look": old["look_sha256"]} if "look_sha256" in old else {}),
    }
    known = [*old["history"], this]
    known += [look for look in others if look["look"] not in {entry.get("look") for entry in known}]
    ledger = "".join(json.dumps(entry | same, sort_keys=True) + "\n" for entry in known)
    (out / "history.jsonl").write_text(ledger, "utf-8")


def audit(record: Path, subject: list[str], policy: Path, folder: Path, same: dict[str, Any]) -> Path:
    """Audit, and replace the record by the public copy of what came out; returns the folder of the full one."""
    out = folder / record.name
    if "films" in same:  # whatever model: they are the same films
        carry_over([*RECORDS.glob("caries-radiograph-*/*/audit.json")], OTHERS_LOOKS, out, same)
    else:
        carry_over([*(record.parent if record.parent != RECORDS else record).rglob("audit.json")], [], out, same)
    status = run(["audit", *subject, "--policy", str(policy), "--out", str(out), "--public"], folder)
    if status not in VERDICTS:
        raise SystemExit(f"{record.name}: the audit ended with status {status}; the record is as it was.")
    record.mkdir(parents=True, exist_ok=True)
    for path in (out / "public").iterdir():
        shutil.copyfile(path, record / path.name)
    print(f"{record.relative_to(RECORDS)}: {VERDICTS[status]}")
    return out


def brar_tables(source: Path, folder: Path) -> list[Path]:
    """A table of each model of the BRAR set, in the order of their names: age bands, level 3 or not, probability."""
    with source.open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    tables = []
    for column in sorted(name for name in people[0] if name.startswith(BRAR_SCORE)):
        path = folder / f"{column.removeprefix(BRAR_SCORE).replace('_', '-')}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("person", "age_band", "gender_code", "level_3", "probability"))
            for one in people:
                low, high = next(band for band in BRAR_AGES if band[0] <= int(one["age"]) <= band[1])
                level_3 = int(one["severity_level"] == "3")
                rows.writerow((one["person"], f"{low}-{high}", f"code {one['gender']}", level_3, one[column]))
        tables.append(path)
    return tables


def refusal_page(record: Path, audited: Path, policy: Path, folder: Path) -> None:
    """The page that a clinic would be shown: the release that is asked for with this audit, and refused."""
    key, page = folder / "key.pem", folder / "not-released.html"
    run(["keygen", "nobody", "--out", str(key)], folder)
    asked = ["--audit", str(audited), "--policy", str(policy), "--channel", record.name, "--key", str(key)]
    if run(["release", str(HERE.parent / "models" / MODEL), *asked, "--page", str(page)], folder) != 4:
        raise SystemExit(f"{record.name}: the release was not refused; look at it before anybody else does.")
    shutil.copyfile(page, record / page.name)


def main() -> None:
    """Make the records that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument(
        "records", nargs="*", default=["nhanes", "workshop", "clinic", "brar"], metavar="nhanes|workshop|clinic|brar"
    )
    asked = parser.parse_args()
    data = asked.data.resolve()
    ledger = read_ledger(HERE.parent / "models" / "ledger.toml")
    films = ["--model", MODEL]
    for name, sensor in SENSORS.items():
        ledger.require(name, "audit")
        films += ["--data", str(data / name), "--sensor", f"{name}={sensor}"]
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.records:
            if name == "nhanes":
                record = RECORDS / "nhanes-2017-2020"
                table = data / "nhanes-2017-2020" / "predictions-gradient-boosting.csv"
                audit(record, [str(table)], record / "policy.toml", Path(folder), same_data([table]))
            elif name == "brar":
                record = RECORDS / "brar-periodontal"
                for table in brar_tables(data / "brar-periodontal" / "predictions.csv", Path(folder)):
                    subject = [str(table)]
                    audit(record / table.stem, subject, record / "policy.toml", Path(folder), same_data([table]))
            else:
                record, policy = RECORDS / MODEL / name, HERE / "policies" / f"{name}.toml"
                same = same_data([data / films_of for films_of in SENSORS])
                audited = audit(record, films, policy, Path(folder), same)
                if name == "clinic":
                    refusal_page(record, audited, policy, Path(folder))


if __name__ == "__main__":
    main()
