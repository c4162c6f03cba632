"""The files of an audit: JSON, page, sheets, public copies, and the ledger of attempts beside them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path

from lennox.audit.audit_table import AuditTable
from lennox.audit.history import record, with_history
from lennox.audit.judge import judge
from lennox.audit.measure import audit
from lennox.audit.report.audit_page import report
from lennox.audit.report.document import audit_text, document, public_copy
from lennox.audit.report.sheet import CATALOGUES, sheet
from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.policy.policy import Policy
from lennox.report.wording import Wording

LEDGER = "history.jsonl"


def write_audit(
    table: AuditTable,
    policy: Policy,
    out: Path,
    *,
    catalogues: Sequence[Path] = (),
    public: bool = False,
    command: str = "",
    started: datetime.datetime | None = None,
) -> tuple[str, list[Path]]:
    """Audit, judge and write everything into `out`.

    catalogues : .po files of further languages, named by language, such as qu.po
    public : also write `out/public`, with counts of 1 to 4 hidden
    started : when the table was opened; a policy that is ratified later releases nothing on this audit
    Returns the verdict and the files written. Raises InputError if `out` is not a folder that can be written.
    """
    words = [CATALOGUES.wording(language) for language in CATALOGUES.languages()]
    words += [CATALOGUES.wording(path.stem, path) for path in catalogues]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out.name}: cannot be a folder ({error.strerror}); name another") from error
    measured = with_history(audit(table, policy), policy, out / LEDGER)
    judgement = judge(measured, policy)
    full = document(measured, policy, judgement, command=command, started=started)
    written = _write(audit_text(full), out, words)
    if public:
        (out / "public").mkdir(exist_ok=True)
        written += _write(audit_text(public_copy(full)), out / "public", words)
    record(measured, policy, judgement, out / LEDGER)
    return judgement.verdict.value, written


def _write(text: str, folder: Path, words: Sequence[Wording]) -> list[Path]:
    """The JSON, and what is made of it and of nothing else."""
    read = json.loads(text)
    files = {"audit.json": text, "audit.html": report(read)}
    files |= {f"community.{say.language}.html": sheet(read, say) for say in words}
    for name, content in files.items():
        atomic_write(folder / name, content)
    return [folder / name for name in files]
