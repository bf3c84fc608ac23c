"""Jobs as the templates show them: words, links and amounts. Nothing here is HTML."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vidbuild.studio import links
from vidbuild.studio.desk import Desk
from vidbuild.studio.page.jobs import Job, State

CAPTIONS = "/_studio/page/captions"
WORDS: dict[State, str] = {
    "pending": "waiting",
    "processing": "rendering",
    "completed": "done",
    "failed": "failed",
    "deleted": "deleted",
}
_EXCERPT = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One job. `movie`, `poster`, `captions` and `subtitle` are links that need no key."""

    video_id: str
    title: str
    excerpt: str
    scripts: tuple[str, ...]
    state: State
    word: str
    kind: str
    created: str
    created_iso: str
    seconds: str
    charged: str
    key: str
    failure_code: str
    failure: str
    request: str
    movie: str
    movie_type: str
    poster: str
    captions: str
    subtitle: str


def shown(desk: Desk, job: Job) -> Shown:
    scripts = tuple(printable(text) for text in _scripts(job.request))
    suffix = "webm" if job.request.get("output_format") == "webm" else "mp4"
    made = job.state == "completed"

    def signed(path: str) -> str:
        expires = int(desk.now) + links.LIFETIME
        return f"{path}?{links.sign(desk.secret, path, expires)}" if made else ""

    created = datetime.fromtimestamp(job.created_at, UTC)
    return Shown(
        video_id=job.video_id,
        title=printable(job.title or "") or _start(scripts, 60) or "Untitled",
        excerpt=_start(scripts, _EXCERPT),
        scripts=scripts,
        state=job.state,
        word=WORDS[job.state],
        kind=printable(_kind(job.request)),
        created=created.strftime("%Y-%m-%d %H:%M:%S UTC"),
        created_iso=created.isoformat(),
        seconds="" if job.duration is None else clock(job.duration),
        charged=dollars(job.charged_usd),
        key=job.idempotency_key or "",
        failure_code=printable(job.failure_code or ""),
        failure=printable(job.failure_message or ""),
        request=printable(json.dumps(job.request, ensure_ascii=False, indent=2)),
        movie=signed(f"/files/{job.video_id}/video.{suffix}"),
        movie_type=f"video/{suffix}",
        poster=signed(f"/files/{job.video_id}/thumbnail.jpg"),
        captions=signed(f"{CAPTIONS}/{job.video_id}.vtt"),
        subtitle=signed(f"/files/{job.video_id}/subtitle.srt"),
    )


def dollars(amount: float) -> str:
    """Cents, and four places for what is less than a dollar: drafts of a few words are cheap."""
    sign, size = "-" if amount < 0 else "", abs(amount)
    return f"{sign}${size:,.4f}" if 0 < size < 1 else f"{sign}${size:,.2f}"


def clock(seconds: float) -> str:
    """`0:12.4`, `12:03.0`: how long a video lasts."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def printable(text: str) -> str:
    """Without the control characters that HTML forbids; line ends stay."""
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs") else "\ufffd"
        for char in text
    )


def _kind(request: Mapping[str, Any]) -> str:
    facts = (request.get("type"), request.get("resolution"), request.get("aspect_ratio"))
    return ", ".join(fact for fact in facts if isinstance(fact, str))


def _start(scripts: tuple[str, ...], length: int) -> str:
    words = " ".join(" ".join(scripts).split())
    return words if len(words) <= length else words[:length].rsplit(" ", 1)[0] + " …"


def _scripts(node: Any) -> Iterator[str]:
    """What is said, in the order in which it is written; a prompt where nothing is."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in ("script", "prompt") and isinstance(value, str):
                yield value
            else:
                yield from _scripts(value)
    elif isinstance(node, list):
        for item in node:
            yield from _scripts(item)
