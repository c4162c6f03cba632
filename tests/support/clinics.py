"""Three clinics with a policy, a key each, and tables of the same model."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from releasing import write_policy

from lennox.audit import TableOptions, table_from_columns
from lennox.evidence.seal import Origin, agreed, seal, write_sealed
from lennox.gate.statement import PrivateKey
from lennox.gate.trust import Trust, TrustedKey
from lennox.policy.reading import read_policy

MODEL = "ef" * 32


@dataclass
class Clinics:
    """A policy, keys by site, and what trusts them."""

    folder: Path
    policy_file: Path
    keys: dict
    trust: Trust

    @property
    def policy(self):
        return read_policy(self.policy_file)

    def write_table(self, name, *, patients=80, seed=1, tpr=0.97, model=MODEL, threshold=0.5, consent="yes", start=0):
        """A clinic's table: two films a patient, one of two sensors, answers that find `tpr` of what is ill."""
        rng = np.random.default_rng(seed)
        path = self.folder / f"{name}.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("patient_id", "sensor", "label", "score", "threshold", "model_sha256", "consent", "name"))
            for number in range(start, start + patients):
                for film in range(2):
                    label = film
                    flagged = rng.random() < (tpr if label else 0.05)
                    score = rng.uniform(0.5, 1.0) if flagged else rng.uniform(0.0, 0.499)
                    sensor = "phone" if number % 2 else "wand"
                    person = f"Ana Quispe {number}"
                    rows.writerow((f"p{number}", sensor, label, score, threshold, model, consent, person))
        return path


def make_clinics(folder):
    """Four clinics with a key each, which are trusted."""
    keys = {name: PrivateKey.new() for name in ("east", "north", "south", "west")}
    trusted = tuple(TrustedKey(name, key.public, ("workshop",), ("release",)) for name, key in keys.items())
    return Clinics(folder, write_policy(folder / "policy.toml"), keys, Trust(trusted))


def sealed(clinics, site="north", k=5, **table):
    found = agreed(clinics.write_table(site, **table), clinics.policy)
    read = table_from_columns(found.frame, clinics.policy, TableOptions(), name=site)
    origin = Origin(site, {"sha256": found.model_sha256}, "balanced", "may be pooled for audits")
    data, said = seal(read, clinics.policy, origin, [clinics.keys[site]], k)
    path = clinics.folder / f"{site}.evidence"
    write_sealed(path, data)
    return path, said, read
