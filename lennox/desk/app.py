"""The addresses of a desk, and what each answers. Films have keys; no address holds a path."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lennox.desk.desk import Desk
from lennox.desk.event_store import NewEvent
from lennox.desk.events import (
    film_details,
    initials,
    mark_details,
    patient_details,
    setting_details,
    shown_details,
)
from lennox.desk.film_index import DeskFilm
from lennox.errors import ImageError, InputError, LennoxError, one_line
from lennox.report import pages
from lennox.report.pages import READING_SCRIPTS, READING_STYLES
from lennox.report.wording import RUN, Wording

MAX_BODY = 1 << 18  # bytes of an event
MAX_SIDE = 8192  # of the picture of a film, in pixels: browsers draw no larger one
THUMBNAIL_SIDE = 120
SCRIPTS = ("server.js", "patient_form.js", "desk.js")  # of the desk, after those of every page of films
ASSETS = {"styles": READING_STYLES, "scripts": (*READING_SCRIPTS, *SCRIPTS)}
Features = Mapping[str, tuple[str, ...]]


def desk_app(desk: Desk, features: Features | None = None, language: str = "en") -> Starlette:
    """The application, to be put behind a `RequestGuard`.

    features : of the clinic's policy, with their groups; language : of the page
    Raises InputError for a language that pages do not have.
    """
    answers = _Answers(desk, features or {}, RUN.wording(language))
    routes = [
        Route("/", answers.page),
        Route("/assets/{name}", answers.asset),
        Route("/api/desk", answers.desk),
        Route("/api/films/{key}", answers.film),
        Route("/api/films/{key}/picture", answers.picture),
        Route("/api/films/{key}/thumbnail", answers.thumbnail),
        Route("/api/films/{key}/patient", answers.patient),
        Route("/api/events", answers.event, methods=["POST"]),
        Route("/api/films", answers.drop, methods=["PUT"]),
    ]
    return Starlette(routes=routes, exception_handlers={LennoxError: _refused, OSError: _failed})


def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": one_line(str(error))}, 400)


def _failed(request: Request, error: Exception) -> Response:
    reason = error.strerror if isinstance(error, OSError) else None
    return JSONResponse({"error": f"the folder cannot be used ({reason or 'no reason given'}); free space there."}, 507)


class _Answers:
    """One method an address."""

    def __init__(self, opened: Desk, features: Features, say: Wording) -> None:
        self.opened, self.features, self.say = opened, features, say
        self._pictures = threading.Semaphore(2)  # films in memory at a time, beside the one that is being read
        # Kept here and not in the browser, which would write films of patients to its disk; the next one comes ahead.
        self._thumbnail = lru_cache(maxsize=2000)(self._make_thumbnail)
        self._whole_picture = lru_cache(maxsize=4)(self._make_picture)

    def page(self, request: Request) -> Response:
        from lennox.report import reading_view  # here and below: NumPy, which the opening link need not wait for

        say = self.say
        page = pages.render(
            "desk.html",
            assets={name: [f"/assets/{one}" for one in of] for name, of in ASSETS.items()},
            sentences=reading_view.sentences(say),
            at_desk=True,
            say=say,
            language=say.language,
            direction=say.direction,
        )
        return Response(page, media_type="text/html; charset=utf-8")

    async def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name in ASSETS["styles"]:
            return Response(pages.asset(name), media_type="text/css; charset=utf-8")
        if name not in ASSETS["scripts"]:
            return Response("There is no such file.", 404, media_type="text/plain")
        text = _own(name) if name in SCRIPTS else pages.asset(name)
        return Response(text, media_type="text/javascript; charset=utf-8")

    def desk(self, request: Request) -> Response:
        from lennox.desk.views import desk_view

        after = request.query_params.get("after", "")
        number = int(after) if after.isascii() and after.isdigit() else -1
        return JSONResponse(desk_view(self.opened, self.features, number, self.say))

    def film(self, request: Request) -> Response:
        from lennox.desk.views import film_view

        film = self.opened.index.get(request.path_params["key"])
        if self.opened.queue is not None:
            self.opened.queue.wanted = film.key
            if self.opened.queue.state.status == "refused":
                self.opened.look(film)
        return JSONResponse(film_view(self.opened, film, self.say))

    def picture(self, request: Request) -> Response:
        film = self.opened.index.get(request.path_params["key"])
        return Response(self._whole_picture(film, *_window(request)), media_type="image/png")

    def thumbnail(self, request: Request) -> Response:
        film = self.opened.index.get(request.path_params["key"])
        return Response(self._thumbnail(film), media_type="image/jpeg")

    def _make_picture(self, film: DeskFilm, low: float, high: float) -> bytes:
        from lennox.report import pictures

        with self._pictures:
            return pictures.png(pictures.shrink(_picture(film, low, high), MAX_SIDE))

    def _make_thumbnail(self, film: DeskFilm) -> bytes:
        from lennox.report import pictures

        with self._pictures:
            return pictures.jpeg(pictures.shrink(_picture(film), THUMBNAIL_SIDE))

    def patient(self, request: Request) -> Response:
        from lennox.desk.patient_view import patient_html

        film = self.opened.index.get(request.path_params["key"])
        try:
            page = patient_html(self.opened, film, request.query_params.get("language", "en"))
        except LennoxError as error:  # it is opened as a page of its own
            return Response(one_line(str(error)), 400, media_type="text/plain")
        return Response(page, media_type="text/html", headers={"content-security-policy": _ALONE})

    async def event(self, request: Request) -> Response:
        body = b"".join([part async for part in _limited(request, MAX_BODY)])
        try:
            said = json.loads(body)
            if not isinstance(said, dict):
                raise TypeError
        except (ValueError, TypeError, RecursionError):
            raise InputError("an event is one JSON object.") from None
        return JSONResponse(await run_in_threadpool(self._keep, said))

    def _keep(self, said: Mapping[str, Any]) -> dict[str, Any]:
        from lennox.desk.views import film_view

        desk, kind = self.opened, said.get("kind")
        window = one_line(str(said.get("window") or ""))[:40]
        if kind in ("setting", "patient"):
            details = setting_details(said) if kind == "setting" else patient_details(said, self.features)
            who = initials(said.get("who") or details.get("who"))
            return {"number": desk.keep(NewEvent(kind, details, who=who, window=window))}
        film = desk.index.get(str(said.get("film")))
        desk.sync()
        state = desk.state(film.name)
        if kind == "shown":
            event = NewEvent("shown", shown_details(said.get("shown")), film.name, state.sha256, "", window)
            return {"number": desk.keep(event)}
        who = initials(said.get("who"))
        if kind == "undo":
            undone = desk.undo(film, window, who)
            return {"undone": undone.kind if undone else None, "film": film_view(desk, film, self.say)}
        if state.examination is None:
            raise InputError("lennox has not read this film yet; wait until it has, then decide.")
        if kind == "mark":
            details = mark_details(said, state) | self._circumstances()
        elif kind == "film":
            details = film_details(said) | self._circumstances()
        else:
            raise InputError("there is no such kind of event; load the page again.")
        number = desk.keep(NewEvent(kind, details, film.name, state.sha256, who, window))
        return {"number": number, "film": film_view(desk, film, self.say)}

    def _circumstances(self) -> dict[str, Any]:
        """With which model a decision was made, and at which operating point it works."""
        from lennox.inference.examination import identify

        model = self.opened.queue.state.model if self.opened.queue else None
        if model is None:
            return {"model": None}
        one, point = identify(model), model.card.operating_point(self.opened.point)
        identity = {"name": one.name, "version": one.version, "sha256": one.sha256, "release": one.release}
        return {"model": identity, "operating_point": {"name": point.name, "threshold": point.threshold}}

    async def drop(self, request: Request) -> Response:
        from lennox.image.limits import MAX_FILE_BYTES

        parts = [part async for part in _limited(request, MAX_FILE_BYTES)]
        name = request.query_params.get("name", "")
        kept = await run_in_threadpool(self.opened.add, name, parts)
        return JSONResponse({"name": one_line(kept)})


_ALONE = "sandbox allow-modals; frame-ancestors 'none'"  # the page brings its own policy, and runs no script


async def _limited(request: Request, limit: int) -> Any:
    total = 0
    try:
        async for part in request.stream():
            total += len(part)
            if total > limit:
                raise InputError(f"that is larger than {limit >> 10} KiB, the most that is taken.")
            yield part
    except ClientDisconnect:
        raise InputError("the page went away before everything had arrived; send it again.") from None


def _window(request: Request) -> tuple[float, float]:
    """Which shares of the film's range are black and white, as the page asks; all of it where it does not."""
    try:
        low, high = (float(request.query_params.get(name, usual)) for name, usual in (("low", 0), ("high", 1)))
    except ValueError:
        low, high = 0.0, 0.0
    if not 0.0 <= low < high <= 1.0:
        raise InputError("a window is two shares of the film's range, from 0 to 1, the first one lower.")
    return low, high


def _picture(film: DeskFilm, low: float = 0.0, high: float = 1.0) -> Any:
    from lennox.image import read_image
    from lennox.report import pictures

    try:
        return pictures.to_picture(read_image(film.path), low, high)
    except MemoryError:
        raise ImageError("There is not enough memory to show this film.") from None


@lru_cache(maxsize=8)
def _own(name: str) -> str:
    return files("lennox.desk").joinpath("static", name).read_text("utf-8")
