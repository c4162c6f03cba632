"""The layers and the doors, as data: imports point down, and each heavy dependency has one door."""

import ast
import functools
import graphlib
import re
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "lennox"

# Highest first; a module may import from lower layers and from its own part of the tree, and anyone from `errors`.
LAYERS = [
    {"cli"},
    {"evidence"},
    {"desk"},
    {"clinic", "intake", "deid"},
    {"release", "monitoring"},
    {"training", "audit", "bench", "runs"},
    {"evaluation"},
    {"interop"},
    {"report"},
    {"annotations"},
    {"inference"},
    {"gate"},
    {"policy", "statistics"},
    {"phantom"},
    {"image"},
    {"card"},
    {"_core"},
    {"files", "lazy"},
    {"system"},
    {"geometry", "toml", "tooth_names", "caries_stages"},
    {"errors"},
]
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}

# Which files may import what: one door to each heavy dependency, as glob patterns.
DOORS = {
    "PIL": ["image/raster/*", "report/*", "deid/deidentify.py"],  # read by the first, written by the second
    "pydicom": [
        "image/dicom/*",
        "report/dicom_file.py",
        "report/dicom_capture.py",
        "interop/*",
        "intake/*",
    ],  # read by the first, written by the second
    "highdicom": ["interop/*"],
    "distributed": ["runs/cluster.py"],
    "pynetdicom": ["intake/dicom_server.py", "intake/dicom_sender.py"],
    "dicomweb_client": ["intake/web_archive.py"],
    "requests": ["intake/web_archive.py"],
    "watchdog": ["intake/folder_watch.py"],
    "cryptography": ["gate/statement.py"],
    "tomlkit": ["gate/trust_file.py"],
    "sqlite3": ["gate/event_log.py", "desk/event_store.py", "monitoring/use_record.py"],
    "onnxruntime": ["inference/session.py", "training/onnx_model.py", "training/eight_bit.py"],  # exported networks
    "starlette": ["desk/app.py", "desk/request_guard.py", "desk/serve.py"],
    "uvicorn": ["desk/serve.py"],
    "jinja2": ["report/pages.py"],
    "babel": ["report/wording.py"],
    "weasyprint": ["report/pdf.py"],
    "torch": ["training/*"],
    "fairlearn": ["audit/*"],
    "fcntl": ["system/*"],
    "msvcrt": ["system/*"],
    "resource": ["system/*"],
    "ctypes": ["system/*"],
    "psutil": ["bench/computer.py"],
    "cpuinfo": ["bench/computer.py"],
    "click": ["cli/*"],
    "rich": ["cli/*"],
    "tomllib": ["toml.py", "policy/reading.py"],  # within limits; the second names its error
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@functools.cache
def imports_of(path: Path) -> set[str]:
    """Every absolute module name that a file imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            assert node.module is not None
            found.add(node.module)
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    part = part_of(path)
    if part in ("__init__", "__main__"):  # the public names: it looks into every layer, lazily
        return
    assert part in RANK, f"{part} has no layer yet: add it to LAYERS"
    for name in imports_of(path):
        if not name.startswith("lennox.") or name.split(".")[1] == "__version__":
            continue
        other = name.split(".")[1]
        assert other in RANK, f"{path.name} imports {name}, which is in no layer"
        assert other == part or RANK[other] > RANK[part], f"{path.name} ({part}) must not import {name}"


def test_no_module_needs_itself():
    """Also inside a package, and also for what is imported late."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in modules()}
    graph = {}
    for path in modules():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        graph[name] = (imports_of(path) & names) - {name}
    packages = {name for name in names if (ROOT / name.replace(".", "/")).is_dir()}
    list(graphlib.TopologicalSorter({name: needs - packages for name, needs in graph.items()}).static_order())


def test_the_map_in_the_docs_is_these_layers():
    page = (ROOT / "docs/contributor/architecture.md").read_text(encoding="utf-8")
    drawn = page.split("```")[1].strip().splitlines()
    assert len(drawn) == len(LAYERS)
    for line, layer in zip(drawn, LAYERS, strict=True):
        assert set(line.split()[: len(layer)]) == layer


@pytest.mark.parametrize("door", sorted(DOORS))
def test_each_heavy_dependency_has_one_door(door):
    for path in modules():
        if any(name.split(".")[0] == door for name in imports_of(path)):
            where = str(path.relative_to(PACKAGE))
            assert any(fnmatch(where, pattern) for pattern in DOORS[door]), f"{where} imports {door}"


# What some system lacks, or means otherwise.
SYSTEM_CALLS = re.compile(
    r"os\.(open|name|uname|chmod|umask|fork|kill|killpg|get\w*[ug]id|sched_\w+|memfd_create|statvfs|mkfifo"
    r"|O_(?!RDONLY|WRONLY|RDWR)\w+)|sys\.platform|sys\.getwindowsversion|signal\.SIG(?!INT|TERM|_DFL|_IGN)\w+"
)
ASK_THEMSELVES = [
    "system/*",
    "__main__.py",
    "cli/ending.py",
]  # before any import, and at the end


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_one_package_knows_how_systems_differ(path):
    where = str(path.relative_to(PACKAGE))
    if any(fnmatch(where, pattern) for pattern in ASK_THEMSELVES):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            assert not SYSTEM_CALLS.fullmatch(name), f"{where} uses {name}: ask lennox.system"


def test_only_what_comes_before_a_release_loads_candidates():
    """Everybody else goes through the gate."""
    for path in modules():
        if "lennox.inference.load.load_candidate" in imports_of(path):
            assert part_of(path) in ("training", "evaluation", "audit", "release", "bench"), path


def test_every_third_party_import_is_a_declared_dependency():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = " ".join(
        [*project["dependencies"], *(item for extra in project["optional-dependencies"].values() for item in extra)]
    ).lower()
    names = {
        "PIL": "pillow",
        "sklearn": "scikit-learn",
        "cpuinfo": "py-cpuinfo",
        "skimage": "scikit-image",
        "gdcm": "python-gdcm",
    }
    for path in modules():
        for name in {name.split(".")[0] for name in imports_of(path)} - {"lennox"} - set(sys.stdlib_module_names):
            wanted = names.get(name, name.replace("_", "-")).lower()
            assert wanted in declared, f"{path.name} imports {name}, which pyproject.toml does not name"


# The same idea once for each family of files, on purpose.
SHARED_NAMES = {"read", "signature"}


def test_no_module_and_no_class_is_called_the_same_in_two_packages():
    """A module of `cli` is called like its command, and so like what the command calls."""
    homes: dict[str, set[str]] = {}
    for path in modules():
        package = path.parent.relative_to(PACKAGE).as_posix()
        names = {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)}
        if not path.stem.startswith("__") and part_of(path) != "cli":
            names.add(path.stem)
        for name in names:
            if not name.startswith("_"):
                homes.setdefault(name, set()).add(package)
    assert {name: sorted(found) for name, found in homes.items() if len(found) > 1 and name not in SHARED_NAMES} == {}


def test_no_file_has_grown_a_second_idea():
    for path in [*modules(), *PACKAGE.rglob("*.pyx"), *(ROOT / "tests").rglob("*.py")]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, f"{path} is past 500 lines"


def test_the_list_of_long_test_modules_names_what_is_there():
    listed = [line for line in (ROOT / "tests/long_modules.txt").read_text().splitlines() if not line.startswith("#")]
    assert listed == sorted(set(listed))
    assert [name for name in listed if not (ROOT / name).is_file()] == []


def test_every_package_is_installed():
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert found | {"lennox.models"} == set(listed)
