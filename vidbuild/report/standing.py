"""What is in flight and how it stands: the record behind `status`, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vidbuild.apply.submit import REPLAYED
from vidbuild.diagnostics import Diagnostic
from vidbuild.plan.flights import Flight
from vidbuild.plan.model import Estimate
from vidbuild.report.diagnostics import diagnostic_items
from vidbuild.report.style import Paint, painter, visible
from vidbuild.report.words import elapsed, expected
from vidbuild.state.records import Status

FORMAT_VERSION = 1
OLD = 24 * 3600.0  # seconds in flight after which something is probably wrong

_THERE = {
    "submitted": "there: not finished",
    "completed": "there: finished",
    "failed": "there: failed",
    "not_found": "there: not known",
}


_SENT_AGAIN = "`vidbuild apply` sends it again under the same key"
_LOOKED_FOR = "`vidbuild apply` looks for it among the provider's videos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One render in flight. `there` is the provider's own word, None where it was not asked;
    `age` are seconds by the server's clock; `page_url` is the provider's, else as recorded."""

    flight: Flight
    there: str | None = None
    age: float | None = None
    page_url: str | None = None
    estimate: Estimate

    @property
    def old(self) -> bool:
        return self.age is not None and (self.age > OLD or self.age < 0)

    @property
    def over(self) -> bool:
        """It has ended: waiting for it takes no time any more."""
        ended = not self.flight.render.status.in_flight
        return ended or self.there in ("completed", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """All of it, by name. `asked`: the provider was. `at` is the time of the answer, or now."""

    project: str
    profile: str | None
    provider: str
    at: str
    asked: bool
    standings: tuple[Standing, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def standing_text(found: InFlight, *, color: bool) -> str:
    """A block for each render, then how many there are."""
    if not found.standings:
        return "Nothing is in flight."
    paint = painter(color=color)
    lines = [line for each in found.standings for line in _lines(each, paint)]
    return "\n".join([*lines, "", _total(found)])


def standing_json(found: InFlight) -> dict[str, Any]:
    """The document of `status --json`."""
    return {
        "format_version": FORMAT_VERSION,
        "project": found.project,
        "profile": found.profile,
        "provider": found.provider,
        "at": found.at,
        "asked": found.asked,
        "videos": [_item(each) for each in found.standings],
        "diagnostics": diagnostic_items(found.diagnostics),
    }


def ways_on(standing: Standing) -> tuple[str, ...]:
    """What to do about it, where something is to be done."""
    return tuple(_ways(standing))


def _ways(standing: Standing) -> Iterator[str]:
    flight = standing.flight
    name = flight.changes[0].name if flight.changes else None
    if standing.over:
        yield "`vidbuild wait` fetches it" if _good(standing) else "`vidbuild wait` records it"
    elif name is None:
        if standing.old or not flight.render.video_id:
            label = flight.names[0] if flight.names else None
            forget = f"; `lock rm {label} --in-flight` forgets it" if label else ""
            yield f"nothing in the project asks for it any more{forget}"
    elif standing.old or flight.unsure:
        yield f"`lock adopt {name} VIDEO_ID` if it is in the provider's own list of videos"
        yield f"`vidbuild apply --resubmit {name}` gives it up and pays anew"
    elif not flight.render.video_id:
        known = standing.age is not None and standing.age <= REPLAYED
        yield _SENT_AGAIN if known else _LOOKED_FOR


def _good(standing: Standing) -> bool:
    failed = standing.there == "failed" or standing.flight.render.status is Status.failed
    return not failed and bool(standing.flight.changes or standing.flight.pointing)


def _lines(standing: Standing, paint: Paint) -> Iterator[str]:
    flight, render = standing.flight, standing.flight.render
    others = f" (also {', '.join(map(visible, flight.known_as[1:]))})" * bool(flight.known_as[1:])
    word = "unsure" if flight.unsure else render.status.name
    said = f", {_THERE[standing.there]}" if standing.there in _THERE else ""
    yield f"{paint(visible(flight.label), 'bold')}{others}: {_painted(word, paint)}{said}"
    yield f"  {visible(render.video_id or render.key or 'no id')}, {_facts(standing)}"
    if standing.page_url:
        yield f"  {visible(standing.page_url)}"
    if standing.old and not standing.over:
        yield paint("  in flight for more than a day", "yellow")
    for way in ways_on(standing):
        yield f"  {paint('hint:', 'cyan')} {visible(way)}"


def _facts(standing: Standing) -> str:
    render = standing.flight.render
    age = f" ({elapsed(standing.age)})" if standing.age is not None and standing.age >= 0 else ""
    since = f"since {render.sent_at}{age}, " if render.sent_at else ""
    return f"{since}attempt {render.attempt}, {expected(standing.estimate)}"


def _painted(word: str, paint: Paint) -> str:
    colours = {"unsure": "red", "intent": "yellow", "submitted": "blue", "completed": "green"}
    return paint(word, colours[word]) if word in colours else word


def _total(found: InFlight) -> str:
    unsure = sum(each.flight.unsure for each in found.standings)
    old = sum(each.old and not each.over for each in found.standings)
    over = sum(each.over for each in found.standings)
    parts = [f"{len(found.standings):,} in flight"]
    parts += [
        f"{n:,} {word}" for n, word in ((over, "over"), (old, "old"), (unsure, "unsure")) if n
    ]
    return ", ".join(parts) + "."


def _item(standing: Standing) -> dict[str, Any]:
    flight, render = standing.flight, standing.flight.render
    named = bool(flight.changes or flight.names)
    return {
        "name": flight.label if named or flight.request else None,
        "names": list(flight.known_as) if named else [],
        "in_project": bool(flight.changes),
        "status": render.status.name,
        "provider": render.provider,
        "provider_status": standing.there,
        "unsure": flight.unsure,
        "old": standing.old and not standing.over,
        "video_id": render.video_id,
        "key": render.key,
        "account": render.account,
        "since": render.sent_at,
        "age_seconds": standing.age,
        "attempt": render.attempt,
        "estimate": {
            "seconds": standing.estimate.seconds,
            "cost_usd": standing.estimate.cost_usd,
        },
        "page_url": standing.page_url,
        "ways_on": list(ways_on(standing)),
    }
