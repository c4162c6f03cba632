"""The C loops give the same bits from every compiler and processor at hand, and no wheel needs more than it may.

Other processors are emulated (QEMU): that shows the results, not the speed. What is not installed is skipped.
"""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lennox import _core

ROOT = Path(__file__).parents[2]
LOOPS = 9  # of a variant, in every_loop.c
FLAGS = ["-O3", "-falign-loops=32", "-ffp-contract=off"]  # as in setup.py
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-align"]
X86 = platform.machine() in {"x86_64", "AMD64"}

BUILDS = {  # name: (compiler and its options, emulator and its options, the variants that must have run)
    "gcc": (["gcc"], [], None),
    "portable": (["gcc", "-DLENNOX_PORTABLE"], [], {"portable"}),
    "checked": (["gcc", "-DLENNOX_CHECKED_KERNELS", "-fsanitize=undefined", "-fno-sanitize-recover"], [], None),
    "unoptimised": (["gcc", "-O0"], [], None),
    "clang": (["clang"], [], None),
    "musl": (["musl-gcc", "-static"], [], None),
    "aarch64": (["aarch64-linux-gnu-gcc", "-static"], ["qemu-aarch64-static"], {"portable"}),
    "aarch64 SVE": (
        ["aarch64-linux-gnu-gcc", "-static", "-mcpu=neoverse-v1"],
        ["qemu-aarch64-static", "-cpu", "max"],
        {"portable"},
    ),
    "Windows": (["x86_64-w64-mingw32-gcc", "-static"], ["wine"], None),
    "riscv64": (["riscv64-linux-gnu-gcc", "-static"], ["qemu-riscv64-static"], {"portable"}),
    "x86-64 with AVX2": (
        ["x86_64-linux-gnu-gcc", "-static"],
        ["qemu-x86_64-static", "-cpu", "max"],
        {"x86-64-v3", "x86-64"},
    ),
    "x86-64 without AVX": (
        ["x86_64-linux-gnu-gcc", "-static"],
        ["qemu-x86_64-static", "-cpu", "Nehalem"],
        {"x86-64"},
    ),
    "first x86-64": (
        ["x86_64-linux-gnu-gcc", "-static"],
        ["qemu-x86_64-static", "-cpu", "qemu64,-sse3,-cx16"],
        {"x86-64"},
    ),
}


def starts(environment):
    """Whether Wine runs anything at all: it makes a Windows of its own first, which takes what a desktop has."""
    command = ["wine", "cmd", "/c", "exit"]
    try:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run(command, env=environment, timeout=120, **quiet).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def digests(folder, compiler, emulator):
    """{(loop, digest)} and the names of the variants of a build of every_loop.c."""
    for program in (compiler[0], *emulator[:1]):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    core = ROOT / "lennox/_core"
    target, sources = folder / "every_loop", [ROOT / "tests/_core/every_loop.c", core / "kernels.c"]
    command = [compiler[0], *FLAGS, *WARNINGS, "-Werror", *compiler[1:], "-I", core, "-o", target, *sources]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    target = next(folder.glob("every_loop*"))  # Windows adds .exe
    environment = os.environ | {"WINEPREFIX": str(folder / "wine"), "WINEDEBUG": "-all"}
    if emulator == ["wine"] and not starts(environment):
        pytest.skip("Wine does not start here")
    done = subprocess.run([*emulator, target], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return {(loop, digest) for _, loop, digest in lines}, {variant for variant, _, _ in lines} - {"every"}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the machine's own compiler gives."""
    found, variants = digests(tmp_path_factory.mktemp("cc"), ["cc"], [])
    assert variants == set(_core.variants())
    assert len(found) == LOOPS + 3  # one digest a loop: the variants agree
    return found


@pytest.mark.parametrize("build", BUILDS)
def test_every_build_gives_the_same_bits(build, expected, tmp_path):
    compiler, emulator, wanted = BUILDS[build]
    found, variants = digests(tmp_path, compiler, emulator)
    assert found == expected
    assert wanted is None or variants == wanted


def test_the_flags_are_those_of_the_wheel():
    assert f"FLAGS = {FLAGS!r}".replace("'", '"').removesuffix("]") in (ROOT / "setup.py").read_text()


# Later than the first x86-64. (Not tzcnt: a processor that does not know it runs it as `bsf`, and GCC uses it as such.)
LATER = re.compile(
    "v(?!er[rw])|haddp|hsubp|addsubp|mov(ddup|shdup|sldup|be|ntdqa)|lddqu|pshufb|phadd|phsub|pabs|psign|palignr|pmulhrsw"
    "|pmaddubsw|pmov[sz]x|p?blend|ptest|round[sp]|dpp[sd]|pmulld|pmuldq|p(min|max)(sb|sd|uw|ud)|p(ext|ins)r[bdq]|insertps"
    "|extractps|packusdw|pcmp(eq|gt)q|pcmp[ei]str|crc32|popcnt|lzcnt|andn$|bextr|bls|bzhi|mulx|pdep|pext|rorx|s[ah][lr]x"
    "|ad[co]x|aes|pclmul|sha(1|256)|cmpxchg16b"
)


@pytest.mark.skipif(not X86 or platform.system() != "Linux", reason="reads x86-64 machine code")
@pytest.mark.parametrize("module", ["_window", "_lesions"])
def test_only_what_is_chosen_at_run_time_needs_more_than_the_first_x86_64(module):
    """So nobody built this with -march=native, and a loop of AVX2 has not left its function."""
    if shutil.which("objdump") is None:
        pytest.skip("objdump is not installed")
    library = getattr(_core, module).__file__
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", library], capture_output=True, text=True, check=True
    ).stdout
    function, functions, seen = "", set(), 0
    for line in listing.splitlines():
        if started := re.match(r"[0-9a-f]+ <(.+)>:", line):
            function = started[1]
            functions.add(function)
        elif instruction := re.match(r" +[0-9a-f]+:\t(?:rep |lock |data16 )*([a-z0-9]+)", line):
            seen += 1
            if LATER.match(instruction[1]):
                assert "_x86_64_v3" in function, f"{function}: {line.strip()}"
    assert seen > 1000
    if len(functions) < 20:
        pytest.skip("the names of the functions were stripped")
    assert any("_x86_64_v3" in name for name in functions) == (module == "_window")
