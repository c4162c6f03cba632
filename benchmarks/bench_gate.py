"""What the release gate costs when a model is loaded: a release of 16 MB, checked in a fresh process."""

import os
import subprocess
import sys

from measuring import ENVIRONMENT, HERE, Work, extremes, paired

sys.path.insert(0, str(HERE.parent / "tests" / "support"))  # a release to check
MAX_MS = 50
WORK = Work("release gate at load", "16 MB, fresh process", "reading the files and SHA-256 alone")


def test_gate(weigh, benchmark, tmp_path, monkeypatch):
    from releasing import make_workshop

    monkeypatch.setenv("LENNOX_LOG", str(tmp_path / "log.sqlite"))
    shop = make_workshop(tmp_path / "shop")
    (shop.folder / "more.bin").write_bytes(os.urandom(16_000_000))
    shop.release(trust=shop.trust())
    environment = ENVIRONMENT | {
        "LENNOX_LOG": str(tmp_path / "log.sqlite"), "LENNOX_TRUST": str(shop.trust_file), "PYTHONDONTWRITEBYTECODE": "",
    }  # fmt: skip

    def seconds(what):
        command = [sys.executable, HERE / "peers/gate.py", what, shop.folder]
        return lambda: float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

    result = paired(seconds("hash"), seconds("check"), 11, lambda call: call())
    weigh(extremes(WORK, "ms", min(result.ours_s) * 1e3, min(result.peer_s) * 1e3, limit=MAX_MS))
    benchmark.pedantic(seconds("check"), rounds=1, iterations=1)
