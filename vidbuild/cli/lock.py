"""`vidbuild lock`: care of the lock."""

from __future__ import annotations

from pathlib import Path

import click

from vidbuild.cli.common import settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import message, result

_FILE = click.Path(path_type=Path)


@click.group("lock")
@global_options()
def command() -> None:
    """Care of the lock: what each name points at.

    Nothing here renders or downloads: the next plan says what follows.
    """


@command.command("merge")
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
    from vidbuild.report.style import visible
    from vidbuild.report.words import videos
    from vidbuild.state.hold import hold
    from vidbuild.workspace.locking_merge import merge_conflicts
    from vidbuild.workspace.opened import hold_path, root_of

    settings = settings_of()
    root = root_of(settings)
    look_for_sources_in(root)
    with hold(hold_path(settings), now=SystemClock().now()):
        joined = merge_conflicts(root)
    for each in joined:
        result(f"joined {visible(each.file)}: {videos(each.videos)}")
        if each.removed_on is not None:
            message(f"note: {each.removed_on} had removed the file; the other one is kept")
    if current().quiet:
        return 0
    names = " ".join(visible(each.file) for each in joined)
    message(f"next: git add {names}" if joined else "git has no conflict in a lock here")
    return 0
