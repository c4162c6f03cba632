"""Install lennox from this folder alone, after every file of it was verified. Started by install.sh and install.bat.

Needs nothing but Python: no network, no administrator, not even pip, which lies in the folder.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
MARK = "lennox-bundle.json"  # in a folder that this installed into, and may replace


def usual_target() -> Path:
    """Where lennox is installed unless a folder is named: this user's own."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "lennox-app"
    return Path.home() / ".local/share/lennox-app"


def complaint(folder: Path, target: Path) -> str:
    """Why it cannot be installed; "" if it can. Nothing is written."""
    wanted = json.loads((folder / "bundle.json").read_text("utf-8"))
    here = {
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "system": platform.system(),
        "machine": platform.machine(),
    }
    if here != wanted:
        return "This folder is for Python {python} on {system} {machine}".format(
            **wanted
        ) + ", and here is Python {python} on {system} {machine}.".format(**here)
    if not list((folder / "wheels").glob("lennox-*.whl")):
        return "lennox's own wheel is not in the folder `wheels`. Ask whoever made the folder for it."
    damaged = damaged_files(folder)
    if damaged:
        return f"Damaged, missing or not of this folder: {', '.join(damaged[:5])}. Copy the folder again."
    if target.exists() and any(target.iterdir()) and not (target / MARK).is_file():
        return f"'{target}' is in use for something else. Name an empty folder."
    return ""


def damaged_files(folder: Path) -> list[str]:
    """The files that are not as SHA256SUMS says, in either direction; what lies in `python` came later."""
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    wanted = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    found = {name for name in found if not name.startswith("python/")}
    wrong = found ^ (wanted.keys() | {"SHA256SUMS"})
    for name in found & wanted.keys():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != wanted[name]:
            wrong.add(name)
    return sorted(wrong)


def install(folder: Path, target: Path) -> Path:
    """Put everything into a virtual environment of its own; gives the command `lennox`."""
    (target / MARK).parent.mkdir(parents=True, exist_ok=True)
    venv.EnvBuilder(clear=True, with_pip=False).create(target)  # what was installed there before goes
    (target / MARK).write_bytes((folder / "bundle.json").read_bytes())
    programs = target / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    pip = next((folder / "wheels").glob("pip-*.whl")) / "pip"
    own = next((folder / "wheels").glob("lennox-*.whl"))
    command = [str(python), str(pip), "--isolated", "install", "--quiet", "--no-index", "--no-cache-dir", "--no-deps"]
    locked = ["--require-hashes", "--find-links", str(folder / "wheels"), "-r", str(folder / "requirements.txt")]
    subprocess.run([*command, *locked], check=True)
    subprocess.run([*command, str(own)], check=True)
    subprocess.run([str(python), "-I", "-c", "import onnxruntime, gdcm, lennox._core"], check=True)
    return programs / ("lennox.exe" if os.name == "nt" else "lennox")


def main() -> None:
    """Install, or say in one sentence why not."""
    target = Path(sys.argv[1]).expanduser().resolve() if len(sys.argv) > 1 else usual_target()
    try:
        why = complaint(HERE, target)
        if why:
            raise SystemExit(why)
        print(f"Every file is as it should be. Installing into {target} (about a minute) ...", flush=True)
        command = install(HERE, target)
    except OSError as error:
        raise SystemExit(f"Not installed: {error}.") from None
    except subprocess.CalledProcessError:
        hint = " On Windows, install the Microsoft Visual C++ Redistributable first." if os.name == "nt" else ""
        raise SystemExit(f"Not installed: see the lines above.{hint}") from None
    print(f'Installed. Start the reading desk with:\n\n  "{command}" desk\n')


if __name__ == "__main__":
    main()
