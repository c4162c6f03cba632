"""Many images over any executor: examinations in order, in constant memory, one bad file never stopping the rest."""

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
from typing import Any, TypeVar

from lennox.inference.examination import Examination, choose_point, diagnose_file
from lennox.inference.model import Model
from lennox.inference.processors import processors

Item = TypeVar("Item")
Answer = TypeVar("Answer")
AHEAD = 4  # images in flight for each worker, so that 100,000 files need no more memory than 100
_LOADING = threading.Lock()


def diagnose_many(
    paths: Iterable[str | Path],
    model: Model,
    *,
    executor: Executor | None = None,
    threshold: float | None = None,
    operating_point: str | None = None,
    frame: int | None = None,
    explain: bool = False,
) -> Iterator[Examination]:
    """Look for suspected lesions in many files; the examinations come in the order of the paths.

    executor : any `concurrent.futures` executor, Dask's `client.get_executor()` included; by default a thread a core,
        which share the model. It is not shut down. At most a few files a worker are in flight, however long `paths` is.
    frame : which image of files that hold several, from 0
    explain : see `diagnose`
    """
    choose_point(model, threshold, operating_point)  # a wrong threshold is said before the first file is read
    options = {"threshold": threshold, "operating_point": operating_point, "frame": frame, "explain": explain}
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


def in_order(executor: Any, work: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
    """`map` over an executor: answers in order, and items taken only a little ahead of them.

    executor : of `concurrent.futures`, or anything with its `submit` whose futures have `result` and `cancel`
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
