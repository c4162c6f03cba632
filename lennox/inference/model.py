"""The network at work: files that were read and checked become a model that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lennox.card import ModelCard
from lennox.errors import ModelError
from lennox.gate.bundle import ModelFiles
from lennox.gate.weights import refuse_external_data
from lennox.geometry import ProbabilityMap
from lennox.inference.kind import KindNetwork
from lennox.inference.prepare import Prepared
from lennox.inference.session import open_session
from lennox.lazy import notebook_html

ANSWER_AXES = {"probability": 4, "distance": 1}  # (1, labels, rows, columns) and (1,)
RESTORATION = "restoration"  # an output that a network may have beside them: (1, 1, rows, columns)
NO_MEMORY = ("Failed to allocate memory", "bad_alloc")  # how ONNX Runtime says so


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one image.

    probability_map : calibrated probabilities
    distance : how far the image is from the training images, in the units of the card's familiarity limit
    restoration : how probable fillings and crowns are, not calibrated; None if the network does not answer that
    """

    probability_map: ProbabilityMap
    distance: float
    restoration: ProbabilityMap | None = None


class Model:
    """A network and its card, ready to predict; safe to share between threads, and to send to another process.

    release : in words, under which policies and whose, or by whose override; starts with "unreleased" if nobody's
    sha256 : of model.onnx
    """

    def __init__(self, folder: Path, files: ModelFiles, release: str, threads: int = 1) -> None:
        """Use `load_model`. files : as they were read; what is not among them is not looked at.

        Raises ModelError if a file is missing, altered, or not a network that fits the card.
        """
        self.folder, self.threads, self.release = Path(folder), threads, release
        self.card = ModelCard.from_json(files.data["card.json"])
        for name, wanted in self.card.files.items():
            found = files.sha256.get(name, "no such file")
            if found != wanted:
                raise ModelError(
                    f"{self.card.name}: {name} has SHA-256 {found[:12]}…, its card says {wanted[:12]}…; "
                    "install the model again."
                )
        self.sha256 = files.sha256["model.onnx"]
        self.identity = (self.sha256, files.sha256["card.json"], release)
        self.reopen: Callable[[], Model] | None = None
        self._session = open_session(self._onnx(files, "model.onnx"), self.card.name, threads)
        self._check_fit()
        self.kind_network: KindNetwork | None = None
        if (kinds := self.card.kind_network) is not None:
            self.kind_network = KindNetwork(self._onnx(files, kinds.file), kinds, self.card.name)

    def _repr_html_(self) -> str:
        """What a notebook shows: what it looks for, its operating points, and whether a release vouches for it."""
        return notebook_html(self)

    def _onnx(self, files: ModelFiles, name: str) -> bytes:
        """The bytes of a network of the folder. Raises ModelError if it could open others."""
        try:
            refuse_external_data(files.data[name])
        except ModelError as error:
            raise ModelError(f"{self.card.name}: {name} cannot be used: {error}") from error
        return files.data[name]

    def _check_fit(self) -> None:
        wanted = [1, 1, self.card.contract.rows, self.card.contract.columns]
        inputs = {item.name: item.shape for item in self._session.get_inputs()}
        outputs = {item.name: len(item.shape) for item in self._session.get_outputs()}
        self._outputs = [*ANSWER_AXES, *({RESTORATION} & outputs.keys())]
        if inputs != {"image": wanted} or not ANSWER_AXES.items() <= outputs.items():
            raise ModelError(
                f"{self.card.name}: the network takes {inputs} and gives {outputs} (axes); its card asks for "
                f"'image' {wanted}, and lennox for {ANSWER_AXES}."
            )

    def predict(self, prepared: Prepared) -> Prediction:
        """Run the network on one prepared image.

        Raises ModelError if it answers with something impossible, MemoryError if there is not enough memory.
        """
        try:
            answers = self._session.run(self._outputs, {"image": prepared.tensor})
        except Exception as error:  # ONNX Runtime's own errors share no public base class
            if any(said in str(error) for said in NO_MEMORY):  # then the model is as good as before
                raise MemoryError from error
            raise ModelError(f"{self.card.name}: ONNX Runtime cannot run model.onnx; it must not be used.") from error
        try:
            values, distance, *others = map(np.asarray, answers)
            if values.shape[:1] != (1,) or distance.shape != (1,) or not np.isfinite(distance[0]):
                raise ValueError(f"a map {values.shape} and the distance {distance.tolist()!r:.40}")
            turn = prepared.turn
            placement = turn.placement_back(prepared.placement)
            probability_map = ProbabilityMap.on_image(turn.back(values[0]), self.card.labels, placement)
            beside = [ProbabilityMap.on_image(turn.back(one[0]), (RESTORATION,), placement) for one in others]
        except (ValueError, TypeError) as error:
            raise ModelError(f"{self.card.name} gave an impossible answer ({error}); it must not be used.") from error
        return Prediction(probability_map, float(distance[0]), *beside)

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent as the way to open it again, through the same gate: `reopen`, which `load` gives it."""
        if self.reopen is None:
            raise TypeError("only a model that was loaded can be sent to another process")
        return self.reopen, ()

    def __repr__(self) -> str:
        return f"Model({self.card.name} {self.card.version}, {self.release})"
