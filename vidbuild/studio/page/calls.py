"""The page's own paths: the list of videos, one video, the ledger, captions, and its files."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vidbuild.studio import links, sample, store, videos
from vidbuild.studio.answers import ApiError
from vidbuild.studio.desk import Desk
from vidbuild.studio.page import jobs
from vidbuild.studio.page.admission import CHALLENGE, admitted
from vidbuild.studio.page.captions import webvtt
from vidbuild.studio.page.views import CAPTIONS, WORDS, dollars, shown

if TYPE_CHECKING:
    from jinja2 import Environment

Show = Callable[[Desk, Request], Response]

PAGE = 24
LEDGER_PAGE = 100

_FOLDER = Path(__file__).parent
_FILES = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_HEADERS = {
    # Nothing from elsewhere, nothing inline, in nobody's frame.
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_ASKS = (
    "It was started with a key of its own. Load the page again and give that key as the "
    "password; the user name does not matter."
)
_ALIVE: tuple[jobs.State, ...] = ("pending", "processing", "completed", "failed")


def page_routes(desk: Desk) -> list[Route]:
    """Everything that a browser is shown."""
    return [
        Route("/", _guarded(desk, show_videos)),
        Route("/_studio/page/ledger", _guarded(desk, show_ledger)),
        Route("/_studio/page/videos/{video_id}", _guarded(desk, show_video)),
        Route(CAPTIONS + "/{video_id}.vtt", partial(get_captions, desk)),
        Route("/_studio/page/files/{name}", get_own_file),
    ]


def show_videos(desk: Desk, request: Request) -> Response:
    wanted = request.query_params.get("status", "")
    if wanted and wanted not in jobs.STATES:
        return _message(desk, 404, "No such status", "Choose one of those above.")
    numbers = jobs.counts(desk.db)
    states = tuple(s for s in jobs.STATES if s == wanted) or _ALIVE
    total = sum(numbers[state] for state in states)
    here, last = _place(request, total, PAGE)
    found = jobs.page_of(desk.db, states=states, size=PAGE, page=here)
    return _page(
        desk,
        "videos.html",
        here="videos",
        jobs=[shown(desk, job) for job in found],
        wanted=wanted,
        filters=[(s, WORDS[s], numbers[s]) for s in jobs.STATES],
        everything=sum(numbers[state] for state in _ALIVE),
        total=total,
        first=(here - 1) * PAGE + 1,
        page=here,
        last=last,
        query=f"status={wanted}&" if wanted else "",
        busy=numbers["pending"] + numbers["processing"],
    )


def show_video(desk: Desk, request: Request) -> Response:
    job = jobs.one(desk.db, request.path_params["video_id"])
    if job is None:
        return _message(desk, 404, "No such video", "The studio has no video with this id.")
    newer, older = jobs.beside(desk.db, job)
    busy = job.state in ("pending", "processing")
    return _page(
        desk,
        "video.html",
        here="video",
        job=shown(desk, job),
        newer=newer,
        older=older,
        busy=int(busy),
    )


def show_ledger(desk: Desk, request: Request) -> Response:
    numbers = jobs.counts(desk.db)
    total = sum(numbers.values())
    here, last = _place(request, total, LEDGER_PAGE)
    found = jobs.page_of(desk.db, states=jobs.STATES, size=LEDGER_PAGE, page=here)
    return _page(
        desk,
        "ledger.html",
        here="ledger",
        jobs=[shown(desk, job) for job in found],
        total=total,
        spoken=jobs.texts_spoken(desk.db),
        spent=dollars(jobs.spent(desk.db)),
        requests=store.request_counts(desk.db),
        page=here,
        last=last,
        query="",
        busy=numbers["pending"] + numbers["processing"],
    )


async def get_captions(desk: Desk, request: Request) -> Response:
    """A draft's subtitles in the form that browsers take, by a link like those of its files."""
    links.require(desk.secret, request, now=desk.now)
    video = videos.find(desk.db, request.path_params["video_id"])
    name = "subtitle.srt"
    path = None
    if video is not None:
        path = desk.folder / video.folder / name if video.folder else sample.path(name)
    if path is None or not path.is_file():
        raise ApiError(404, "not_found", "There is no such file (any more).")
    text = await asyncio.to_thread(path.read_text, encoding="utf-8", errors="replace")
    return Response(webvtt(text), media_type="text/vtt", headers=_HEADERS)


def get_own_file(request: Request) -> Response:
    """The style sheet, the script and the icon; they say nothing about anybody."""
    name = request.path_params["name"]
    if name not in _FILES:
        raise ApiError(404, "not_found", "There is no such file.")
    headers = {**_HEADERS, "cache-control": "no-cache"}
    return Response((_FOLDER / name).read_bytes(), media_type=_FILES[name], headers=headers)


def _guarded(desk: Desk, show: Show) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if not admitted(desk.key, request):
            response = _message(desk, 401, "This studio has a key", _ASKS, outside=True)
            response.headers.update(CHALLENGE)
            return response
        desk.settle()
        return show(desk, request)

    return endpoint


def _place(request: Request, total: int, size: int) -> tuple[int, int]:
    """The page that was asked for, as near as there is one, and the last."""
    last = max(1, math.ceil(total / size))
    text = request.query_params.get("page", "")
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
    return min(max(wanted, 1), last), last


def _page(desk: Desk, name: str, **facts: Any) -> Response:
    text = _templates().get_template(name).render(wallet=dollars(store.balance(desk.db)), **facts)
    return HTMLResponse(text, headers=_HEADERS)


def _message(desk: Desk, status: int, title: str, text: str, *, outside: bool = False) -> Response:
    template = _templates().get_template("message.html")
    wallet = "" if outside else dollars(store.balance(desk.db))
    page = template.render(title=title, text=text, wallet=wallet, here="", busy=None)
    return HTMLResponse(page, status, headers=_HEADERS)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
