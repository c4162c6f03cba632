"""The confined process: what a decoder may do there, and what becomes of one that takes too much."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lennox.errors import ImageError
from lennox.image.decoder_process import DecodingBudget, run_decoder

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="seccomp is of Linux")
SMALL = DecodingBudget(1000, 0.1)


@pytest.fixture
def decoder(tmp_path):
    """A function that makes a decoder of a few lines of Python, and gives its path."""

    def make(lines, imports=""):
        path = tmp_path / "decoder.py"
        body = "\n".join(f"    {line}" for line in lines.splitlines())
        path.write_text(f"{imports}\ndef decode(header, data):\n{body}\n")
        return str(path)

    return make


def test_header_and_data_go_in_and_the_parts_of_an_answer_come_out(decoder):
    program = decoder("yield str(header['rows']).encode()\nyield data[::-1]")
    assert bytes(run_decoder(program, {"rows": 7}, b"abc", SMALL)) == b"7cba"
    assert bytes(run_decoder(decoder("return []"), {}, b"", SMALL)) == b""


@LINUX
def test_limits_that_were_there_before_are_kept(decoder):
    program = decoder("yield str(len(bytearray(600 << 20))).encode()")
    script = (
        "import resource, sys; from lennox.image.decoder_process import DecodingBudget, run_decoder\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "print(bytes(run_decoder(sys.argv[1], {}, b'', DecodingBudget(400 << 20, 2))).decode())"
    )
    found = subprocess.run([sys.executable, "-c", script, program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(600 << 20)


@LINUX
@pytest.mark.parametrize(
    ("lines", "imports"),
    [
        ("open('/etc/passwd').read()\nreturn [b'read']", ""),
        ("open(header['path'], 'w')\nreturn [b'written']", ""),
        ("socket.socket()\nreturn [b'connected']", "import socket"),
        ("os.fork()\nreturn [b'forked']", "import os"),
        ("os.execv('/bin/echo', ['echo', 'run'])", "import os"),
        ("os.kill(os.getppid(), 0)\nreturn [b'killed']", "import os"),
        ("os.unlink(header['path'])\nreturn [b'removed']", "import os"),
        ("os.listdir('/')\nreturn [b'listed']", "import os"),
        ("resource.setrlimit(resource.RLIMIT_CPU, (99, 99))\nreturn [b'freed']", "import resource"),
    ],
    ids=["read", "write", "socket", "fork", "run", "signal", "remove", "list", "limits"],
)
def test_a_decoder_can_compute_and_nothing_else(decoder, tmp_path, lines, imports):
    target = tmp_path / "target"
    target.touch()
    with pytest.raises(
        ImageError, match=r"damaged or cut short \((PermissionError|OSError|error|ValueError not allowed)"
    ):
        run_decoder(decoder(lines, imports), {"path": str(target)}, b"", SMALL)
    assert target.exists()


def test_a_decoder_that_does_not_end_is_ended(decoder):
    with pytest.raises(ImageError, match="more than 2 seconds, the most that a film of this size gets"):
        run_decoder(decoder("while True: pass"), {}, b"", SMALL)


def test_a_decoder_that_takes_much_memory_is_refused_it(decoder):
    with pytest.raises(ImageError, match="more memory than there is, or than a picture of its size needs"):
        run_decoder(decoder("return [bytes(1 << 30)]"), {}, b"", SMALL)


def test_a_decoder_that_answers_too_much_is_refused(decoder):
    with pytest.raises(ImageError, match="damaged or cut short"):
        run_decoder(decoder("while True: yield bytes(1 << 16)"), {}, b"", SMALL)


@pytest.mark.parametrize(
    "lines", ["raise ValueError('no picture')", "import os\nos.abort()", "os.write(2, b'no picture')\nreturn []"]
)
def test_what_goes_wrong_there_is_one_error_here(decoder, lines, capfd):
    with pytest.raises(ImageError, match=r"no picture|decoder ended"):
        run_decoder(decoder(lines, "import os"), {}, b"", SMALL)
    assert capfd.readouterr() == ("", "")


def test_what_is_known_to_be_harmless_is_passed_over(decoder):
    program = decoder("os.write(2, b'Warning: odd\\n')\nreturn [b'fine']", "import os")
    assert bytes(run_decoder(program, {}, b"", SMALL, harmless=("Warning: odd",))) == b"fine"


@LINUX
def test_it_ends_with_the_program_that_started_it(decoder, tmp_path):
    """A killed run leaves no decoder behind; an interrupted one is over at once."""
    pid = tmp_path / "pid"
    program = decoder("while True: pass", f"import os\nopen({str(pid)!r}, 'w').write(str(os.getpid()))")
    code = (  # a background job is deaf to SIGINT until it says that it listens
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from lennox.image.decoder_process import DecodingBudget, run_decoder\n"
        "run_decoder(sys.argv[1], {}, b'', DecodingBudget(100, 600.0))"
    )
    for end in (signal.SIGKILL, signal.SIGINT):
        pid.unlink(missing_ok=True)
        parent = subprocess.Popen([sys.executable, "-c", code, program], stderr=subprocess.DEVNULL)
        while not (pid.exists() and pid.read_text()):
            time.sleep(0.05)
        child = int(pid.read_text())
        parent.send_signal(end)
        assert parent.wait() != 0
        for _ in range(200):
            if not Path(f"/proc/{child}").exists() or "zombie" in Path(f"/proc/{child}/status").read_text():
                break
            time.sleep(0.05)
        else:
            os.kill(child, signal.SIGKILL)
            pytest.fail("the decoder lives on")


def test_the_header_is_no_secret_and_the_data_no_argument(decoder, monkeypatch):
    """Whoever lists processes sees sizes, and nothing of a patient."""
    seen = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **options: seen.append(command) or run(command, **options))
    run_decoder(decoder("return [data]"), {"rows": 1}, b"Doe^Jane", SMALL)
    assert json.loads(seen[0][-1])["rows"] == 1
    assert "Doe" not in " ".join(map(str, seen[0]))
