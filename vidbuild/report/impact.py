"""What editing a file or a line would do: the record behind `impact`, as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from vidbuild.diagnostics import Diagnostic
from vidbuild.plan.cost import total
from vidbuild.plan.model import Estimate
from vidbuild.report.diagnostics import diagnostic_items
from vidbuild.report.style import painter, visible, width_of
from vidbuild.report.words import dollars, estimated, videos

FORMAT_VERSION = 1
_MOST = 40

Effect = Literal["render", "update", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impacted:
    """A video that uses the place, and what an edit of it would do.

    `fields` are those that come from it. A protected video's render is refused.
    """

    name: str
    effect: Effect
    fields: tuple[str, ...] = ()
    estimate: Estimate
    protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """All videos that use a place, by name. `note` says what it is where no video uses it."""

    project: str
    profile: str | None
    provider: str
    file: str
    line: int | None
    videos: tuple[Impacted, ...]
    note: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    def with_effect(self, effect: Effect) -> tuple[Impacted, ...]:
        return tuple(video for video in self.videos if video.effect == effect)

    @property
    def estimate(self) -> Estimate:
        """The totals of what would be rendered; unknown where a part is."""
        paid = [video.estimate for video in self.with_effect("render")]
        return Estimate(
            seconds=total(e.seconds for e in paid),
            cost_usd=total(e.cost_usd for e in paid),
            cost_low_usd=total(e.cost_low_usd for e in paid),
            cost_high_usd=total(e.cost_high_usd for e in paid),
        )


def impact_json(impact: Impact) -> dict[str, Any]:
    """The document of `impact --json`."""
    estimate = impact.estimate
    return {
        "format_version": FORMAT_VERSION,
        "project": impact.project,
        "profile": impact.profile,
        "provider": impact.provider,
        "file": impact.file,
        "line": impact.line,
        "summary": {
            "renders": len(impact.with_effect("render")),
            "updates": len(impact.with_effect("update")),
            "seconds": estimate.seconds,
            "cost_usd": estimate.cost_usd,
            "cost_low_usd": estimate.cost_low_usd,
            "cost_high_usd": estimate.cost_high_usd,
        },
        "videos": [_video(video) for video in impact.videos],
        "diagnostics": diagnostic_items(impact.diagnostics),
    }


def _video(video: Impacted) -> dict[str, Any]:
    return {
        "name": video.name,
        "effect": video.effect,
        "fields": list(video.fields),
        "estimate": {"seconds": video.estimate.seconds, "cost_usd": video.estimate.cost_usd},
        "protected": video.protected,
    }


def impact_text(impact: Impact, *, color: bool = False) -> str:
    """The videos and the totals; the last line says it all."""
    paint = painter(color=color)
    lines: list[str] = []
    wide = max((width_of(visible(video.name)) for video in impact.videos), default=0)
    for video in impact.videos[:_MOST]:
        name = visible(video.name)
        padded = paint(name, "bold") + " " * (wide - width_of(name))
        lines.append(f"{_SIGNS[video.effect]} {padded}  {_said(video)}")
    if len(impact.videos) > _MOST:
        lines.append(f"… and {len(impact.videos) - _MOST:,} more (--json has them all)")
    if lines:
        lines.append("")
    return "\n".join([*lines, *_totals(impact)])


_SIGNS = {"render": "~", "update": ".", "none": " "}


def _said(video: Impacted) -> str:
    fields = visible(", ".join(video.fields))
    match video.effect:
        case "render":
            cost = estimated(video.estimate.seconds, video.estimate.cost_usd)
            refused = " (protected: an apply is refused)" if video.protected else ""
            return f"{fields}: {cost}{refused}"
        case "update":
            return f"{fields}: recorded, not rendered"
        case "none":
            return "reads it, and nothing that is rendered comes from it"


def _totals(impact: Impact) -> Iterator[str]:
    place = visible(impact.file) + (f":{impact.line}" if impact.line is not None else "")
    renders, updates = impact.with_effect("render"), impact.with_effect("update")
    if not renders and not updates:
        note = f": {impact.note}" if impact.note else ""
        yield f"Editing {place} renders nothing{note}."
        return
    also = f" and updates {videos(len(updates))}" if updates else ""
    if not renders:
        yield f"Editing {place} renders nothing{also}."
        return
    total_ = impact.estimate
    low, high = total_.cost_low_usd, total_.cost_high_usd
    bounds = f" ({dollars(low)} to {dollars(high)})" if low != high and low and high else ""
    said = estimated(total_.seconds, total_.cost_usd)
    yield f"Editing {place} renders up to {videos(len(renders))}{also}: {said}{bounds}."
