"""What an apply came to, in a few lines: failures and what to do, counts, cost, files."""

from __future__ import annotations

from vidbuild.apply.compared import Compared
from vidbuild.apply.work import Result
from vidbuild.diagnostics import EXIT_INTERRUPTED, EXIT_STOPPED
from vidbuild.report.failures import failure_lines
from vidbuild.report.style import painter, visible
from vidbuild.report.words import dollars, elapsed, length, money, videos

_DONE = {
    "completed": "rendered",
    "fetched": "fetched",
    "reused": "reused",
    "updated": "updated",
    "deleted": "deleted",
}

_DRAFTS = "Drafts: nothing was charged."
_WAYS_ON = "`vidbuild wait` or the next apply goes on"
_SAID = (EXIT_INTERRUPTED, EXIT_STOPPED)  # who ran it says what goes on


def summary_text(
    result: Result,
    *,
    output_dir: str,
    command: str = "apply",
    drafts: bool = False,
    color: bool = False,
) -> str:
    """The lines without a line end behind the last; `output_dir` as the user knows it, `command`
    what was run, and goes on when it is run again. `drafts` are charged to nobody."""
    paint = painter(color=color)
    lines = list(failure_lines(result.failures, paint))
    if lines:
        lines.append("")
    lines.append(_counts(result, command))
    if result.counts.get("completed"):
        lines.append(_cost(result))
        if drafts:
            lines.append(_DRAFTS)
    if result.submitted and result.exit_code not in _SAID:
        ways = _WAYS_ON if command == "apply" else f"the next {command} goes on"
        lines.append(f"{videos(result.submitted)} still in flight: {ways}.")
    if any(result.counts.get(kind) for kind in ("completed", "fetched", "reused")):
        lines.append(f"Files are in {visible(output_dir)}")
    return "\n".join(lines)


def _counts(result: Result, command: str) -> str:
    done = [f"{result.counts[k]} {word}" for k, word in _DONE.items() if result.counts.get(k)]
    failed = sum(failure.name is not None for failure in result.failures)
    if failed:
        done.append(f"{failed} failed")
    if result.submitted:
        done.append(f"{result.submitted} in flight")
    if result.left:
        done.append(f"{result.left} not submitted")
    what = ", ".join(done) if done else "nothing changed"
    return f"{command.capitalize()}: {what}, in {elapsed(result.elapsed)}."


def _cost(result: Result) -> str:
    """What was rendered against what was estimated, of the same videos."""
    compared, rendered = result.compared, result.counts.get("completed", 0)
    spent = f"{length(result.seconds)} of video, {money(result.cost_usd)}"
    if not compared.videos:
        return f"{spent}."
    line = (
        f"Estimated {length(compared.estimate_seconds)} and {dollars(compared.estimate_usd)}, "
        f"rendered {length(compared.seconds)} for {dollars(compared.cost_usd)} ({_off(compared)})."
    )
    if compared.videos == rendered:
        return line
    return f"{spent}. {compared.videos:,} of {videos(rendered)} had an estimate:\n{line}"


def _off(compared: Compared) -> str:
    """`+6 %` where length and price are off alike."""
    longer, dearer = (None if off is None else f"{round(off):+d} %" for off in compared.off)
    if longer is None or dearer is None or longer == dearer:
        return longer or dearer or "no estimate"
    return f"{longer} in length, {dearer} in cost"
