"""`make bench`: run every benchmark, write results/<processor>.json and the table of it, and show the table.

    python benchmarks/run.py [options of pytest]

With options it is a part, such as -k network, that is only shown. The exit status is pytest's: not 0 if a ratio was
far from its target, twice.
"""

import json
import sys
import tempfile
from pathlib import Path

import pytest
from measuring import HERE, host
from report import table


def main(options: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        measured = Path(folder, "measured.json")
        code = pytest.main([
            str(HERE), "-o", "python_files=bench_*.py", "--benchmark-only", "--benchmark-quiet", "-q",
            f"--benchmark-json={measured}", *options,
        ])  # fmt: skip
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return code
        document = json.loads(measured.read_text(encoding="utf-8"))
    text = table(document)
    print(f"\n{text}")  # noqa: T201
    if not options:
        out = HERE / "results" / f"{host()}.json"
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        out.with_suffix(".md").write_text(text, encoding="utf-8")
        print(f"Written to {out} and {out.with_suffix('.md').name}.")  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
