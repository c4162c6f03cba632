"""Opening the network in a fresh process: from what is kept of it on this computer, beside from model.onnx."""

import subprocess
import sys

from measuring import ENVIRONMENT, HERE, Work, by_itself


def test_session_from_the_cache(beside, model, tmp_path):
    def opened(cache):
        environment = ENVIRONMENT | {"LENNOX_CACHE": cache, "XDG_CONFIG_HOME": str(tmp_path)}

        def run():
            command = [sys.executable, HERE / "peers/session.py", model / "model.onnx"]
            return float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

        return run

    work = Work("open the network", "fresh process", "the same without a cache", at_least=1.5)
    beside(work, opened("off"), opened(str(tmp_path / "cache")), rounds=11, spent=by_itself)
