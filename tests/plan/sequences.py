"""Made-up projects that change again and again: for properties of plans and applies in a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.plan.office import Office, Sources
from tests.plan.worlds import PROJECT, PROVIDER, api, request
from vidbuild.plan.model import Change
from vidbuild.request.model import Request
from vidbuild.state.records import Status

NAMES = ["a", "A", "b", "c/d", "c/e"]
SCRIPTS = ["One.", "Two.", "Three."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One edit and the apply after it. `ends` says how its jobs end, by content in turn."""

    wanted: dict[str, Request]
    profile: str | None = None
    prune: bool = False
    select: tuple[str, ...] = ()
    ends: tuple[Status, ...] = (Status.completed,)

    def sources(self, keep_history: int = 5) -> Sources:
        return Sources(
            project=PROJECT,
            provider=PROVIDER,
            api=api(),
            requests=self.wanted,
            profile=self.profile,
            keep_history=keep_history,
        )

    def outcome(self, of: Request) -> Status:
        return self.ends[int(of.fingerprint[-4:], 16) % len(self.ends)]

    def finishing(self) -> Step:
        return replace(self, ends=(Status.completed,))


def one_case(names: list[str]) -> list[str]:
    """No two names of a project differ by case alone."""
    return list({name.casefold(): name for name in names}.values())


names = st.lists(st.sampled_from(NAMES), unique=True).map(one_case)


# Made once: a strategy that is made for each draw is looked through for each.
fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "script": st.sampled_from(SCRIPTS),
        "title": st.sampled_from(["T", "U", None]),
        "resolution": st.sampled_from([None, None, "4k"]),
        "aspect_ratio": st.sampled_from([None, "16:9"]),
        "protect": st.sampled_from([False, False, True]),
        "private": st.sampled_from([False, False, True]),
        "ignore_changes": st.sampled_from([(), (), (), ("script",), ("resolution",)]),
    }
)


@st.composite
def projects(draw: st.DrawFn) -> dict[str, Request]:
    return {name: request(name, **draw(fields)) for name in draw(names)}


def steps(*, profiles: bool = True, fails: bool = True, selects: bool = True) -> Any:
    ends = [Status.completed, Status.completed, Status.submitted]
    return st.builds(
        Step,
        wanted=projects(),
        profile=st.sampled_from([None, None, "pilot"]) if profiles else st.none(),
        prune=st.booleans(),
        select=st.sampled_from([(), (), (), ("a", "b")]) if selects else st.just(()),
        ends=st.lists(st.sampled_from([*ends, Status.failed] if fails else ends), min_size=1,
                      max_size=4).map(tuple),
    )  # fmt: skip


def carried_out(office: Office, step: Step, *, keep_history: int = 5) -> Iterator[Change]:
    """The changes of an apply of the step. What a protection refuses is left out of it, as a
    user would with `--exclude`."""
    sources = step.sources(keep_history)
    known = {*sources.requests, *office.lock(sources).videos}
    chosen = known & set(step.select) if step.select else known
    while chosen:
        plan = office.plan(sources, select=sorted(chosen), prune=step.prune)
        refused = {c.name for c in plan.changes if c.protected and c.replaces}
        if not refused:
            office.apply(sources, plan, outcome=step.outcome)
            yield from plan.changes
            return
        chosen -= refused
