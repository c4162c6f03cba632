import pytest
from tiny_model import write_tiny_model

import lennox
from lennox.card import OperatingPoint
from lennox.errors import ImageError, InputError
from lennox.inference.examination import Examination, ModelIdentity, SourceFile
from lennox.inference.load import load_candidate
from lennox.phantom import draw_film
from lennox.phantom.film_set import encode_png


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_candidate(write_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), "test")


@pytest.fixture(scope="module")
def film():
    return draw_film(3).pixels


def test_a_film_is_assessed(model, film):
    examination = lennox.diagnose(lennox.Image.from_array(film), model)
    assert examination.status == "assessed"
    assert examination.probability == pytest.approx(max(f.probability for f in examination.findings))
    assert all(finding.probability >= 0.5 for finding in examination.findings)
    assert examination.source.kind == "periapical"
    assert examination.model.release == "unreleased"


def test_a_path_will_do(model, film, tmp_path):
    path, broken = tmp_path / "film.png", tmp_path / "broken.png"
    path.write_bytes(encode_png(film))
    broken.write_bytes(b"not a picture")
    assert lennox.diagnose(str(path), model) == lennox.diagnose(lennox.read_image(path), model)
    with pytest.raises(ImageError):
        lennox.diagnose(broken, model)


def test_a_threshold_overrides_the_operating_point(model, film):
    image = lennox.Image.from_array(film)
    sensitive = lennox.diagnose(image, model, operating_point="sensitive")
    low = lennox.diagnose(image, model, threshold=0.01)
    assert low.operating_point.name == "custom"
    assert set(sensitive.findings) <= set(low.findings)
    assert sensitive.probability == low.probability


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.01, float("nan")])
def test_an_impossible_threshold_is_refused_before_any_file_is_read(model, threshold):
    with pytest.raises(InputError, match="above 0 and up to 1"):
        next(lennox.diagnose_many(["missing.png"], model, threshold=threshold))


def test_an_unknown_operating_point_is_refused(model, film):
    with pytest.raises(InputError, match="choose one of"):
        lennox.diagnose(lennox.Image.from_array(film), model, operating_point="best")


def test_a_kind_the_card_does_not_name_is_not_assessable(tmp_path, film):
    model = load_candidate(write_tiny_model(tmp_path, kinds=["bitewing"]), "test")
    examination = lennox.diagnose(lennox.Image.from_array(film), model)
    assert examination.status == "not assessable"
    assert "made for bitewing radiographs only" in examination.reasons[0]
    assert examination.probability is None


def test_an_unfamiliar_image_is_not_assessable(tmp_path, film):
    model = load_candidate(write_tiny_model(tmp_path, distance=11.0, familiarity_limit=10.0), "test")
    examination = lennox.diagnose(lennox.Image.from_array(film), model)
    assert examination.status == "not assessable"
    assert "does not look like the images" in examination.reasons[0]


def test_an_examination_is_assessed_or_has_reasons():
    identity = ModelIdentity("tiny", "1", "0", "unreleased")
    for status, reasons, probability in [
        ("assessed", (), None),
        ("assessed", ("dark",), 0.5),
        ("unreadable", (), None),
    ]:
        with pytest.raises(ValueError, match="either assessed"):
            Examination(SourceFile("film.png"), identity, OperatingPoint("balanced", 0.5), status, reasons, probability)
