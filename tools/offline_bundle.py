"""A folder for a USB stick: lennox and all it needs, its parts and digests, and an installer that asks no network.

python tools/offline_bundle.py OUT --wheel LENNOX.whl [--platform win_amd64] [--python 3.12]

The versions and digests are those of requirements/clinic.txt: lennox[desk,pacs,watch].
"""

import argparse
import hashlib
import json
import platform as this
import re
import shutil
import subprocess
import sys
from pathlib import Path

import sbom
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent / "offline"
GLIBC = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")  # Debian 10, Ubuntu 18.10, RHEL 8 and later
SYSTEMS = {  # how a platform of wheels begins: what markers are asked of it, and what Python's `platform` calls it
    "manylinux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "win": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    "macosx": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
}


def machine_of(platform: str) -> str:
    """As Python's `platform.machine()` calls it there."""
    machine = re.sub(r"^(manylinux_\d+_\d+_|win_|win|macosx_\d+_\d+_)", "", platform)
    return {"amd64": "AMD64", "32": "x86"}.get(machine, machine)


def wheel_tags(platform: str) -> list[str]:
    """The platforms of wheels that run there, too."""
    if not platform.startswith("manylinux"):
        return [platform]
    machine = machine_of(platform)
    newest = re.findall(r"\d+_\d+", platform)[0]
    older = GLIBC[GLIBC.index(newest) :] if newest in GLIBC else ()
    return [platform, *(f"manylinux_{glibc}_{machine}" for glibc in older), f"manylinux2014_{machine}"]


def locked_for(lock: str, platform: str, python: str) -> str:
    """The lines of a lock that count on that system, without their markers, which an installer would ask of itself."""
    system = next(found for start, found in SYSTEMS.items() if platform.startswith(start))
    environment = system | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": machine_of(platform),
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    kept = []
    for entry in re.findall(r"^\S.*?(?=^\S|\Z)", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE), re.M | re.S):
        wanted, _, digests = entry.partition("\\\n")
        requirement = Requirement(wanted.strip())
        if requirement.marker is None or requirement.marker.evaluate(environment):
            kept.append(f"{requirement.name}{requirement.specifier} \\\n{digests}")
    return "".join(kept)


def download(requirements: Path, target: Path, platform: str, python: str) -> None:
    """The wheels of a list with digests, which pip verifies."""
    tags = [part for tag in wheel_tags(platform) for part in ("--platform", tag)]
    options = ["--only-binary", ":all:", "--python-version", python, *tags, "--dest", str(target)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    done = subprocess.run([*pip, "--require-hashes", "-r", str(requirements), *options])
    # the installer's own tool: many a Linux has Python without it
    if done.returncode or subprocess.run([*pip, "pip", *options]).returncode:
        raise SystemExit(f"Not every wheel for {platform} and Python {python} is to be had; see above.")


def digests(folder: Path) -> str:
    """Lines of SHA256SUMS, for every file of the folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}" for path in paths
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Gather the folder."""
    parser = argparse.ArgumentParser(description="Gather lennox and all it needs for a computer without a network.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--wheel", type=Path, help="of lennox, for that system; without it the folder is incomplete")
    parser.add_argument("--platform", default=f"manylinux_2_28_{this.machine()}", help="as wheels name it")
    parser.add_argument("--python", default=f"{sys.version_info.major}.{sys.version_info.minor}")
    options = parser.parse_args()
    platform, python, out = options.platform, options.python, options.out
    if not platform.startswith(tuple(SYSTEMS)):
        raise SystemExit(
            f"The platform is one of wheels, such as win_amd64 or manylinux_2_28_aarch64, not '{platform}'."
        )
    shutil.rmtree(out, ignore_errors=True)
    (out / "wheels").mkdir(parents=True)
    if options.wheel:
        shutil.copy(options.wheel, out / "wheels")
    requirements, lock = out / "requirements.txt", (ROOT / "requirements/clinic.txt").read_text("utf-8")
    requirements.write_text(locked_for(lock, platform, python), "utf-8")
    download(requirements, out / "wheels", platform, python)
    for path in (*HERE.iterdir(), ROOT / "LICENSE", ROOT / "NOTICE"):
        if path.is_file():
            shutil.copyfile(path, out / path.name)
    sbom.write(out / "wheels", out / "sbom.cdx.json", out / "LICENCES.txt")
    system = next(found for start, found in SYSTEMS.items() if platform.startswith(start))
    target = {"python": python, "system": system["platform_system"], "machine": machine_of(platform)}
    (out / "bundle.json").write_text(json.dumps(target, indent=1) + "\n", "utf-8")
    sums = digests(out)
    (out / "SHA256SUMS").write_text(sums, "utf-8")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) >> 20
    print(f"{out}: {size} MiB for Python {python} on {target['system']} {target['machine']}.")
    print(f"SHA-256 of SHA256SUMS, to be noted elsewhere: {hashlib.sha256(sums.encode()).hexdigest()}")
    if not options.wheel:
        print(
            f"INCOMPLETE: lennox's own wheel for {platform} must be built there, and named by WHEEL=.", file=sys.stderr
        )


if __name__ == "__main__":
    main()
