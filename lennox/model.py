"""The network at work: find a model, check its bytes against its card, run it with ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime

from lennox.card import ModelCard
from lennox.errors import ModelError
from lennox.maps import ProbabilityMap
from lennox.prepare import Prepared

DEFAULT_MODEL = "caries-radiograph-1"
UNRELEASED = "unreleased"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one image.

    likely : calibrated probabilities
    distance : how far the image is from the training films, in the units of the card's familiarity limit
    """

    likely: ProbabilityMap
    distance: float


class Model:
    """A network and its card, ready to predict; safe to share between threads, and to send to another process."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Read the card, check `model.onnx` against its SHA-256, and open a session on those same bytes.

        threads : threads within one image; many images are faster with one thread each
        Raises ModelError if a file is missing, altered, or not a network that fits the card.
        """
        self.folder, self.threads = Path(folder), threads
        self.card = ModelCard.read(self.folder / "card.json")
        self.release = UNRELEASED
        weights = _read(self.folder / "model.onnx")
        self.sha256 = hashlib.sha256(weights).hexdigest()
        if self.sha256 != self.card.files["model.onnx"]:
            raise ModelError(
                f"{self.card.name}: model.onnx has SHA-256 {self.sha256[:12]}…, its card says "
                f"{self.card.files['model.onnx'][:12]}…; install the model again."
            )
        self._session = _open_session(weights, self.card, threads)

    def predict(self, prepared: Prepared) -> Prediction:
        """Run the network on one prepared image. Raises ModelError if it answers with something impossible."""
        values, distance = self._session.run(["probability", "distance"], {"image": prepared.tensor})
        try:
            return Prediction(
                ProbabilityMap.on_film(values[0], self.card.labels, prepared.placement), float(distance[0])
            )
        except ValueError as error:
            raise ModelError(f"{self.card.name} gave an impossible answer ({error}); it must not be used.") from error

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, (self.folder, self.threads)

    def __repr__(self) -> str:
        return f"Model({self.card.name} {self.card.version}, {self.release})"


def load_model(name: str | Path | None = None, *, threads: int = 1) -> Model:
    """Load a model that came with lennox by its name, or any model from its folder.

    Raises ModelError if there is no such model, or it does not fit its card.
    """
    return Model(_folder_of(name if name is not None else DEFAULT_MODEL), threads)


def installed_models() -> Iterator[Path]:
    """The folder of each model that came with lennox, in order of name."""
    return (card.parent for card in sorted(_records().glob("*/card.json")))


def _records() -> Path:
    package = Path(__file__).parent
    installed = package / "models"  # in a wheel; in a checkout they lie beside the package
    return installed if installed.is_dir() else package.parent / "models"


def _folder_of(name: str | Path) -> Path:
    for folder in installed_models():
        if folder.name == str(name):
            return folder
    if (Path(name) / "card.json").is_file():
        return Path(name)
    known = ", ".join(folder.name for folder in installed_models()) or "none"
    raise ModelError(
        f"there is no model '{Path(name).name}': give the name of an installed model ({known}) "
        f"or a folder that holds card.json and model.onnx."
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name}: cannot be read ({error.strerror}); install the model again.") from error


def _open_session(weights: bytes, card: ModelCard, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning starves the other workers
    try:
        session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no public base class
        raise ModelError(f"{card.name}: model.onnx is not a network that ONNX Runtime can open.") from error
    wanted = [1, 1, card.contract.rows, card.contract.columns]
    inputs = {item.name: item.shape for item in session.get_inputs()}
    outputs = {item.name for item in session.get_outputs()}
    if inputs != {"image": wanted} or not {"probability", "distance"} <= outputs:
        raise ModelError(
            f"{card.name}: the network takes {inputs} and gives {sorted(outputs)}; its card asks for "
            f"'image' {wanted}, 'probability' and 'distance'."
        )
    return session
