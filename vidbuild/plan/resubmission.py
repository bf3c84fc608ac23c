"""What `--resubmit NAME` gives up: the renders of a content that are in flight or failed, and
the requests that were refused: a provider may repeat a refusal under its key for a day.

Says what is wrong with a name that has none of these. Deciding what follows is `decide`.
"""

from __future__ import annotations

from collections.abc import Mapping

from vidbuild.diagnostics import EXIT_USAGE, Problems, nearest, problem
from vidbuild.plan.situation import Sight, Situation, state_of
from vidbuild.plan.table import State
from vidbuild.state.records import Render

RESUBMIT_UNKNOWN = "VB704"
RESUBMIT_FINISHED = "VB705"


def resubmitted(situation: Situation, sights: Mapping[str, Sight]) -> dict[str, tuple[Render, ...]]:
    """The renders to give up, by content. Raises `Problems` (64) for a wrong name."""
    given_up: dict[str, tuple[Render, ...]] = {}
    for name in sorted(situation.resubmit):
        sight = sights.get(name)
        if sight is None:
            raise _unknown_resubmission(name, sights)
        own_finished = sight.equal and state_of(sight.own) is State.finished
        if own_finished or (sight.best is not None and sight.best.finished):
            raise problem(
                RESUBMIT_FINISHED,
                f"{name} is rendered: there is nothing to resubmit",
                hint="to render it anew, raise its `revision`",
                exit_code=EXIT_USAGE,
            )
        members = situation.pool.of(sight.request.fingerprint, sight.hidden)
        live = [m.render for m in members if m.in_flight or m.failed]
        if sight.equal and sight.own is not None and (sight.own.in_flight or sight.own.failed):
            live += [sight.own.render] * (sight.own.render not in live)
        live += situation.pool.refused.get(sight.request.fingerprint, ())
        given_up[sight.request.fingerprint] = tuple(live)
    return given_up


def _unknown_resubmission(name: str, sights: Mapping[str, Sight]) -> Problems:
    close = nearest(name, sights)
    return problem(
        RESUBMIT_UNKNOWN,
        f"--resubmit {name}: no selected video has this name",
        hint=f"did you mean {close}?" if close else "`vidbuild plan --all` names every video",
        exit_code=EXIT_USAGE,
    )
