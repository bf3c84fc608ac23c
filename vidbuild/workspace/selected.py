"""Which diagnostics concern a command: those of the project, and of the videos it selects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

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
    return [
        _discreet(loaded, d) for d in loaded.diagnostics if d.video is None or d.video in chosen
    ]


def _discreet(loaded: Loaded, found: Diagnostic) -> Diagnostic:
    """What concerns a private video shows neither its source line nor a cell of its row."""
    name = found.video or ""
    video = loaded.requests.get(name) or loaded.broken.get(name)
    if video is None or not video.private:
        return found
    cells = {str(cell) for cell in (video.row or {}).values() if cell is not None}
    return replace(
        found,
        excerpt="",
        message=_without(cells, found.message),
        hint=_without(cells, found.hint) if found.hint else found.hint,
    )


def _without(cells: Collection[str], text: str) -> str:
    words = [re.escape(cell) for cell in cells if len(cell) > 1 and cell.strip()]
    return re.sub(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", "…", text) if words else text


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
