"""From a model's name to a model: find its folder, let the gate check what was read, open what was checked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lennox.card import ModelCard
from lennox.errors import InputError, ModelError, ReleaseRefusedError
from lennox.gate.bundle import ModelFiles, read_once
from lennox.gate.check import NotReleasedError, VerifiedRelease, check
from lennox.gate.override import REMEDY, Override
from lennox.gate.override_terms import override_terms
from lennox.gate.rollback import Purpose, clock_problem, note_candidate, note_override, note_release, replaced_by
from lennox.gate.trust import Trust
from lennox.inference.model import Model

DEFAULT_MODEL = "caries-radiograph-2"
DEFAULT_CHANNEL = "workshop"
UNRELEASED = "unreleased"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a model must pass to be loaded.

    channel : what it is to be used for
    trust : whose signatures count
    override : somebody who answers for a model that is not released
    """

    channel: str
    trust: Trust
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """A model that is not loaded. release : in words; reasons : why it is not released, a sentence each"""

    card: ModelCard
    sha256: str
    release: str
    reasons: tuple[str, ...]


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
    trust : whose signatures count, `Trust.load()` unless given
    Raises ReleaseRefusedError with the reasons if it is not released for the channel, ModelError if there is no such
    model or it does not fit its card.
    """
    folder = find_model(name if name is not None else DEFAULT_MODEL)
    return _load(folder, threads, Gate(channel, trust or Trust.load(), allow_unreleased))


def load_candidate(name: str | Path, purpose: Purpose, *, threads: int = 1) -> Model:
    """Load a model on its way to a release, to be evaluated or audited: "unreleased" on every output.

    purpose : what for; it is written to the log, or the model is not loaded (InputError)
    For `lennox.training` and `lennox.audit`; everybody else goes through `load_model`.
    """
    model = _open_candidate(find_model(name), threads)
    note_candidate(model.card.name, model.sha256, purpose)
    return model


def check_release(name: str | Path, channel: str = DEFAULT_CHANNEL, trust: Trust | None = None) -> VerifiedRelease:
    """Check a model's release without opening the network. Raises ReleaseRefusedError, or ModelError: no such model."""
    return _check(find_model(name), Gate(channel, trust or Trust.load()))


def describe(name: str | Path, channel: str = DEFAULT_CHANNEL, trust: Trust | None = None) -> Description:
    """A model as it lies there, and whether it would load. Raises ModelError if there is no such model."""
    folder = find_model(name)
    reasons: tuple[str, ...] = ()
    try:
        found = check_release(folder, channel, trust)
        files, release = found.files, found.summary()
    except ReleaseRefusedError as refusal:
        files, release, reasons = _read_files(folder), UNRELEASED, refusal.reasons
    return Description(ModelCard.from_json(files.data["card.json"]), files.sha256["model.onnx"], release, reasons)


def installed_models() -> Iterator[Path]:
    """The folder of each model that came with lennox, in order of name."""
    package = Path(__file__).parents[1]
    installed = package / "models"  # in a wheel; in a checkout they lie beside the package
    folder = installed if installed.is_dir() else package.parent / "models"
    return (card.parent for card in sorted(folder.glob("*/card.json")))


def find_model(name: str | Path) -> Path:
    """The folder of an installed model, or the folder itself. Raises ModelError if it is neither."""
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


def _load(folder: Path, threads: int, gate: Gate, *, again: bool = False) -> Model:
    """The model, released or by override. again : in another process, where nothing is written down anew"""
    try:
        found = _check(folder, gate)
    except ReleaseRefusedError as refusal:
        model = _override(folder, threads, gate, refusal, again=again)
    else:
        model = Model(folder, found.files, found.summary(), threads)
    model.reopen = partial(_reopen, partial(_load, folder, threads, gate, again=True), model.identity)
    return model


def _check(folder: Path, gate: Gate) -> VerifiedRelease:
    try:
        found = check(folder, gate.channel, gate.trust)
        newer = replaced_by(found, gate.trust)
        if newer:
            raise NotReleasedError((newer,))
    except NotReleasedError as refusal:
        raise ReleaseRefusedError(folder.name, refusal.reasons, REMEDY) from refusal
    if unmeasured := _unmeasured(found.files):
        raise ReleaseRefusedError(folder.name, (unmeasured,), "")
    note_release(found)
    return found


def _unmeasured(files: ModelFiles) -> str:
    """Why a model for photographs is refused whoever asks, until it has been measured; "" for every other."""
    card = ModelCard.from_json(files.data["card.json"])
    if "photograph" not in card.kinds or card.document.get("figures"):
        return ""
    return f"{card.name} is for photographs and has no figures: measure it first (`lennox evaluate`)."


def _override(folder: Path, threads: int, gate: Gate, refusal: ReleaseRefusedError, *, again: bool) -> Model:
    """The model by override. Raises the refusal, with what stands against an override, if that is not allowed."""
    try:
        files = _read_files(folder)
    except ModelError:
        if gate.override is None:
            raise refusal from None  # which says it, too
        raise
    if unmeasured := _unmeasured(files):
        raise ReleaseRefusedError(refusal.model, (*refusal.reasons, unmeasured), "") from None
    try:
        terms = override_terms(folder, gate.channel, gate.trust, files.sha256.get("model.onnx", ""))
    except InputError as error:
        raise ReleaseRefusedError(refusal.model, (*refusal.reasons, f"what policies said here: {error}")) from None
    against = [*gate.override.problems(terms), *filter(None, [clock_problem()])] if gate.override is not None else []
    if gate.override is None or against:
        remedy = refusal.remedy if all(one.allowed for one in terms) else ""
        raise ReleaseRefusedError(refusal.model, (*refusal.reasons, *against), remedy) from None
    model = Model(folder, files, gate.override.stamp(terms), threads)
    if not again:
        note_override(model.card.name, model.sha256, gate.channel, gate.override, refusal.reasons)
    return model


def _open_candidate(folder: Path, threads: int) -> Model:
    model = Model(folder, _read_files(folder), UNRELEASED, threads)
    model.reopen = partial(_reopen, partial(_open_candidate, folder, threads), model.identity)
    return model


def _reopen(open_it: partial[Model], identity: tuple[str, str, str]) -> Model:
    """The same model in another process. Raises ModelError if it is not the same."""
    model = open_it()
    if model.identity != identity:
        raise ModelError(f"{model.card.name}: its files were changed while it was in use; start again.")
    return model


def _read_files(folder: Path) -> ModelFiles:
    """The files that a card names, each read once, where no statement says which they are. Raises ModelError.

    A file that the folder lacks is read from that of the model whose weights the card shares: its digest binds it. A
    release binds the files of one folder; the gate looks at no other.
    """
    data = {"card.json": read_once(folder, "card.json")}
    card = ModelCard.from_json(data["card.json"])
    for name in card.files:
        here = card.weights_of is None or os.path.lexists(folder / name)
        where = folder if here else folder.resolve().parent / str(card.weights_of)
        data[name] = data.get(name) or read_once(where, name)
    return ModelFiles.of(data)
