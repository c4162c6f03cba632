"""The tutorial from a PyTorch model to a release."""

import pytest
from tutorials import run_tutorial

pytest.importorskip("torch")


def test_a_network_of_pytorch_is_released_and_a_changed_byte_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("LENNOX_TRUST", "")  # the tutorial takes it away, here only for itself
    _, now = run_tutorial("pytorch-to-release", monkeypatch, tmp_path)
    assert any(text.startswith("PASS\n") for text in now)
    assert any("mine 0.0.1 is released for workshop under policy walk 1.0.0" in text for text in now)
    assert "is not the file that was released" in now[-1] + now[-2]
