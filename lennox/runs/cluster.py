"""Other computers that read films: a Dask cluster. Films travel there and results come back; this computer keeps them.

Each worker loads the model once, through its own gate. Dask gives the film of a worker that ended to another one.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from lennox.errors import ImageError, InputError
from lennox.image.read import content_of
from lennox.runs.film_work import FilmFiles, FilmWork
from lennox.runs.films import FoundFilm

RETRIES = 3  # of a film whose worker failed
CONNECT_S = 10
_LOADING = threading.Lock()


class Cluster:
    """Workers that take films, as `in_order` asks of an executor."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._max_workers = sum(
            worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()
        )
        if not self._max_workers:
            raise InputError(f"the cluster at {address} has no workers; start `dask worker {address}` on each PC.")

    def work(self, work: FilmWork) -> _SendFilm:
        """The same work on a worker."""
        return _SendFilm(work, pickle.dumps(work))

    def submit(self, send: _SendFilm, film: FoundFilm) -> Any:
        """A future of the film's files."""
        return send.to(self._client, film)


class _SendFilm:
    def __init__(self, work: FilmWork, packed: bytes) -> None:
        self._work, self._packed = work, packed

    def __call__(self, film: FoundFilm) -> FilmFiles:
        return self._work(film)

    def to(self, client: Any, film: FoundFilm) -> Any:
        try:
            data, _ = content_of(film.path)
        except (ImageError, MemoryError) as error:
            return _Answered(self._work.refused(film, error))
        future = client.submit(_read_there, self._packed, film, data, retries=RETRIES, pure=False)
        return _Sent(future, self._work, film)


class _Sent:
    """A future of a worker's answer; a film that ends every worker costs one film."""

    def __init__(self, future: Any, work: FilmWork, film: FoundFilm) -> None:
        self._future, self._work, self._film = future, work, film

    def result(self) -> FilmFiles:
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        try:
            files: FilmFiles = self._future.result()
        except KilledWorker:
            error = ImageError("Each of several workers ended while it read this file. Read it on one computer alone.")
            return self._work.refused(self._film, error)
        except (CancelledError, OSError) as error:
            raise InputError("the Dask cluster stopped answering; start it again, and add --resume.") from error
        return files

    def cancel(self) -> None:
        self._future.cancel()


class _Answered:
    """A future of what is known already."""

    def __init__(self, files: FilmFiles) -> None:
        self._files = files

    def result(self) -> FilmFiles:
        return self._files

    def cancel(self) -> None:
        pass


def _read_there(packed: bytes, film: FoundFilm, data: bytes) -> FilmFiles:
    with _LOADING:
        work = _unpack(packed)
    return work(film, data)


@lru_cache(maxsize=1)
def _unpack(packed: bytes) -> FilmWork:
    work: FilmWork = pickle.loads(packed)  # noqa: S301  # Dask pickles all that it sends; only the clinic's own may connect
    return work


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The cluster whose scheduler has this address. Raises InputError if none answers there."""
    from distributed import Client

    try:
        client: Any = Client(  # type: ignore[no-untyped-call]
            address, timeout=CONNECT_S, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address}; start `dask scheduler` there, and write tcp://HOST:8786."
        ) from error
    with client:
        yield Cluster(client, address)
