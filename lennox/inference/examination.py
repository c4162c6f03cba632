"""The route of an image: quality, preparation, network, findings; many images are in `batch`.

Not called `diagnose`: a module of that name would hide the function `lennox.diagnose`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lennox.card import ImageKind, ModelCard, OperatingPoint
from lennox.errors import ImageError, InputError
from lennox.image import Image, read_image
from lennox.image.limits import NO_MEMORY
from lennox.inference.explanation import explained
from lennox.inference.findings import Finding, find_lesions
from lennox.inference.kind import KindNetwork
from lennox.inference.model import Model
from lennox.inference.quality import assess
from lennox.inference.windows import predict_image
from lennox.lazy import notebook_html

Status = Literal["assessed", "not assessable", "unreadable"]
CUSTOM = "custom"  # the operating point of a threshold of the caller's own
UNFAMILIAR = (
    "This does not look like the images the model was trained on, so its answer would mean nothing. "
    "Check that it is an intraoral radiograph, upright and not a picture of a screen."
)
KIND_NAMES: dict[ImageKind, str] = {
    "periapical": "periapical radiograph",
    "bitewing": "bitewing radiograph",
    "panoramic": "panoramic radiograph",
    "photograph": "photograph",
    "other": "picture of another kind",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file an examination is of; what could not be read of it is None.

    name : file name without its folder, which may name a patient
    rows, columns, bits : of the picture as stored
    kind : what kind of image it looks like, as `quality` and the model's kind network judge; None: it cannot be told
    spacing_mm : (row, column) millimetres per pixel, when the file says
    note : what reading did to the pixels that changes positions, if anything
    teeth : FDI numbers of the teeth that the file or a person says the film shows; no finding is put on one of them
    illegible : what of the picture cannot be read though the rest can, a sentence each
    """

    name: str
    sha256: str | None = None
    rows: int | None = None
    columns: int | None = None
    bits: int | None = None
    kind: ImageKind | None = None
    spacing_mm: tuple[float, float] | None = None
    note: str | None = None
    teeth: tuple[str, ...] = ()
    illegible: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered, and whether a release vouches for it."""

    name: str
    version: str
    sha256: str
    release: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What was suspected on one image, by which model, at which operating point, or why nothing can be said.

    probability : of the most probable lesion at any threshold; None unless assessed
    findings : every lesion at or above the operating point; empty does not mean healthy
    """

    source: SourceFile
    model: ModelIdentity
    operating_point: OperatingPoint
    status: Status
    reasons: tuple[str, ...] = ()
    probability: float | None = None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if (self.status == "assessed") == bool(self.reasons) or (self.status == "assessed") == (
            self.probability is None
        ):
            raise ValueError(f"an examination is either assessed, with a probability, or has reasons: {self}")

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer, the findings and what has to be said beside them."""
        return notebook_html(self)


def diagnose(
    image: Image | str | Path,
    model: Model,
    *,
    threshold: float | None = None,
    operating_point: str | None = None,
    explain: bool = False,
) -> Examination:
    """Look for suspected lesions on one image.

    image : from `read_image` or `Image.from_array`; or the path of a file, which is read
    threshold : lowest probability to report, in (0, 1]; overrides `operating_point`
    operating_point : a name from the model's card; its default when None
    explain : run the network on the eight turns and mirrorings of the image, too, to say how far the probability of
        each finding depends on how the image is laid; takes eight times as long where something is found
    Raises ImageError for a file that cannot be read, InputError for a threshold outside (0, 1] or an operating point
    that the card lacks.
    """
    image = image if isinstance(image, Image) else read_image(image)
    point = choose_point(model, threshold, operating_point)
    quality = assess(image)
    source = SourceFile(
        image.name, image.sha256, image.rows, image.columns, image.bits, quality.kind, image.spacing_mm,
        image.note or None, image.teeth, quality.illegible if quality.kind in model.card.kinds else (),
    )  # fmt: skip
    card, identity, reasons = model.card, identify(model), quality.reasons
    if not reasons and quality.kind not in card.kinds:
        reasons = (_wrong_kind(quality.kind, card),)
    reasons = reasons or quality.unfit
    if not reasons and model.kind_network is not None:
        kind, reasons = _judge_kind(image, model.kind_network, card)
        source = replace(source, kind=kind)
    if reasons:
        return Examination(source, identity, point, "not assessable", reasons)

    prediction = predict_image(model, image)
    if card.familiarity_limit is not None and prediction.distance > card.familiarity_limit:
        return Examination(source, identity, point, "not assessable", (UNFAMILIAR,))
    probability_map = prediction.probability_map
    findings = find_lesions(probability_map, point.threshold, card.region_share, image.spacing_mm, card.saddle_share)
    findings = explained(findings, image, model, prediction, over_turns=explain)
    return Examination(source, identity, point, "assessed", (), float(probability_map.values.max()), findings)


def _judge_kind(image: Image, network: KindNetwork, card: ModelCard) -> tuple[ImageKind | None, tuple[str, ...]]:
    """What the kind network of a model takes an image for, None where it cannot tell, and why it is not read."""
    probabilities = network.probabilities(image)
    likely = sorted(card.kinds, key=probabilities.__getitem__)[-1]
    if sum(probabilities[kind] for kind in card.kinds) >= network.card.accept:
        return likely, ()
    other = max((kind for kind in probabilities if kind not in card.kinds), key=probabilities.__getitem__)
    if probabilities[other] >= network.card.tell:
        return other, (_wrong_kind(other, card),)
    return None, (
        f"What kind of image this is cannot be told, and {card.name} was made for {_made_for(card)} only. Crop what is "
        "not the film, export it directly from the sensor's program, and check that it is one.",
    )


def _wrong_kind(kind: ImageKind, card: ModelCard) -> str:
    return (
        f"This looks like a {KIND_NAMES[kind]}; {card.name} was made for {_made_for(card)} only. "
        "Use an image of that kind."
    )


def _made_for(card: ModelCard) -> str:
    return " or ".join(f"{KIND_NAMES[kind]}s" for kind in card.kinds)


def diagnose_file(
    path: str | Path,
    model: Model,
    *,
    threshold: float | None = None,
    operating_point: str | None = None,
    frame: int | None = None,
    explain: bool = False,
) -> Examination:
    """Read one file and look for suspected lesions; a file that cannot be read is an answer, not an error."""
    try:
        return diagnose(
            read_image(path, frame=frame),
            model,
            threshold=threshold,
            operating_point=operating_point,
            explain=explain,
        )
    except (ImageError, MemoryError) as error:
        return unreadable(path, model, choose_point(model, threshold, operating_point), error)


def unreadable(path: str | Path, model: Model, point: OperatingPoint, error: ImageError | MemoryError) -> Examination:
    """The examination of a file that could not be read, or not with this much memory."""
    reason = str(error) if isinstance(error, ImageError) else NO_MEMORY
    return Examination(SourceFile(Path(path).name), identify(model), point, "unreadable", (reason,))


def choose_point(model: Model, threshold: float | None, operating_point: str | None) -> OperatingPoint:
    """A threshold of the caller's own, or an operating point of the model's card; raises as `diagnose` does."""
    if threshold is None:
        return model.card.operating_point(operating_point)
    if not 0.0 < threshold <= 1.0:
        raise InputError(f"the threshold is {threshold}; give a probability above 0 and up to 1, such as 0.3.")
    return OperatingPoint(CUSTOM, threshold)


def identify(model: Model) -> ModelIdentity:
    """What every output says of the model."""
    return ModelIdentity(model.card.name, model.card.version, model.sha256, model.release)
