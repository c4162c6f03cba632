"""The network at work: find a model, let the gate check its files, run what was checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lennox.card import ModelCard
from lennox.errors import ModelError, ReleaseRefusedError
from lennox.gate.bundle import Files, read_once
from lennox.gate.check import NotReleasedError, VerifiedRelease, check
from lennox.gate.override import REMEDY, Override, OverrideTerms, terms_of
from lennox.gate.rollback import note_override, note_release, superseded
from lennox.gate.trust import Trust
from lennox.gate.weights import external_names, weights_sha256, with_external_data
from lennox.geometry import ProbabilityMap
from lennox.inference.prepare import Prepared
from lennox.inference.session import open_session

DEFAULT_MODEL = "caries-radiograph-1"
DEFAULT_CHANNEL = "workshop"
UNRELEASED = "unreleased"
ANSWER_AXES = {"probability": 4, "distance": 1}  # (1, labels, rows, columns) and (1,)
NO_MEMORY = ("Failed to allocate memory", "bad_alloc")  # how ONNX Runtime says so


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one image.

    probability_map : calibrated probabilities
    distance : how far the image is from the training images, in the units of the card's familiarity limit
    """

    probability_map: ProbabilityMap
    distance: float


@dataclass(frozen=True, slots=True)
class Gate:
    """What a model must pass to be loaded.

    channel : what it is to be used for; trust : whose word counts, None: what is in force on this computer
    override : somebody who answers for a model that is not released
    """

    channel: str = DEFAULT_CHANNEL
    trust: Trust | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """A model that is not loaded. release : in words; reasons : why it is not released, a sentence each"""

    card: ModelCard
    sha256: str
    release: str
    reasons: tuple[str, ...]


class Model:
    """A network and its card, ready to predict; safe to share between threads, and to send to another process.

    release : in words, under which policies and whose, or by whose override; starts with "unreleased" if nobody's
    sha256 : of model.onnx; with external data, of the list of its files and their digests
    """

    def __init__(self, folder: Path, files: Files, release: str, threads: int = 1) -> None:
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
        weights, self.sha256 = files.data["model.onnx"], files.sha256["model.onnx"]
        outside = external_names(weights)  # goes through all of it, as the two below
        for name in outside:
            if name not in self.card.files:
                raise ModelError(f"{self.card.name}: its card does not give the SHA-256 of '{name[:80]}'.")
        if outside:
            weights, self.sha256 = with_external_data(weights, files.data), weights_sha256(files)
        self._gate: Gate | None = None
        self._same = (self.sha256, files.sha256["card.json"], release)
        self._session = open_session(weights, self.card.name, threads)
        self._check_fit()

    def _check_fit(self) -> None:
        wanted = [1, 1, self.card.contract.rows, self.card.contract.columns]
        inputs = {item.name: item.shape for item in self._session.get_inputs()}
        outputs = {item.name: len(item.shape) for item in self._session.get_outputs()}
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
            values, distance = map(np.asarray, self._session.run(list(ANSWER_AXES), {"image": prepared.tensor}))
        except Exception as error:  # ONNX Runtime's own errors share no public base class
            if any(said in str(error) for said in NO_MEMORY):  # then the model is as good as before
                raise MemoryError from error
            raise ModelError(f"{self.card.name}: ONNX Runtime cannot run model.onnx; it must not be used.") from error
        try:
            if values.shape[:1] != (1,) or distance.shape != (1,) or not np.isfinite(distance[0]):
                raise ValueError(f"a map {values.shape} and the distance {distance.tolist()!r:.40}")
            probability_map = ProbabilityMap.on_image(values[0], self.card.labels, prepared.placement)
        except (ValueError, TypeError) as error:
            raise ModelError(f"{self.card.name} gave an impossible answer ({error}); it must not be used.") from error
        return Prediction(probability_map, float(distance[0]))

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_again, (self.folder, self.threads, self._gate, self._same)

    def __repr__(self) -> str:
        return f"Model({self.card.name} {self.card.version}, {self.release})"


def load_model(
    name: str | Path | None = None,
    *,
    channel: str = DEFAULT_CHANNEL,
    threads: int = 1,
    allow_unreleased: Override | None = None,
    trust: Trust | None = None,
) -> Model:
    """Load a released model: one that came with lennox by its name, or any from its folder.

    channel : what it is to be used for; it must be released for that
    threads : threads within one image; many images are faster with one thread each
    allow_unreleased : who answers for a model that is not released; it is written to the log and on every output
    trust : whose signatures count; what is in force on this computer unless given
    Raises ReleaseRefusedError with the reasons if it is not released for the channel, ModelError if there is no such
    model or it does not fit its card.
    """
    return _load(
        _folder_of(name if name is not None else DEFAULT_MODEL), threads, Gate(channel, trust, allow_unreleased)
    )


def load_candidate(folder: str | Path, *, threads: int = 1) -> Model:
    """Load a model on its way to a release, to be evaluated or audited: "unreleased" on every output.

    For `lennox.training` and `lennox.audit`; everybody else goes through `load_model`.
    """
    place = _folder_of(folder)
    return Model(place, _loose_files(place), UNRELEASED, threads)


def check_release(name: str | Path, channel: str = DEFAULT_CHANNEL, trust: Trust | None = None) -> VerifiedRelease:
    """Check a model's release without opening the network. Raises ReleaseRefusedError, or ModelError: no such model."""
    return _checked(_folder_of(name), Gate(channel, trust))


def describe(name: str | Path, channel: str = DEFAULT_CHANNEL, trust: Trust | None = None) -> Description:
    """A model as it lies there, and whether it would load. Raises ModelError if there is no such model."""
    folder = _folder_of(name)
    reasons: tuple[str, ...] = ()
    try:
        checked = check_release(folder, channel, trust)
        files, release = checked.files, checked.words()
    except ReleaseRefusedError as refusal:
        files, release, reasons = _loose_files(folder), UNRELEASED, refusal.reasons
    return Description(ModelCard.from_json(files.data["card.json"]), weights_sha256(files), release, reasons)


def _load(folder: Path, threads: int, gate: Gate, *, again: bool = False) -> Model:
    try:
        checked = _checked(folder, gate)
    except ReleaseRefusedError as refusal:
        terms = _terms(folder)
        against = gate.override.problems(terms) if gate.override is not None else []
        if gate.override is None or against:
            remedy = refusal.remedy if all(one.allowed for one in terms) else ""
            raise ReleaseRefusedError(refusal.model, (*refusal.reasons, *against), remedy) from None
        model = Model(folder, _loose_files(folder), gate.override.words(terms), threads)
        if not again:
            note_override(model.card.name, model.sha256, gate.channel, gate.override, refusal.reasons)
    else:
        model = Model(folder, checked.files, checked.words(), threads)
    model._gate = gate
    return model


def _terms(folder: Path) -> list[OverrideTerms]:
    """What the policies that lie with a model say of overrides."""
    found = []
    for place in sorted((folder / "release").glob("*/policy.toml")):
        try:
            text = read_once(folder, place.relative_to(folder).as_posix())
        except ModelError:
            text = b""  # what cannot be read allows nothing
        found.append(terms_of(text, place.parent.name))
    return found


def _load_again(folder: Path, threads: int, gate: Gate | None, same: tuple[str, str, str]) -> Model:
    """The same model in another process, through the same gate."""
    model = load_candidate(folder, threads=threads) if gate is None else _load(folder, threads, gate, again=True)
    if model._same != same:
        raise ModelError(f"{model.card.name}: its files were changed while it was in use; start again.")
    return model


def _checked(folder: Path, gate: Gate) -> VerifiedRelease:
    try:
        checked = check(folder, gate.channel, gate.trust or Trust.load())
        newer = superseded(folder, gate.channel, checked)
        if newer:
            raise NotReleasedError((newer,))
    except NotReleasedError as refusal:
        raise ReleaseRefusedError(folder.name, refusal.reasons, REMEDY) from refusal
    note_release(folder, gate.channel, checked)
    return checked


def installed_models() -> Iterator[Path]:
    """The folder of each model that came with lennox, in order of name."""
    return (card.parent for card in sorted(_records().glob("*/card.json")))


def _records() -> Path:
    package = Path(__file__).parents[1]
    installed = package / "models"  # in a wheel; in a checkout they lie beside the package
    return installed if installed.is_dir() else package.parent / "models"


def _folder_of(name: str | Path) -> Path:
    for folder in installed_models():
        if folder.name == str(name):
            return folder
    if any((Path(name) / file).is_file() for file in ("card.json", "release.json")):
        return Path(name)
    known = ", ".join(folder.name for folder in installed_models()) or "none"
    raise ModelError(
        f"there is no model '{Path(name).name}': give the name of an installed model ({known}) "
        f"or a folder that holds card.json and model.onnx."
    )


def _loose_files(folder: Path) -> Files:
    """The files that a card names, each read once, where no statement says which they are."""
    data = {"card.json": read_once(folder, "card.json")}
    for name in ModelCard.from_json(data["card.json"]).files:
        data[name] = data.get(name) or read_once(folder, name)
    return Files.of(data)
