"""`lennox bench`: the verdict for people, the record for programs."""

import json

import pytest

from lennox.bench import measurements as measuring


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(measuring, "SECONDS", 0.02)
    monkeypatch.setattr(measuring, "STARTS", (1, 1))


def test_text_begins_with_the_verdict_and_says_what_it_depends_on(invoke, tiny):
    result = invoke("bench", "--model", tiny)
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert text.startswith("This PC reads a film in about ")
    for said in ("films an hour", "the first film", "each further film", "most memory for a folder", "unreleased"):
        assert said in text
    for said in ("processor", "kernels", "ONNX Runtime, CPUExecutionProvider", "other programs"):
        assert said in text


def test_json_is_one_document_and_nothing_else(invoke, tiny):
    result = invoke("bench", "--model", tiny, "--format", "json")
    record = json.loads(result.stdout)
    assert record["schema"] == "lennox.bench/1"
    assert record["profile"] == "this-pc"


def test_a_weak_pc_says_what_it_was_held_to(invoke, tiny):
    result = invoke("bench", "--model", tiny, "--profile", "low-cost")
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert "one processor" in text
    assert "512 MiB of memory" in text
    assert "instructions older than those this processor has" in text
    assert "a slower clock" in text


def test_a_model_that_is_not_there(invoke):
    result = invoke("bench", "--model", "nobody")
    assert result.exit_code == 4
    assert "there is no model 'nobody'" in result.stderr
