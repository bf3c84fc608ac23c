"""What the first videos of an apply came to, before the rest is agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidbuild.apply.run import Run
from vidbuild.apply.work import Failure
from vidbuild.plan.canary import First
from vidbuild.plan.model import Action, Change
from vidbuild.state.records import Render


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One of the first videos: `render` says where it can be watched, `failures` what is wrong
    with it and with the `twins` that have the same content."""

    first: First
    render: Render | None
    twins: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The first videos, and the `rest` that waits: renders, their twins, deletes."""

    specimens: tuple[Specimen, ...]
    rest: tuple[Change, ...]

    @property
    def failed(self) -> int:
        return sum(bool(each.failures) for each in self.specimens)

    @property
    def unpaid(self) -> tuple[Change, ...]:
        """The renders that nobody has paid for yet."""
        return tuple(change for change in self.rest if change.pays)


def look_at(
    run: Run, first: Sequence[First], early: Sequence[Change], rest: Sequence[Change]
) -> Look:
    """What there is to see after `early` was carried out."""
    twins: dict[str | None, list[str]] = {}
    for change in early:
        if change.action is Action.reuse and change.render is None:
            twins.setdefault(change.source, []).append(change.name)
    return Look(
        specimens=tuple(_specimen(run, each, twins.get(each.change.name, ())) for each in first),
        rest=tuple(rest),
    )


def is_stopped(run: Run) -> bool:
    """Whether nothing more can be submitted anyway: a refused key, an empty wallet, a full disk."""
    return run.stopped is not None or any(f.name is None for f in run.tally.failures)


def _specimen(run: Run, first: First, twins: Sequence[str]) -> Specimen:
    names = {first.change.name, *twins}
    entry = run.book.videos.get(first.change.name)
    return Specimen(
        first=first,
        render=entry.render if entry is not None else None,
        twins=tuple(twins),
        failures=tuple(each for each in run.tally.failures if each.name in names),
    )
