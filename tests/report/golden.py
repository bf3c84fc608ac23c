"""Plans and diagnostics as they are shown, word for word: `cases/NAME` holds what is expected.

`python -m tests.report.golden` writes the files anew; the difference then shows in git.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.plan.worlds import entry, plan, render, request
from vidbuild.diagnostics import Diagnostic, Note, Span
from vidbuild.plan.model import FileState
from vidbuild.report.diagnostics import diagnostics_text
from vidbuild.report.plan_json import plan_json
from vidbuild.report.plan_text import plan_text
from vidbuild.request.model import Media
from vidbuild.state.identity import make_key
from vidbuild.state.records import Entry, Render, Status

CASES = Path(__file__).parent / "cases"

SCRIPT = (
    "Hello, and welcome to Acme Cloud 4.1. In the next two minutes you will see how a team "
    "keeps its videos as text, and why that saves a day every week.\n\nLet us begin."
)
OFFICE = Media(file="media/office.png", sha256="5f" * 32, bytes=9, mime="image/png")


def every_action(**how: Any) -> str:
    """One change of each kind that a project can show."""
    ours, wanted = _mixed()
    result = plan(
        wanted,
        ours,
        held={"held": "untranslated"},
        siblings={"pilot": {"x": entry(request("x", "From the pilot."))}},
        unsure=frozenset({make_key("demo", request("u", "Unsure.").fingerprint, 1)}),
        files=_mixed_files,
        vars={"release": "4.2", "who": "a\x1b[2Jb"},
        profile="draft",
    )
    return plan_text(result, **how)


def _mixed_files(name: str, _render: Render) -> FileState:
    return FileState.missing if name == "fetched" else FileState.good


def _mixed() -> tuple[dict[str, Entry], list[Any]]:
    failed = {"failure_code": "rendering_failed", "failure_message": "no \u202eface\x07 found"}
    changed = request(
        "tour",
        SCRIPT.replace("4.1", "4.2").replace("Let us begin.", "Here we go!"),
        background={"type": "image", "asset_id": {"sha256": OFFICE.sha256}},
        media={"background.asset_id": OFFICE},
    )
    ours = {
        "tour": entry(request("tour", SCRIPT, background={"type": "color", "value": "#101820"})),
        "flaky": entry(request("flaky", "Again."), Status.failed, made=failed),
        "hopeless": entry(request("hopeless", "No."), Status.failed, made={**failed, "attempt": 3}),
        "old-name": entry(request("old-name", "Renamed.")),
        "back": entry(request("back", "New."), history=(render(request("back", "Before.")),)),
        "titled": entry(request("titled", "Same.", title="Old title")),
        "flying": entry(request("flying", "Up."), Status.submitted),
        "unsure": entry(request("unsure", "Unsure."), Status.intent),
        "fetched": entry(request("fetched", "Fetch.")),
        "fine": entry(request("fine", "Fine.")),
        "guarded": entry(request("guarded", "Kept."), protect=True),
        "dropped": entry(request("dropped", "Dropped.")),
    }
    wanted = [
        request("welcome", "Hi\tthere, 世界.", title="Welcome"),
        changed,
        request("flaky", "Again."),
        request("hopeless", "No."),
        request("new-name", "Renamed."),
        request("back", "Before."),
        request("titled", "Same.", title="New title"),
        request("flying", "Up."),
        request("unsure", "Unsure."),
        request("fetched", "Fetch."),
        request("fine", "Fine."),
        request("guarded", "Changed.", protect=True),
        request("piloted", "From the pilot."),
        request("twin", "Hi\tthere, 世界."),
    ]
    return ours, wanted


def folded(**how: Any) -> str:
    """More than twenty changes of one cause."""
    world = {f"v{i:03}": entry(request(f"v{i:03}", f"Old {i}.")) for i in range(30)}
    return plan_text(plan([request(n, f"New {n}.") for n in world], world), **how)


def nothing(**how: Any) -> str:
    videos = [request("a", "One."), request("b", "Two.")]
    return plan_text(plan(videos, {v.name: entry(v) for v in videos}), **how)


def almost_nothing() -> str:
    """What is no pending change is named all the same."""
    a, b = request("a", "One."), request("b", "Two.")
    world = {
        "a": entry(a),
        "b": entry(b, Status.failed, made={"attempt": 3}),
        "gone": entry(request("gone", "Gone.")),
    }
    result = plan(
        [a, b],
        world,
        files=lambda _name, _render: FileState.missing,
        held={"h": "untranslated"},
    )
    return plan_text(result)


def unknown_cost() -> str:
    return plan_text(plan([request("a", None, audio_url="https://example.com/a.mp3")]))


def flat_price() -> str:
    made = request("a", None, type="cinematic_avatar", prompt="A lake.", voice_id=None)
    return plan_text(plan([replace(made)]))


def private() -> str:
    secret = request("a", "The secret is out.", private=True)
    old = request("a", "The secret is in.", private=True)
    return plan_text(plan([secret], {"a": entry(old)}))


def pruned() -> str:
    world = {"a": entry(request("a")), "b": entry(request("b", "B."), protect=True)}
    return plan_text(plan([], world, prune=True))


def document() -> str:
    """The JSON plan."""
    ours, wanted = _mixed()
    kept = {"tour", "old-name", "new-name", "fine"}
    result = plan(
        [w for w in wanted if w.name in kept],
        {name: e for name, e in ours.items() if name in kept},
        vars={"release": "4.2"},
    )
    return json.dumps(plan_json(result), ensure_ascii=False, indent=2)


SOURCE = {
    ("vidbuild.yaml", 3): "\tscirpt: 世界 Hello",
    ("data.csv", 1): "x" * 200 + "!" + "y" * 200,
    ("bad.yaml", 2): "a: \x1b[31mred\u202e",
}


def diagnostics(**how: Any) -> str:
    found = [
        Diagnostic(
            code="VB201",
            message="unknown key `scirpt`",
            hint="did you mean `script`?",
            span=Span(file="vidbuild.yaml", line=3, column=2),
            video="intro",
            field="scirpt",
            notes=(Note(message="first used here", span=Span(file="base.yaml", line=9, column=1)),),
        ),
        Diagnostic(
            code="VB202", message="not here", span=Span(file="vidbuild.yaml", line=3, column=13)
        ),
        Diagnostic(code="VB403", message="too wide", span=Span(file="data.csv", column=201)),
        Diagnostic(
            code="VB110",
            severity="warning",
            message="two\nlines \x1b[2J",
            span=Span(file="bad.yaml", line=2, column=4),
        ),
        Diagnostic(code="VB101", message="no file", span=Span(file="missing.yaml", line=7)),
        Diagnostic(code="VB702", message="the pattern cannot be read", hint="write a name"),
    ]
    return diagnostics_text(found, source_line=lambda file, line: SOURCE.get((file, line)), **how)


GOLDEN: dict[str, Callable[[], str]] = {
    "every_action.txt": every_action,
    "every_action_colour.txt": lambda: every_action(color=True),
    "every_action_narrow.txt": lambda: every_action(width=50),
    "folded.txt": folded,
    "folded_open.txt": lambda: folded(all=True),
    "nothing.txt": nothing,
    "nothing_all.txt": lambda: nothing(all=True),
    "almost_nothing.txt": almost_nothing,
    "unknown_cost.txt": unknown_cost,
    "flat_price.txt": flat_price,
    "private.txt": private,
    "pruned.txt": pruned,
    "plan.json": document,
    "diagnostics.txt": diagnostics,
    "diagnostics_colour.txt": lambda: diagnostics(color=True),
}


def write() -> None:
    """Takes what is shown now as what is expected."""
    for name, make in GOLDEN.items():
        (CASES / name).write_text(make() + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
