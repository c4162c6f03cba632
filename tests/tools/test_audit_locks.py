"""Known faults of locked packages are reported; where the data cannot be reached, that is said and no fault."""

import sys

import pytest
from audit_locks import judge, main

FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": "reads past its end"}


def found(*dependencies):
    return {"dependencies": list(dependencies), "fixes": []}


def test_each_fault_is_named_with_what_corrects_it():
    clean = {"name": "b", "version": "2", "vulns": []}
    faults, silent = judge("dev.txt", found({"name": "a", "version": "1.0", "vulns": [FAULT]}, clean))
    assert faults == ["dev.txt: a 1.0: PYSEC-2026-1, corrected in 1.1"]
    assert silent == []


def test_what_could_not_be_asked_about_is_counted():
    faults, silent = judge(
        "dev.txt", found({"name": "a", "skip_reason": "not found"}, {"name": "b", "version": "2", "vulns": []})
    )
    assert (faults, silent) == ([], ["dev.txt: 1 of 2 packages could not be asked about."])


FOUND = '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X", "fix_versions": []}]}]}'


@pytest.mark.parametrize(
    ("says", "status", "out", "err"),
    [
        ("echo no network >&2; exit 1", 0, "No fault is known", "NOT AUDITED"),
        ("exec sleep 60", 0, "No fault is known", "NOT AUDITED"),
        (f"echo '{FOUND}'; exit 1", 1, "a 1: X, corrected in none", ""),
    ],
)
def test_only_a_fault_is_an_error(tmp_path, monkeypatch, capsys, says, status, out, err):
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setattr("audit_locks.PATIENCE_S", 2.0)
    monkeypatch.setattr(sys, "argv", ["audit_locks", str(program), "dev.txt"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert int(ended.value.code) == status
    assert out in said.out
    assert err in said.err
