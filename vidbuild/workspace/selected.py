"""Which diagnostics concern a command: those of the project, and of the videos it selects."""

from __future__ import annotations

from collections.abc import Iterator

from vidbuild.diagnostics import Diagnostic
from vidbuild.pipeline import Loaded
from vidbuild.plan.selection import Selection, Subject, select_names


def found_in(loaded: Loaded, selection: Selection) -> list[Diagnostic]:
    """What was found about the project and the selected videos.

    A video whose tags and row nobody got to know is taken to be selected by every pattern
    that asks for them. What an apply would do is not known here: `action:` holds for all.
    """
    if not loaded.diagnostics:
        return []
    chosen = set(select_names(selection, subjects_of(loaded)))
    if any(":" in p or p.startswith("each.") for p in selection.select):
        chosen |= {name for name, video in loaded.broken.items() if video is None}
    return [d for d in loaded.diagnostics if d.video is None or d.video in chosen]


def subjects_of(loaded: Loaded) -> list[Subject]:
    """What patterns are asked about: every video of the project, by name."""
    return sorted(_subjects(loaded), key=lambda subject: subject.name)


def _subjects(loaded: Loaded) -> Iterator[Subject]:
    for name in loaded.requests.keys() | loaded.broken.keys():
        known = loaded.requests.get(name) or loaded.broken.get(name)
        if known is None:
            yield Subject(name=name)
        else:
            yield Subject(name=name, tags=known.tags, row=known.row, depends_on=known.depends_on)
