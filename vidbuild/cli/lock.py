"""`vidbuild lock`: care of the lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidbuild.cli.common import open_workspace, settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import detail, message, result, show_diagnostic

if TYPE_CHECKING:
    from vidbuild.state.records import Render
    from vidbuild.workspace.locking import Pair
    from vidbuild.workspace.opened import Workspace

_FILE = click.Path(path_type=Path)
_SOME = 20  # names that are listed; --verbose lists the rest


@click.group("lock")
@global_options()
def command() -> None:
    """Care of the lock: what each name points at.

    Nothing here renders or downloads: the next plan says what follows.
    """


@command.command("mv", short_help="Move entries to other names.")
@click.argument("names", metavar="[OLD NEW]", nargs=-1)
@click.option("--from", "table", metavar="FILE", type=_FILE, help="A table: columns old, new.")
@global_options()
def mv(names: tuple[str, ...], table: Path | None) -> int:
    """Move entries to other names: 'old/*' 'new/*' moves a whole folder.

    Both have the same wildcards in the same order. All of it is done, or nothing; an entry never
    takes another one's name. Files follow with the next apply, which copies them.
    """
    from vidbuild.workspace.locking_moves import move

    pairs = _pairs(names, table, ("old", "new"))
    with _held() as workspace:
        moves = move(workspace, pairs, warn=show_diagnostic)
    _list(f"moved {_shown(old)} to {_shown(new)}" for old, new in moves.items())
    if current().quiet:
        return 0
    away = sum(new not in workspace.loaded.requests for new in moves.values())
    if not moves:
        message("nothing to move: these are their names")
    elif away:
        message(f"note: the project does not have {_count(away, of=len(moves))}")
    if away < len(moves):
        message("next: vidbuild apply, which brings the files along")
    return 0


@command.command("rm", short_help="Forget entries of the lock.")
@click.argument("patterns", metavar="PATTERN...", nargs=-1, required=True)
@click.option("--delete-remote", is_flag=True, help="Also delete the videos at the provider.")
@click.option("--in-flight", is_flag=True, help="Also forget what is paid for and not finished.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, but for deleting.")
@click.option("--expect", metavar="DIGEST", help="With -y: delete if this is the list's digest.")
@click.option("--allow", metavar="NAME=VALUE", multiple=True, help="Such as max_deletes=5.")
@global_options()
def rm(patterns: tuple[str, ...], **given: Any) -> int:
    """Forget entries: what the project still asks for is rendered anew, and paid for.

    A PATTERN is one of those of --select. Files stay; `apply --prune` removes the files of what
    has left the project.
    """
    from vidbuild.cli.removing import Consent, check_consent, note_kept, remove, show_removal, told
    from vidbuild.workspace.locking_removal import propose_removal

    consent = Consent(yes=given["yes"], expect=given["expect"])
    with _held() as workspace:
        removal = propose_removal(
            workspace,
            patterns,
            delete_remote=given["delete_remote"],
            in_flight=given["in_flight"],
            allow=given["allow"],
        )
        _list(iter(told(removal)))
        show_removal(removal)
        check_consent(removal, consent)
        gone, failures = remove(removal, consent)
    result(f"forgot {_videos(len(gone))}")
    note_kept()
    if failures is not None:
        raise failures
    return 0


@command.command("adopt", short_help="Point a name at a video that exists.")
@click.argument("names", metavar="[NAME VIDEO_ID]", nargs=-1)
@click.option(
    "--from", "table", metavar="FILE", type=_FILE, help="A table: columns name, video_id."
)
@global_options()
def adopt(names: tuple[str, ...], table: Path | None) -> int:
    """Point a name at a video that exists, as the render of what the project says today.

    For a request whose answer never came, and for videos rendered before there was a lock. The
    provider is asked about each of them; all are adopted, or none.
    """
    from vidbuild.clock import SystemClock
    from vidbuild.workspace import locking_adoption
    from vidbuild.workspace.locking_asking import ask_about

    pairs = _pairs(names, table, ("name", "video_id"))
    with _held() as workspace:
        wanted = locking_adoption.candidates(workspace, pairs)
        asked = ask_about(workspace, wanted, SystemClock())
        renders = locking_adoption.adopt(workspace, wanted, asked, warn=show_diagnostic)
    _list(f"adopted {_shown(name)}: {_told(render)}" for name, render in renders.items())
    if not current().quiet:
        message("next: vidbuild apply, which fetches the files")
    return 0


@command.command("merge", short_help="Join the locks of two branches.")
@click.argument("versions", metavar="[BASE OURS THEIRS]", nargs=-1, type=_FILE)
@global_options()
def merge(versions: tuple[Path, ...]) -> int:
    """Join the locks of two branches that both rendered videos.

    With three files it is a git merge driver: the joined lock takes the place of OURS. Without
    files it resolves the conflict that git has left in the project's locks. Once in each clone:

      git config merge.vidbuild.driver "vidbuild lock merge %O %A %B"
    """
    from vidbuild.workspace.locking_merge import merge_files

    if not versions:
        return _merge_conflicts()
    if len(versions) != _SIDES:
        raise click.UsageError("Name BASE, OURS and THEIRS, or none of them.")
    merge_files(*versions)
    return 0


_SIDES = 3


def _merge_conflicts() -> int:
    from vidbuild.cli.output import look_for_sources_in
    from vidbuild.clock import SystemClock
    from vidbuild.state.hold import hold
    from vidbuild.workspace.locking_merge import merge_conflicts
    from vidbuild.workspace.opened import hold_path, root_of

    settings = settings_of()
    root = root_of(settings)
    look_for_sources_in(root)
    with hold(hold_path(settings), now=SystemClock().now()):
        joined = merge_conflicts(root)
    for each in joined:
        result(f"joined {_shown(each.file)}: {_videos(each.videos)}")
        if each.removed_on is not None:
            message(f"note: {each.removed_on} had removed the file; the other one is kept")
    if current().quiet:
        return 0
    names = " ".join(_shown(each.file) for each in joined)
    message(f"next: git add {names}" if joined else "git has no conflict in a lock here")
    return 0


@contextmanager
def _held() -> Iterator[Workspace]:
    """The project, held: nobody else writes its lock meanwhile."""
    from vidbuild.clock import SystemClock
    from vidbuild.state.hold import hold
    from vidbuild.workspace.opened import hold_path

    settings = settings_of()
    with hold(hold_path(settings), now=SystemClock().now()):
        yield open_workspace(settings)


def _pairs(names: tuple[str, ...], table: Path | None, columns: tuple[str, str]) -> list[Pair]:
    """What was typed, or the rows of a table."""
    from vidbuild.workspace.locking import read_pairs, typed

    words = " and ".join(column.upper() for column in columns)
    if table is not None and not names:
        return read_pairs(table, columns)
    if table is not None or len(names) != len(columns):
        raise click.UsageError(f"Name {words}, or a table of them: --from FILE.")
    return [typed(names)]


def _list(lines: Iterator[str]) -> None:
    """Results, a few of many: `--verbose` has the others."""
    shown = 0
    left = 0
    for line in lines:
        if shown < _SOME:
            result(line)
            shown += 1
        else:
            detail(line)
            left += 1
    if left and not current().verbose:
        result(f"and {left:,} more (--verbose names them)")


def _told(render: Render) -> str:
    from vidbuild.report.words import length

    words = [_shown(render.video_id or ""), render.status.name]
    words += [length(render.duration)] if render.duration is not None else []
    return ", ".join(words)


def _count(some: int, *, of: int) -> str:
    if some == of:
        return "this name" if of == 1 else "these names"
    return f"{some:,} of these names"


def _videos(count: int) -> str:
    from vidbuild.report.words import videos

    return videos(count)


def _shown(text: str) -> str:
    from vidbuild.report.style import visible

    return visible(text)
