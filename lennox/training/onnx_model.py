"""A checkpoint becomes a model folder: ONNX weights and a card, or nothing at all if the two runtimes disagree."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from lennox.annotations.matching import NEITHER, score_film
from lennox.card import FORMAT as CARD_FORMAT
from lennox.card import InputContract, ModelCard
from lennox.errors import InputError
from lennox.evaluation.card_statements import INTENDED_USE, LIMITS
from lennox.evaluation.figure_text import rounded
from lennox.evaluation.figures import PREVALENCES
from lennox.evaluation.summary import group_weights
from lennox.files import atomic_write, sha256_of
from lennox.statistics.calibration import assess_calibration, calibration_line
from lennox.statistics.froc import FreeResponse, ScoredFilm
from lennox.statistics.roc import positive_predictive_value
from lennox.training.everyday_pictures import PICTURES_SET, everyday_pictures
from lennox.training.kind_model import make_kind_model
from lennox.training.ledger import Ledger, read_ledger
from lennox.training.loop import HeldOutFilms, load_weights
from lennox.training.network import Network
from lennox.training.recipe import POINTS, REGION_SHARE, Recipe, read_recipe
from lennox.training.shipped_network import ShippedNetwork, fit_familiarity
from lennox.training.sources import Canvas, FilmSource, WindowSource, drawn_source
from lennox.training.split import split_set
from lennox.training.validation import REGION_SHARE as RAW_REGION_SHARE
from lennox.training.validation import Exam, candidates_of
from lennox.training.written_card import card_text

OPSET = 17
DRAWN_ONLY = "it learnt from drawn films alone: it is no model for anything"
OUTPUTS = ("probability", "distance", "restoration")
AGREEMENT = 2e-3  # highest difference in probability between PyTorch and ONNX Runtime
FAMILIAR_WINDOWS = 200
FAMILIAR_DRAWN = 60
FAMILIAR_MARGIN = 1.0  # in logits, beyond the least familiar film: other sensors must not be refused


@dataclass(frozen=True, slots=True)
class Exported:
    """A written model: its folder, and what export measured on held-out films."""

    folder: Path
    document: dict[str, Any]


def export(checkpoint: Path, recipe: Path, out: Path, *, report: Callable[[str], None] = lambda step: None) -> Exported:
    """Calibrate a checkpoint on the recipe's held-out films and write model.onnx and card.json into `out`.

    report : called with what is done next, as some of it takes minutes
    Raises InputError if a set may not be used to calibrate, or if ONNX Runtime and PyTorch give different answers;
    then nothing is written.
    """
    plan = read_recipe(Path(recipe))
    ledger = read_ledger(plan.path(plan.data.ledger))
    network = Network(pretrained=False)
    network.load_state_dict(load_weights(Path(checkpoint)))
    network.eval()
    report("reading the held-out films")
    held = HeldOutFilms(plan, ledger, "calibrate")
    exams = [exam for found in held.exams().values() for exam in found]
    if not exams:
        raise InputError("the recipe holds no films out, so nothing can be calibrated; give it a holdout_share.")
    report("learning what is no film")
    canvases = familiar_canvases(plan, ledger)
    ledger.require(PICTURES_SET, "train")
    familiar = fit_familiarity(network, _turned(canvases), everyday_pictures(plan.contract), plan.contract)
    report(f"calibrating on {len(exams)} held-out films and windows")
    plain = to_onnx(ShippedNetwork(network, 1.0, 0.0, familiar).eval(), plan.contract)
    answers = run_onnx(plain, [exam.canvas for exam in exams], plan.contract)
    slope, intercept = calibrate([raw for raw, _ in answers], exams, plan.lesions.saddle_share or None)
    shipped = ShippedNetwork(network, slope, intercept, familiar).eval()
    weights = to_onnx(shipped, plan.contract)
    _compare(shipped, weights, [exam.canvas for exam in exams[:: max(1, len(exams) // 6)]], plan.contract)
    held_out = HeldOut(
        tuple(exams), tuple(held.groups[exam.group] for exam in exams),
        tuple(on_line(raw, slope, intercept) for raw, _ in answers), tuple(distance for _, distance in answers),
    )  # fmt: skip
    near = [distance for _, distance in run_onnx(weights, canvases[::8], plan.contract)]
    document = describe(plan, ledger, held_out, near)
    document["calibration"] = {
        "method": "Platt scaling of the smoothed map, fitted on candidates of the held-out films, inside model.onnx",
        "slope": round(slope, 4), "intercept": round(intercept, 4), **document.pop("calibration"),
    }  # fmt: skip
    document["training"] = {
        "recipe": Path(recipe).name, "recipe_sha256": plan.sha256, "seed": plan.seed, "steps": plan.schedule.last_step,
    }  # fmt: skip
    files = {"model.onnx": weights}
    if plan.orientation != "as given":
        document["orientation"] = plan.orientation
    if plan.kind.views:
        report("teaching the network that tells kinds of image apart")
        kind = make_kind_model(plan, ledger)
        files[kind.entry["file"]], document["kind_network"] = kind.weights, kind.entry
        document["held_out"]["kinds"] = kind.held_out
    write_model(Path(out), files, document)
    return Exported(Path(out), document)


def to_onnx(shipped: ShippedNetwork, contract: InputContract) -> bytes:
    """The shipped network as ONNX, opset 17: image -> `OUTPUTS`."""
    buffer: Any = io.BytesIO()  # the signature knows only paths, the exporter takes files
    example = torch.zeros(1, 1, contract.rows, contract.columns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch announces the end of the exporter that writes opset 17 exactly
        torch.onnx.export(
            shipped, (example,), buffer, input_names=["image"], output_names=list(OUTPUTS),
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    weights: bytes = buffer.getvalue()
    return weights


def run_onnx(
    weights: bytes, canvases: Sequence[Canvas], contract: InputContract
) -> list[tuple[NDArray[np.float32], float]]:
    """(probability (rows / 4, columns / 4), distance) of each canvas, by ONNX Runtime on one thread."""
    session = _session(weights)
    answers = []
    for canvas in canvases:
        probability, distance = session.run(OUTPUTS[:2], {"image": _input(canvas, contract)})
        answers.append((np.ascontiguousarray(probability[0, 0]), float(distance[0])))
    return answers


def _session(weights: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _input(canvas: Canvas, contract: InputContract) -> NDArray[np.float32]:
    return ((canvas.levels[None, None].astype(np.float32) - contract.mean) / contract.std).astype(np.float32)


def _compare(shipped: ShippedNetwork, weights: bytes, canvases: Sequence[Canvas], contract: InputContract) -> None:
    session = _session(weights)
    for canvas in canvases:
        probability, distance, restoration = session.run(OUTPUTS, {"image": _input(canvas, contract)})
        image = (torch.from_numpy(canvas.levels).float()[None, None] - contract.mean) / contract.std
        with torch.inference_mode():
            expected, away, beside = shipped(image)
        pairs = ((expected, probability), (beside, restoration))
        difference = max(float(np.abs(one.numpy() - other).max()) for one, other in pairs)
        if not difference <= AGREEMENT or not math.isclose(float(away[0]), distance[0], rel_tol=1e-2, abs_tol=1e-2):
            raise InputError(
                f"ONNX Runtime and PyTorch differ by {difference:.4f} in probability and "
                f"{abs(float(away[0]) - distance[0]):.4f} "
                f"in distance; at most {AGREEMENT} is allowed, and no model was written."
            )


def calibrate(
    maps: Sequence[NDArray[np.float32]], exams: Sequence[Exam], saddle_share: float | None
) -> tuple[float, float]:
    """The line for the candidates of raw maps; once more for those of the calibrated maps, whose outlines differ."""
    line = _fit(candidate_outcomes(maps, exams, region_share=RAW_REGION_SHARE)[0])
    again = _fit(candidate_outcomes([on_line(raw, *line) for raw in maps], exams, saddle_share=saddle_share)[0])
    return again[0] * line[0], again[0] * line[1] + again[1]


def _fit(pairs: Sequence[tuple[float, bool, int]]) -> tuple[float, float]:
    (intercept,), (slope,) = calibration_line([pair[1] for pair in pairs], [pair[0] for pair in pairs])
    if not slope > 0:
        raise InputError(
            "higher scores were not more often right on the held-out films, or always: nothing can be calibrated."
        )
    return float(slope), float(intercept)


def candidate_outcomes(
    maps: Sequence[NDArray[np.float32]],
    exams: Sequence[Exam],
    floor: float = 0.01,
    region_share: float = REGION_SHARE,
    saddle_share: float | None = None,
) -> tuple[list[tuple[float, bool, int]], list[ScoredFilm]]:
    """((probability, hit or not, number of the exam) of every candidate but repeats, the scored exams)."""
    pairs, scored = [], []
    for number, (map_, exam) in enumerate(zip(maps, exams, strict=True)):
        candidates = candidates_of(map_, floor, region_share, saddle_share)
        film = score_film(candidates, exam.truth)
        scored.append(film)
        pairs += [
            (candidate.probability, outcome >= 0, number)
            for candidate, outcome in zip(candidates, film.outcomes, strict=True)
            if outcome != NEITHER
        ]
    return pairs, scored


def familiar_canvases(plan: Recipe, ledger: Ledger) -> list[Canvas]:
    """What a film looks like: those that the weights learn from, windows of panoramic films, drawn films."""
    data, canvases = plan.data, []  # type: Any, list[Canvas]
    for name, kind in ((data.films, FilmSource), (data.windows, WindowSource)):
        if not name:
            continue
        entry = ledger.require(name, "train")
        films = split_set(plan, entry)[0]
        source = kind(films, plan.contract)
        if isinstance(source, FilmSource):
            canvases += source.canvases
        else:
            random = np.random.default_rng([plan.seed, 0])
            canvases += [source.draw(random) for _ in range(FAMILIAR_WINDOWS)]
    drawn = drawn_source(plan, FAMILIAR_DRAWN, plan.seed)
    return [*canvases, *drawn.canvases]


def _turned(canvases: Sequence[Canvas]) -> list[NDArray[np.uint8]]:
    """The levels of the canvases, each turned by another quarter: a film may lie any way."""
    return [np.rot90(canvas.levels, number % 4) for number, canvas in enumerate(canvases)]


def on_line(raw: NDArray[np.float32], slope: float, intercept: float) -> NDArray[np.float32]:
    """The calibrated map of an uncalibrated one, as the exported network computes it."""
    clipped = np.clip(raw.astype(np.float64), 1e-6, 1 - 1e-6)
    calibrated = 1 / (1 + np.exp(-(slope * np.log(clipped / (1 - clipped)) + intercept)))
    result: NDArray[np.float32] = np.ascontiguousarray(calibrated, np.float32)
    return result


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What a model answers on the films that were held out: calibrated maps and distances, with the groups."""

    exams: tuple[Exam, ...]
    groups: tuple[str, ...]
    maps: tuple[NDArray[np.float32], ...]
    distances: tuple[float, ...]


def describe(plan: Recipe, ledger: Ledger, held_out: HeldOut, near: Sequence[float]) -> dict[str, Any]:
    """The card of a model, with its figures on held-out films. `near`: distances of training films."""
    exams, maps = held_out.exams, held_out.maps
    pairs, scored = candidate_outcomes(maps, exams, saddle_share=plan.lesions.saddle_share or None)
    carious = np.array([exam.truth.carious for exam in exams])
    highest = np.array([float(map_.max()) for map_ in maps])
    response = FreeResponse(scored, list(carious), [exam.truth.is_located for exam in exams])
    resamples = group_weights(held_out.groups, 200)
    points = []
    for name, target in POINTS.items():
        threshold = round(max(response.threshold_at(target), 0.0101), 4)
        found, false = response.at_threshold(threshold)
        spread = np.array([response.at_threshold(threshold, weight) for weight in resamples])
        sensitivity = float((highest[carious] >= threshold).mean())
        specificity = float((highest[~carious] < threshold).mean())
        points.append({
            "name": name, "threshold": threshold,
            "lesion_sensitivity": _with(found, spread[:, 0]), "false_positives_a_film": _with(false, spread[:, 1]),
            "film_sensitivity": round(sensitivity, 3), "film_specificity": round(specificity, 3),
            **{
                f"ppv_at_prevalence_{at:g}": round(positive_predictive_value(sensitivity, specificity, at) or 0.0, 3)
                for at in PREVALENCES
            },
        })  # fmt: skip
    distances = [*held_out.distances, *near]
    return {
        "format": CARD_FORMAT,
        "name": plan.name,
        "version": plan.version,
        "labels": ["caries"],
        "input": asdict(plan.contract),
        "lesions": {"region_share": REGION_SHARE}
        | ({"saddle_share": plan.lesions.saddle_share} if plan.lesions.saddle_share else {}),
        "operating_points": points,
        "default_operating_point": plan.operating_point,
        "intended_use": {
            **INTENDED_USE[plan.made_for], "kinds": [plan.made_for],
            "familiarity_limit": round(max(distances) + FAMILIAR_MARGIN, 3),
        },
        "limits": [*LIMITS[plan.made_for], *([DRAWN_ONLY] if plan.is_drawn_only else [])],
        "held_out": {
            "note": "where the operating points were chosen and the probabilities calibrated, so its figures flatter: "
            + ("drawn films" if plan.is_drawn_only else "films of the training sets")
            + " that the weights never saw, whole groups of films apart",
            "films_and_windows": len(exams),
            "of_which_whole_films": int(sum(1 for exam in exams if not exam.canvas.known[1])),
            "with_caries": int(carious.sum()), "lesions": int(sum(len(exam.truth.lesions) for exam in exams)),
            "distance_of_films": {
                "median": round(float(np.median(distances)), 3), "highest": round(max(distances), 3),
            },
        },
        "calibration": {"held_out": rounded(assess_calibration(pairs, list(resamples)))},
        "data": data_of(ledger, plan),
    }  # fmt: skip


def data_of(ledger: Ledger, plan: Recipe) -> dict[str, Any]:
    """What the card says of the data: every set of the ledger, and what this model used it for."""
    used = {
        plan.data.films: "training, selection, calibration",
        plan.data.windows: "training (windows), selection, calibration",
        PICTURES_SET: "telling films from other pictures",
    }
    return {
        "ledger": "models/ledger.toml",
        "ledger_sha256": ledger.sha256,
        "sets": [
            {
                "name": entry.name, "source": entry.document["source"], "licence": entry.document["licence"],
                "films": entry.document["films"], "marks": entry.document["marks"],
                "used_for": used.get(entry.name, _test_use(entry.uses)),
                "sha256": entry.sha256,
            }
            for entry in ledger
        ],
        "leak_check": ledger.leak_check,
        "held_out_share": plan.data.holdout_share,
        "people": "no set carries age, sex, ethnicity or income: nothing can be said of groups of people from them",
    }  # fmt: skip


def _test_use(uses: frozenset[str]) -> str:
    return "external test only" if "evaluate" in uses else "audits only" if uses else "nothing: not read at its source"


def write_model(out: Path, files: dict[str, bytes], document: dict[str, Any]) -> None:
    """Write the networks and card.json by rename, the card last and only if it reads back."""
    document["files"] = {name: {"sha256": sha256_of(data), "bytes": len(data)} for name, data in files.items()}
    text = card_text(document)
    ModelCard.from_json(text)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in (*files.items(), ("card.json", text.encode())):
        atomic_write(out / name, content)


def _with(value: float, spread: NDArray[np.float64]) -> dict[str, Any]:
    low, high = np.nanpercentile(spread, [2.5, 97.5])
    return {"value": round(value, 3), "interval": [round(float(low), 3), round(float(high), 3)]}
