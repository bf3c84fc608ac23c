"""What comparing the lock with the provider has found: the record, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vidbuild.diagnostics import EXIT_FAILED, Diagnostic
from vidbuild.report.diagnostics import diagnostic_items
from vidbuild.report.style import painter, visible
from vidbuild.state.records import Render, Status

FORMAT_VERSION = 1

WORDS = {
    Status.submitted: "submitted",
    Status.completed: "finished",
    Status.failed: "failed",
    Status.gone: "gone",
}
_COLOURS = {Status.completed: "green", Status.failed: "red", Status.gone: "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A render that is further than the lock or the journal said. `names` record it."""

    names: tuple[str, ...]
    was: Status
    render: Render

    @property
    def label(self) -> str:
        return self.names[0] if self.names else self.render.video_id or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """`as_recorded` counts the renders of which there is nothing new. `diagnostics` tell of those
    that nothing was concluded about, as errors where the provider could not answer."""

    project: str
    profile: str | None
    provider: str
    news: tuple[News, ...]
    as_recorded: int
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def exit_code(self) -> int:
        return EXIT_FAILED if any(d.severity == "error" for d in self.diagnostics) else 0


def refreshed_text(found: Refreshed, *, color: bool) -> str:
    """A line for each piece of news, and a last one that counts them."""
    paint = painter(color=color)
    lines = []
    for each in found.news:
        word = WORDS[each.render.status]
        others = f" (also {', '.join(map(visible, each.names[1:]))})" if each.names[1:] else ""
        what = paint(word, _COLOURS[each.render.status]) if word != "submitted" else word
        lines.append(
            f"{what} {visible(each.label)}{others}: {visible(each.render.video_id or '')}"
            f"{_why(each.render)}"
        )
    return "\n".join([*lines, ", ".join(_counts(found)) or "Nothing is recorded."])


def refreshed_json(found: Refreshed) -> dict[str, Any]:
    """The document of `refresh --json`."""
    counts = Counter(each.render.status for each in found.news)
    return {
        "format_version": FORMAT_VERSION,
        "project": found.project,
        "profile": found.profile,
        "provider": found.provider,
        "summary": {
            **{word: counts[status] for status, word in WORDS.items()},
            "as_recorded": found.as_recorded,
        },
        "videos": [
            {
                "name": each.names[0] if each.names else None,
                "names": list(each.names),
                "video_id": each.render.video_id,
                "was": each.was.name,
                "status": each.render.status.name,
                "seconds": each.render.duration,
                "cost_usd": each.render.cost_usd,
                "page_url": each.render.page_url,
                "failure_code": each.render.failure_code,
            }
            for each in found.news
        ],
        "diagnostics": diagnostic_items(found.diagnostics),
    }


def _counts(found: Refreshed) -> Iterator[str]:
    counts = Counter(each.render.status for each in found.news)
    for status, word in WORDS.items():
        if counts[status]:
            yield f"{counts[status]:,} {word}"
    if found.as_recorded:
        yield f"{found.as_recorded:,} as recorded"


def _why(render: Render) -> str:
    if render.status is not Status.failed or not render.failure_code:
        return ""
    return f" ({visible(render.failure_code)})"
