"""The commands of docs/developer/release.md, as they stand there, from a new model to a film read under its release."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Raster
from tiny_model import write_tiny_model

from lennox.phantom import draw_film

PAGE = Path(__file__).parents[2] / "docs/developer/release.md"
FILMS, CARIOUS = 120, 80
ROWS, COLUMNS = 340, 480
POLICY = """
format = "lennox-equity-policy/1"
id = "walk"
version = "1.0.0"
title = "A policy to walk with"
[ratification]
body = "a test"
date = 2026-01-01
method = "delegated"
next_review = 2099-01-01
[scope]
task = "caries-detection"
unit = "image"
cluster = "patient"
modality = ["periapical"]
label = "carious lesions, here bright squares"
[evidence]
confidence = 0.95
interval = "cluster"
min_patients = 20
min_cases = 20
min_controls = 20
[unknown]
name = "did not say"
gate = true
max_share = 0.4
[[feature]]
name = "village"
source = "record"
groups = ["upper", "lower"]
[[requirement]]
id = "finds"
metric = "lesion_sensitivity"
criterion = "worst-group"
direction = "at-least"
limit = 0.6
over = ["village"]
plain = "In each village, find at least 60 of 100 lesions."
[[requirement]]
id = "reads"
metric = "readable_rate"
criterion = "worst-group"
direction = "at-least"
limit = 0.7
over = ["village"]
plain = "In each village, read at least 70 of 100 films."
"""


@pytest.fixture
def ready(tmp_path):
    """What the page speaks of: models/mine, films, policy.toml and film.png. The lesions are what the model marks."""
    write_tiny_model(tmp_path / "models" / "mine")
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "films").mkdir()
    dark = draw_film(3, rows=ROWS, columns=COLUMNS).pixels // 2
    images, annotations = [], []
    for number in range(FILMS):
        pixels = np.roll(dark, number, 1)
        if number < CARIOUS:
            top, left = 40 + number % 7, 60 + 4 * number
            pixels[top : top + 40, left : left + 40] = 255
            annotations.append({"image_id": number, "category_id": 1, "bbox": [left, top, 40, 40]})
        Raster.fromarray(pixels).save(tmp_path / "films" / f"{number}.png")
        fields = {"patient": f"p{number}", "village": ("upper", "lower")[number % 2]}
        images.append({"id": number, "file_name": f"{number}.png", "width": COLUMNS, "height": ROWS, **fields})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "caries"}]}
    (tmp_path / "films" / "annotations.json").write_text(json.dumps(document))
    (tmp_path / "film.png").write_bytes((tmp_path / "films" / "0.png").read_bytes())
    return tmp_path


def test_the_commands_of_the_page_lead_to_a_released_model(ready):
    commands = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    assert len(re.findall(r"lennox \w", commands)) >= 10
    private = {name: str(ready / name.lower()) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    private["XDG_CONFIG_HOME"] = str(ready / "home" / ".config")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=ready, capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if name != "LENNOX_TRUST"} | private | {"PATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Signed by our auditor" in done.stdout
    record = json.loads(done.stdout.splitlines()[-1])
    assert record["model"]["release"].startswith("released for workshop under policy walk 1.0.0")
    assert record["findings"]
