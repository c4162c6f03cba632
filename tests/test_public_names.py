"""The names of `import lennox`: listed, found, documented, and none loaded before it is used."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiny_model import write_tiny_model

import lennox
from lennox.inference.load import load_candidate
from lennox.phantom import draw_film

PAGE = (Path(__file__).parents[1] / "docs/developer/python.md").read_text()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LENNOX_LOG", str(tmp_path_factory.mktemp("log") / "log.sqlite"))
        return load_candidate(
            write_tiny_model(tmp_path_factory.mktemp("model") / "tiny", kinds=("periapical",)), "test"
        )


@pytest.fixture(scope="module")
def film():
    return lennox.Image.from_array(draw_film(seed=7).pixels, name="drawn.png")


@pytest.mark.parametrize("name", [name for name in lennox.__all__ if name != "__version__"])
def test_a_public_name_is_there_and_says_what_it_is(name):
    assert getattr(lennox, name).__doc__
    assert name in dir(lennox)


@pytest.mark.parametrize("name", [name for name in lennox.__all__ if name[0].islower()])
def test_a_public_function_stands_on_the_page_of_python(name):
    assert f"{name}" in PAGE


def test_every_name_is_found_and_no_other():
    assert set(lennox._HOME) == set(lennox.__all__) - {"__version__"}
    with pytest.raises(AttributeError, match="no attribute 'draw_overlays'"):
        lennox.draw_overlays  # noqa: B018


def test_import_lennox_loads_none_of_them():
    program = "import sys, lennox; print(*[name for name in sys.modules if name.startswith('lennox.')])"
    loaded = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []


def test_a_page_of_films_says_what_was_found_and_by_which_model(film, model):
    examination = lennox.diagnose(film, model)
    page = lennox.draw_page([(film, examination), (None, examination)], model)
    assert page.startswith("<!doctype html>")
    assert "drawn.png" in page
    assert "unreleased" in page
    assert 'lang="es"' in lennox.draw_page([(film, examination)], model, "es")


def test_a_page_without_films_or_with_those_of_another_model_is_a_mistake_of_the_program(film, model, tmp_path):
    with pytest.raises(ValueError, match="1 to 100 films, got 0"):
        lennox.draw_page([], model)
    other = load_candidate(write_tiny_model(tmp_path / "other", distance=2.0), "test")
    with pytest.raises(ValueError, match="by the model that is given"):
        lennox.draw_page([(film, lennox.diagnose(film, other))], model)


def test_a_model_shows_itself_in_a_notebook(model):
    shown = model._repr_html_()
    assert "tiny 0.0.1: looks for caries on periapical images" in shown
    assert "<td>balanced</td><td>0.5</td><td>default</td>" in shown
    assert "unreleased" in shown
