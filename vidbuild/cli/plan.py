"""`vidbuild plan`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from vidbuild.cli.common import open_workspace, options_of, plan_options, settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, detail, message, result, show_diagnostics, width
from vidbuild.diagnostics import EXIT_PENDING, EXIT_USAGE, Problems, problem

if TYPE_CHECKING:
    from vidbuild.plan.model import Plan
    from vidbuild.state.records import Render
    from vidbuild.workspace.memory.recall import Recalled
    from vidbuild.workspace.opened import Workspace


_WORTH = 4  # a plan that asks for more than one video in so many is not worth remembering


class Wanted(NamedTuple):
    """What a plan is asked for beside what the project says."""

    out: Path | None = None
    refresh: bool = False
    measure: bool = False
    yes: bool = False
    form: str = "text"


@click.command("plan")
@plan_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to show the plan.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--all", "everything", is_flag=True, help="Fold nothing; list what is unchanged.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending, else 0."
)
@click.option(
    "-o",
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also save the plan in FILE, for `vidbuild apply FILE`.",
)
@click.option(
    "--refresh",
    is_flag=True,
    help="Ask the provider about recorded videos first; needs a key, writes nothing.",
)
@click.option(
    "--measure",
    is_flag=True,
    help="Speak the scripts that changed, for exact lengths and prices; asks where that costs.",
)
@click.option("-y", "--yes", is_flag=True, help="With --measure: do not ask.")
@global_options()
def command(
    form: str,
    as_json: bool,
    everything: bool,
    detailed_exitcode: bool,
    out: Path | None,
    refresh: bool,
    measure: bool,
    yes: bool,
    **given: Any,
) -> int:
    """Show what an apply would render, why, and for how much.

    Reads the project, the lock and the journal; sends nothing and writes nothing, but for what
    --refresh asks, --measure speaks and -o saves.
    """
    if as_json:
        form = "json"
    if yes and not measure:
        raise _nothing_to_agree_to()
    settings = settings_of()
    wanted = Wanted(out=out, refresh=refresh, measure=measure, yes=yes, form=form)
    usual = wanted == Wanted(form=form) and not (
        everything or any(given.values()) or current().verbose
    )
    recalled = _recalled(settings) if usual else None
    if recalled is not None and recalled.same and recalled.memo.shown:
        if recalled.read:
            from vidbuild.workspace.memory.memo import renew

            renew(recalled.path, recalled.memo, made=recalled.began, read=recalled.read)
        _say(recalled.memo.shown["color" if form == "text" and colored(sys.stdout) else form], form)
        return 0
    options = options_of(**given, causes=True)
    if out is not None:
        from vidbuild.workspace.saving import refuse_occupied

        refuse_occupied(out)
    plan = _planned_partly(recalled, settings, options)
    if plan is None:
        plan = _planned_whole(settings, options, wanted, usual=usual)
    _show(plan, form, everything=everything)
    if out is not None and not current().quiet:
        message(f"saved: `vidbuild apply {out}` does this, and nothing else")
    return EXIT_PENDING if detailed_exitcode and plan.pending else 0


def _recalled(settings: Any) -> Recalled | None:
    """What is remembered of the last plan, before anything else is loaded."""
    from vidbuild.workspace.memory.recall import recall

    return recall(
        settings.directory, settings.file, profile=settings.profile, outside=settings.outside
    )


def _planned_partly(recalled: Recalled | None, settings: Any, options: Any) -> Plan | None:
    if recalled is None:
        return None
    from vidbuild.workspace.memory.partial import plan_partly

    return plan_partly(recalled, settings, options)


def _planned_whole(settings: Any, options: Any, wanted: Wanted, *, usual: bool) -> Plan:
    """The plan of the whole project; a usual one is remembered."""
    from vidbuild.workspace.memory.recall import look_before

    before = look_before(settings.directory, settings.file, profile=settings.profile)
    workspace = open_workspace(settings)
    plan = _planned(workspace, options, wanted)
    asked = sum(change.action != "unchanged" for change in plan.changes)
    if usual and asked * _WORTH <= len(plan.changes):
        from vidbuild.workspace.memory.learn import learn

        learn(workspace, plan, before)
    return plan


def _planned(workspace: Workspace, options: Any, wanted: Wanted) -> Plan:
    from dataclasses import replace

    from vidbuild.workspace.opened import informed
    from vidbuild.workspace.planning import make_plan

    facts = _facts(workspace) if wanted.refresh else ()
    today = informed(workspace, facts)
    plan = make_plan(today, replace(options, causes=False) if wanted.measure else options)
    if wanted.measure:
        from vidbuild.cli.measuring import measured_plan

        plan = measured_plan(today, plan, yes=wanted.yes, documented=wanted.form == "json")
    if wanted.out is not None:
        from vidbuild.workspace.saving import save_plan

        save_plan(workspace, plan, options, wanted.out, facts)
    return plan


def _facts(workspace: Workspace) -> tuple[Render, ...]:
    from vidbuild.clock import SystemClock
    from vidbuild.workspace.refreshing import look_again

    seen = look_again(workspace, SystemClock())
    if seen.unclear:
        raise seen.unclear[0][1]
    for render in seen.facts:
        detail(f"{render.video_id}: {render.status.name} by now")
    return seen.facts


def _nothing_to_agree_to() -> Problems:
    return problem(
        "VB718",
        "-y agrees to --measure, and --measure is not given",
        hint="write --measure -y, or leave out -y",
        exit_code=EXIT_USAGE,
    )


def _show(plan: Plan, form: str, *, everything: bool) -> None:
    if form == "json":
        from vidbuild.report.as_json import as_json as written
        from vidbuild.report.plan_json import plan_json

        result(written(plan_json(plan, all=everything)))
    elif form == "markdown":
        from vidbuild.report.markdown import plan_markdown

        show_diagnostics(plan.diagnostics)
        result(plan_markdown(plan, all=everything))
    else:
        from vidbuild.report.plan_text import plan_text

        show_diagnostics(plan.diagnostics)
        text = plan_text(plan, color=colored(sys.stdout), all=everything, width=width())
        _say(text, form)


def _say(text: str, form: str) -> None:
    lines = text.rstrip("\n").split("\n")
    result("\n".join(lines[-1:] if current().quiet and form == "text" else lines))
