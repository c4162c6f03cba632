"""Evaluate a model on a set of films, by the route that people use: `lennox.diagnose` on the shipped network.

Everything is computed from the list of candidates above a low floor. Intervals are 95 % percentile intervals of a
bootstrap that resamples groups of films (`images[].film` in the COCO file), not films.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.coco import CocoSet, Film, read_coco
from lennox.annotations.groups import derive_groups
from lennox.annotations.shapes import Shape
from lennox.errors import ImageError, InputError
from lennox.files import atomic_write
from lennox.geometry import Box
from lennox.image import read_image
from lennox.inference.batch import diagnose_many
from lennox.inference.examination import Examination
from lennox.inference.model import Model, load_candidate
from lennox.statistics.average_precision import average_precision
from lennox.statistics.calibration import assess_calibration
from lennox.statistics.froc import UNMARKED, Candidate, FreeResponse, Scored, score_film

FORMAT = "lennox-evaluation/1"
FLOOR = 0.01
FALSE_A_FILM = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
RESAMPLES = 500
RULE = (
    "A candidate hits a lesion if its centre lies inside it or their IoU is at least 0.3 (outlines where both have "
    "one, else boxes). Candidates are taken in falling order of probability; each finds at most one lesion. A further "
    "candidate on an already found lesion is neither a hit nor a false positive. False positives a film are counted "
    "over all films. A film that could not be assessed counts as a film without marks; how many there were is stated."
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One film of the set, what the model said and how that scored.

    film : with its lesions in pixels of the image
    groups : derived groups, by name
    """

    film: Film
    examination: Examination
    candidates: tuple[Candidate, ...]
    scored: Scored
    groups: Mapping[str, str]

    @property
    def probability(self) -> float:
        """Of the whole film; 0 if it could not be assessed."""
        return self.examination.probability or 0.0


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A finished evaluation: `document` is what evaluation.json holds."""

    document: Mapping[str, Any]
    films: tuple[Judged, ...]
    folder: Path | None = None


def evaluate(
    model: str | Path | Model,
    data: Path,
    out: Path | None = None,
    *,
    resamples: int = RESAMPLES,
    sheet: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluated:
    """Evaluate a model on the COCO set in `data`; leaves evaluation.json and evaluation.html in `out`.

    sheet : whether to leave films.html too, pictures of the best, the worst and the missed. It shows films: keep it
        out of a repository unless their licence allows it.
    progress : called with (films done, films)
    Raises InputError for a folder that is not a COCO set, ModelError for a model that cannot be used.
    """
    model = model if isinstance(model, Model) else load_candidate(model)
    coco = read_coco(Path(data))
    judged = tuple(_judge(coco, model, progress))
    document = summarise(coco, model, judged, resamples)
    if out is not None:
        from lennox.evaluation.page import evaluation_page, film_sheet

        out = Path(out)
        out.mkdir(parents=True, exist_ok=True)
        atomic_write(out / "evaluation.json", canonical(document))
        atomic_write(out / "evaluation.html", evaluation_page(document))
        if sheet:
            atomic_write(out / "films.html", film_sheet(judged))
    return Evaluated(document, judged, out)


def canonical(document: Mapping[str, Any]) -> str:
    """The one way to write an evaluation: sorted keys, four decimals, null for what cannot be told."""
    return json.dumps(_rounded(document), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    if isinstance(value, float | np.floating):
        return round(float(value), 4) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def _judge(coco: CocoSet, model: Model, progress: Callable[[int, int], None] | None) -> list[Judged]:
    paths = [film.path for film in coco.films]
    if missing := [path.name for path in paths if not path.is_file()]:
        raise InputError(
            f"{len(missing)} of {len(paths)} images are missing, such as '{missing[0]}'; complete the set."
        )
    judged = []
    for number, examination in enumerate(diagnose_many(paths, model, threshold=FLOOR)):
        film = _in_image_pixels(coco.films[number], examination)
        candidates = tuple(
            Candidate(finding.probability, finding.centre, Shape(finding.box, (np.array(finding.outline),)))
            for finding in examination.findings
        )
        scored = score_film(candidates, film.caries)
        judged.append(Judged(film, examination, candidates, scored, derive_groups(film, _pixels(film.path))))
        if progress:
            progress(number + 1, len(paths))
    return judged


def _pixels(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16] | None:
    try:
        return read_image(path).grey()
    except ImageError:
        return None


def _in_image_pixels(film: Film, examination: Examination) -> Film:
    """The film with its marks scaled, should the annotations count other pixels than the image has."""
    rows, columns = examination.source.rows, examination.source.columns
    if not (rows and columns and film.rows and film.columns) or (rows, columns) == (film.rows, film.columns):
        return film
    down, across = rows / film.rows, columns / film.columns

    def moved(shape: Shape) -> Shape:
        box = shape.box
        return Shape(
            Box(box.top * down, box.left * across, box.bottom * down, box.right * across),
            tuple(polygon * [down, across] for polygon in shape.polygons),
        )

    return replace(
        film, rows=rows, columns=columns, caries=tuple(map(moved, film.caries)),
        others=tuple((name, moved(shape)) for name, shape in film.others),
    )  # fmt: skip


def summarise(coco: CocoSet, model: Model, judged: Sequence[Judged], resamples: int = RESAMPLES) -> dict[str, Any]:
    """Every figure of an evaluation, with its interval, overall and by group."""
    counts = {
        status: sum(one.examination.status == status for one in judged)
        for status in ("assessed", "not assessable", "unreadable")
    }
    overall = _figures(coco, model, judged, resamples)
    at = {name: overall["threshold_at"][name] for name in ("0.5", "1")} if coco.outlined else {}
    return {
        "format": FORMAT,
        "rule": RULE,
        "intervals": f"95 %, percentile bootstrap of {resamples} resamples over groups of films",
        "model": {"name": model.card.name, "version": model.card.version, "sha256": model.sha256},
        "data": {
            "set": coco.name, "films": len(judged), "groups_of_films": len({one.film.name for one in judged}),
            "carious_films": sum(one.film.carious for one in judged),
            "lesions": sum(len(one.film.caries) for one in judged), "outlines": coco.outlines,
        },
        "films": counts,
        "reasons": _count_reasons(judged),
        "figures": overall,
        "groups": _by_group(coco, model, judged, at, resamples),
    }  # fmt: skip


def _count_reasons(judged: Sequence[Judged]) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for one in judged:
        for reason in one.examination.reasons:
            reasons[reason] = reasons.get(reason, 0) + 1
    return reasons


Figure = Callable[[NDArray[np.float64] | None], float]


def _figures(coco: CocoSet, model: Model, judged: Sequence[Judged], resamples: int) -> dict[str, Any]:
    """All figures over some films; each is (estimate, interval)."""
    weights = list(resample_groups([one.film.name for one in judged], resamples))
    carious = np.array([one.film.carious for one in judged])
    probability = np.array([one.probability for one in judged], np.float64)
    response = FreeResponse([one.scored for one in judged], list(carious))

    def with_interval(figure: Figure) -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            values = np.array([figure(weight) for weight in weights], np.float64)
        values = values[np.isfinite(values)]
        low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (math.nan, math.nan)
        return {"value": figure(None), "interval": [float(low), float(high)]}

    answer: dict[str, Any] = {
        "films": len(judged),
        "carious_films": int(carious.sum()),
        "film_roc_area": with_interval(lambda weight: roc_area(probability, carious, weight)),
        "film_roc_curve": _roc_curve(probability, carious),
    }
    if coco.outlined:
        answer["lesions"] = sum(len(one.film.caries) for one in judged)
        curve = [response.sensitivity_at(FALSE_A_FILM, weight) for weight in weights]
        low, high = np.percentile(np.array(curve), [2.5, 97.5], axis=0)
        answer["froc"] = [
            {"false_positives_a_film": at, "sensitivity": float(value), "interval": [float(low[k]), float(high[k])]}
            for k, (at, value) in enumerate(zip(FALSE_A_FILM, response.sensitivity_at(FALSE_A_FILM), strict=True))
        ]
        false, found, thresholds = response.curve()
        kept = np.unique(np.linspace(0, len(false) - 1, 200).astype(int)) if len(false) else np.zeros(0, int)
        answer["froc_curve"] = [
            [float(false[k]), float(found[k]), float(thresholds[k])] for k in kept if false[k] <= 8.0
        ]
        answer["threshold_at"] = {f"{at:g}": response.threshold_at(at) for at in FALSE_A_FILM}
        for name, weighted in (("afroc_area", False), ("wafroc_area", True)):
            answer[name] = with_interval(partial(_afroc, response, weighted))
            answer[name]["films_counted"] = response.afroc_area(weighted=weighted)[1]
        answer["ap50"] = average_precision(
            [[(c.probability, c.shape.box) for c in one.candidates] for one in judged],
            [[shape.box for shape in one.film.caries] for one in judged], weights,
        )  # fmt: skip
        pairs = [
            (candidate.probability, fate >= 0, number)
            for number, one in enumerate(judged)
            for candidate, fate in zip(one.candidates, one.scored.candidates, strict=True)
            if fate != -2
        ]
        answer["calibration"] = assess_calibration(pairs, weights)
    films = [
        (one.probability, one.film.carious, number)
        for number, one in enumerate(judged)
        if one.examination.status == "assessed"
    ]
    answer["film_calibration"] = assess_calibration(films, weights)
    answer["operating_points"] = {
        point.name: _at_point(point.threshold, response, probability, carious, coco.outlined, with_interval)
        for point in model.card.operating_points
    }
    return answer


def _afroc(response: FreeResponse, weighted: bool, weights: NDArray[np.float64] | None) -> float:
    return response.afroc_area(weighted=weighted, weights=weights)[0]


def _at_point(
    threshold: float,
    response: FreeResponse,
    probability: NDArray[np.float64],
    carious: NDArray[np.bool_],
    outlined: bool,
    with_interval: Callable[[Figure], dict[str, Any]],
) -> dict[str, Any]:
    marked = probability >= threshold

    def share(of: NDArray[np.bool_], when: NDArray[np.bool_]) -> Figure:
        def figure(weights: NDArray[np.float64] | None) -> float:
            weight = np.ones(len(when)) if weights is None else weights
            whole = float((weight * when).sum())
            return float((weight * (of & when)).sum()) / whole if whole else math.nan

        return figure

    answer: dict[str, Any] = {
        "threshold": threshold,
        "film_sensitivity": with_interval(share(marked, carious)),
        "film_specificity": with_interval(share(~marked, ~carious)),
    }
    if outlined:
        answer["lesion_sensitivity"] = with_interval(lambda w: response.at_threshold(threshold, w)[0])
        answer["false_positives_a_film"] = with_interval(lambda w: response.at_threshold(threshold, w)[1])
    return answer


def _by_group(
    coco: CocoSet, model: Model, judged: Sequence[Judged], at: Mapping[str, float], resamples: int
) -> dict[str, Any]:
    """Figures by derived group; lesion figures use the thresholds of the whole set."""
    answer: dict[str, Any] = {}
    names = sorted({name for one in judged for name in one.groups})
    weights = list(resample_groups([one.film.name for one in judged], resamples))
    lesions = _lesions(judged, at)
    for name in names:
        answer[name] = {}
        for value in sorted({one.groups[name] for one in judged if name in one.groups}):
            members = np.array([one.groups.get(name) == value for one in judged])
            answer[name][value] = _group(judged, members, lesions, at, weights)
    if coco.outlined:
        areas = np.array([area for _, area, _ in lesions])
        cuts = np.quantile(areas, [1 / 3, 2 / 3])
        sizes = {"small": areas <= cuts[0], "medium": (areas > cuts[0]) & (areas <= cuts[1]), "large": areas > cuts[1]}
        answer["lesion size"] = {
            "cuts": {"area_share_of_longest_side_squared": [float(cut) for cut in cuts]},
            **{
                size: {"lesions": int(inside.sum()), **_found_shares(lesions, inside, at, weights)}
                for size, inside in sizes.items()
            },
        }
    return answer


Lesion = tuple[int, float, Mapping[str, bool]]  # film, area over the squared longest side, found at each threshold


def _lesions(judged: Sequence[Judged], at: Mapping[str, float]) -> list[Lesion]:
    return [
        (number, shape.area / max(one.film.rows, one.film.columns, 1) ** 2,
         {name: found >= threshold and found != UNMARKED for name, threshold in at.items()})
        for number, one in enumerate(judged)
        for shape, found in zip(one.film.caries, one.scored.found, strict=True)
    ]  # fmt: skip


def _found_shares(
    lesions: Sequence[Lesion],
    inside: NDArray[np.bool_],
    at: Mapping[str, float],
    weights: Sequence[NDArray[np.float64]],
) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    film = np.array([number for number, _, _ in lesions], np.int64)
    for name in at:
        found = np.array([hits[name] for _, _, hits in lesions], bool)
        values = []
        for weight in weights:
            each = weight[film] * inside
            values.append(float((each * found).sum() / each.sum()) if each.sum() else math.nan)
        kept = [value for value in values if math.isfinite(value)]
        low, high = np.percentile(kept, [2.5, 97.5]) if kept else (math.nan, math.nan)
        whole = int(inside.sum())
        answer[f"sensitivity_at_{name}"] = {
            "value": float((found & inside).sum() / whole) if whole else math.nan,
            "interval": [float(low), float(high)],
        }  # fmt: skip
    return answer


def _group(
    judged: Sequence[Judged],
    members: NDArray[np.bool_],
    lesions: Sequence[Lesion],
    at: Mapping[str, float],
    weights: Sequence[NDArray[np.float64]],
) -> dict[str, Any]:
    inside = np.array([members[number] for number, _, _ in lesions], bool)
    carious = np.array([one.film.carious for one in judged])
    probability = np.array([one.probability for one in judged], np.float64)
    areas = [roc_area(probability[members], carious[members], weight[members]) for weight in weights]
    kept = [area for area in areas if math.isfinite(area)]
    low, high = np.percentile(kept, [2.5, 97.5]) if kept else (math.nan, math.nan)
    answer: dict[str, Any] = {
        "films": int(members.sum()),
        "carious_films": int((carious & members).sum()),
        "lesions": int(inside.sum()),
        "film_roc_area": {
            "value": roc_area(probability[members], carious[members], None), "interval": [float(low), float(high)],
        },
    }  # fmt: skip
    if lesions:
        answer |= _found_shares(lesions, inside, at, weights)
        for name, threshold in at.items():
            false = [
                sum(p >= threshold for p in one.scored.false)
                for one, is_in in zip(judged, members, strict=True)
                if is_in
            ]
            answer[f"false_positives_a_film_at_{name}"] = float(np.mean(false)) if false else math.nan
    return answer


def roc_area(
    probability: NDArray[np.float64], carious: NDArray[np.bool_], weights: NDArray[np.float64] | None
) -> float:
    """Area under the ROC curve over films; NaN without both kinds of film."""
    from sklearn.metrics import roc_auc_score

    weight = np.ones(len(probability)) if weights is None else weights
    if not (weight * carious).sum() or not (weight * ~carious).sum():
        return math.nan
    return float(roc_auc_score(carious, probability, sample_weight=weight))


def _roc_curve(probability: NDArray[np.float64], carious: NDArray[np.bool_]) -> list[list[float]]:
    from sklearn.metrics import roc_curve

    if carious.all() or not carious.any():
        return []
    false, true, _ = roc_curve(carious, probability)
    kept = np.unique(np.linspace(0, len(false) - 1, 200).astype(int))
    return [[float(false[k]), float(true[k])] for k in kept]


def resample_groups(groups: Sequence[str], resamples: int, seed: int = 0) -> list[NDArray[np.float64]]:
    """How often each film is drawn, one array a resample: whole groups are drawn with replacement."""
    names, number = np.unique(np.asarray(groups), return_inverse=True)
    random = np.random.default_rng(seed)
    chance = np.full(len(names), 1 / len(names))
    return [random.multinomial(len(names), chance)[number].astype(np.float64) for _ in range(resamples)]
