"""Opening a network: an error in a sentence, nothing kept, nothing sent, and the same bits each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lennox.errors import ModelError
from lennox.image import Image
from lennox.inference import session
from lennox.inference.load import installed_models, load_candidate
from lennox.inference.prepare import prepare
from lennox.phantom import draw_film

PACKAGE = Path(session.__file__).parent


def test_a_file_that_is_no_network_is_an_error():
    with pytest.raises(ModelError, match=r"small: model\.onnx is not a network"):
        session.open_session(b"not a network", "small", 1)


def test_a_model_that_is_opened_again_answers_the_same_bits():
    films = [Image.from_array(draw_film(seed, bits=bits).pixels) for seed, bits in ((1, 8), (2, 12), (3, 16))]
    for folder in installed_models():
        first, again = load_candidate(folder, "test"), load_candidate(folder, "test")
        for film in films:
            one, other = (model.predict(prepare(film, model.card.contract)) for model in (first, again))
            assert one.probability_map.values.tobytes() == other.probability_map.values.tobytes()
            assert one.distance == other.distance


def test_no_library_of_operators_is_ever_loaded():
    for file in PACKAGE.rglob("*.py"):
        assert "custom_ops" not in file.read_text(), f"{file.name} loads operators"


def test_nothing_is_kept_or_sent_for_the_makers_of_onnx_runtime(own_home):
    """ONNX Runtime reports how it is used unless told not to; its report would lie in the cache folder first."""
    program = (
        "import sys; sys.path[:0] = sys.argv[1:2]; from pathlib import Path; from tiny_model import write_tiny_model\n"
        "from lennox.inference.load import load_candidate; load_candidate(write_tiny_model(Path(sys.argv[2])), 'test')"
    )
    quiet = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    support = Path(__file__).parents[1] / "support"
    subprocess.run([sys.executable, "-P", "-c", program, support, own_home / "tiny"], env=quiet, check=True)
    assert not (own_home / "cache").exists()
