"""The one route: an image becomes findings. One image, or many over any executor.

Not called `diagnose`: a module of that name would hide the function `lennox.diagnose`.
"""

from __future__ import annotations

import pickle
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from lennox.card import OperatingPoint
from lennox.errors import ImageError, InputError
from lennox.image import Image, read_image
from lennox.inference.findings import Finding, find_lesions
from lennox.inference.model import Model
from lennox.inference.prepare import prepare
from lennox.inference.processors import processors
from lennox.inference.quality import assess

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Status = Literal["assessed", "not assessable", "unreadable"]
AHEAD = 4  # images in flight for each worker, so that 100,000 files need no more memory than 100
CUSTOM = "custom"
_LOADING = threading.Lock()
NO_MEMORY = "There is not enough memory to read this image. Close other programs, or export it smaller."


@dataclass(frozen=True, slots=True)
class Source:
    """The file an examination is of; what could not be read of it is None.

    name : file name without its folder, which may name a patient
    rows, columns, bits : of the picture as stored
    kind : what kind of image it looks like; see `lennox.inference.quality`
    spacing_mm : (row, column) millimetres per pixel, when the file says
    """

    name: str
    sha256: str | None = None
    rows: int | None = None
    columns: int | None = None
    bits: int | None = None
    kind: str | None = None
    spacing_mm: tuple[float, float] | None = None


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

    source: Source
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


def diagnose(
    image: Image | str | Path, model: Model, *, threshold: float | None = None, operating_point: str | None = None
) -> Examination:
    """Look for suspected lesions on one image.

    image : from `read_image` or `Image.from_array`; or the path of a file, which is read
    threshold : lowest probability to report, in (0, 1]; overrides `operating_point`
    operating_point : a name from the model's card; its default when None
    Raises ImageError for a file that cannot be read, InputError for a threshold outside (0, 1] or an operating point
    that the card lacks.
    """
    image = image if isinstance(image, Image) else read_image(image)
    point = choose_point(model, threshold, operating_point)
    quality = assess(image)
    rows, columns = image.pixels.shape[:2]
    source = Source(image.name, image.sha256, rows, columns, image.bits, quality.kind, image.spacing_mm)
    reasons = quality.reasons
    if not reasons and quality.kind not in model.card.kinds:
        reasons = (
            f"This looks like a {_spoken(quality.kind)}; {model.card.name} was made for "
            f"{' or '.join(model.card.kinds)} films only. Use a film of that kind.",
        )
    if reasons:
        return Examination(source, identify(model), point, "not assessable", tuple(reasons))

    prediction = model.predict(prepare(image, model.card.contract))
    limit = model.card.familiarity_limit
    if limit is not None and prediction.distance > limit:
        reason = (
            "This does not look like the films the model learnt from, so its answer would mean nothing. "
            "Check that it is an intraoral film, upright and not a picture of a screen."
        )
        return Examination(source, identify(model), point, "not assessable", (reason,))
    findings = find_lesions(prediction.likely, point.threshold, model.card.region_share, image.spacing_mm)
    probability = float(prediction.likely.values.max())
    return Examination(source, identify(model), point, "assessed", (), probability, findings)


def diagnose_file(
    path: str | Path,
    model: Model,
    *,
    threshold: float | None = None,
    operating_point: str | None = None,
    frame: int | None = None,
) -> Examination:
    """Read one file and look for suspected lesions; a file that cannot be read is an answer, not an error."""
    try:
        return diagnose(read_image(path, frame=frame), model, threshold=threshold, operating_point=operating_point)
    except (ImageError, MemoryError) as error:
        reason = str(error) if isinstance(error, ImageError) else NO_MEMORY
        point = choose_point(model, threshold, operating_point)
        return Examination(Source(Path(path).name), identify(model), point, "unreadable", (reason,))


def diagnose_many(
    paths: Iterable[str | Path],
    model: Model,
    *,
    executor: Executor | None = None,
    threshold: float | None = None,
    operating_point: str | None = None,
    frame: int | None = None,
) -> Iterator[Examination]:
    """Look at many files, in order; one bad file never stops the rest.

    executor : any `concurrent.futures` executor, Dask's `client.get_executor()` included; by default a thread a core,
        which share the model. It is not shut down. At most a few files a worker are in flight, however long `paths` is.
    frame : which image of files that hold several, from 0
    """
    choose_point(model, threshold, operating_point)  # a wrong threshold is said before the first file is read
    options = {"threshold": threshold, "operating_point": operating_point, "frame": frame}
    work = _Work(model, options)
    if executor is not None:
        yield from in_order(executor, work, paths)
        return
    with ThreadPoolExecutor(processors()) as threads:
        yield from in_order(threads, work, paths)


class _Work:
    """`diagnose_file` for one run of `diagnose_many`; on its way to another process it becomes a `_SentWork`."""

    def __init__(self, model: Model, options: dict[str, Any]) -> None:
        self.model, self.options, self.run = model, options, secrets.token_hex(16)

    def __call__(self, path: str | Path) -> Examination:
        return diagnose_file(path, self.model, **self.options)

    def __reduce__(self) -> tuple[Any, ...]:
        return _SentWork, (self.run, pickle.dumps((self.model, self.options)))


@dataclass(frozen=True, slots=True)
class _SentWork:
    """The same in another process, where it comes with every film.

    The model is loaded for the first film and kept for the others of the run: to load it takes longer than to read a
    film. Not before: Dask unpacks what it is given on the scheduler, too. The next run passes the gate anew.
    """

    run: str
    packed: bytes

    def __call__(self, path: str | Path) -> Examination:
        with _LOADING:
            model, options = _load_packed(self.run, self.packed)
        return diagnose_file(path, model, **options)


@lru_cache(maxsize=1)
def _load_packed(run: str, packed: bytes) -> tuple[Model, dict[str, Any]]:
    loaded: tuple[Model, dict[str, Any]] = pickle.loads(packed)  # noqa: S301  # came inside a pickle already
    return loaded


def in_order(executor: Executor, work: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
    """`map` over an executor: answers in order, and items taken only a little ahead of them.

    What was not begun is cancelled if whoever takes the answers stops early.
    """
    ahead = AHEAD * int(getattr(executor, "_max_workers", 0) or 8)
    waiting: deque[Future[Answer]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(work, item))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def choose_point(model: Model, threshold: float | None, operating_point: str | None) -> OperatingPoint:
    """The operating point that `diagnose` takes; raises what it raises."""
    if threshold is None:
        return model.card.operating_point(operating_point)
    if not 0.0 < threshold <= 1.0:
        raise InputError(f"the threshold is {threshold}; give a probability above 0 and up to 1, such as 0.3.")
    return OperatingPoint(CUSTOM, threshold)


def identify(model: Model) -> ModelIdentity:
    """What every output says of the model."""
    return ModelIdentity(model.card.name, model.card.version, model.sha256, model.release)


def _spoken(kind: str) -> str:
    return {"panoramic": "panoramic film", "bitewing": "bitewing film", "other": "picture of another kind"}.get(
        kind, kind
    )
