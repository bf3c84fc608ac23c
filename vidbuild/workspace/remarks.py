"""What the drafts of an apply could not show, heard while it runs and said once at its end."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from vidbuild.apply.events import Event
from vidbuild.diagnostics import Diagnostic, Note

_HIDDEN = "A part of this draft could not be shown; which, is as private as its text."


@dataclass(slots=True)
class Remarks:
    """The studio speaks of its own ids; the events of the apply tell the names behind them."""

    heard: list[Diagnostic] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        video_id = event.data.get("video_id")
        if event.name is not None and isinstance(video_id, str):
            self.names.setdefault(video_id, event.name)

    def tell(self, warn: Callable[[Diagnostic], None]) -> None:
        """What was heard so far and concerns no video: told at once, and not again."""
        for said in [said for said in self.heard if said.video is None]:
            self.heard.remove(said)
            warn(said)

    def warnings(self, private: Collection[str]) -> tuple[Diagnostic, ...]:
        """Each thing once: for the first video, and for how many more."""
        found: dict[tuple[str, str], list[str]] = {}
        for said in self.heard:
            name = self.names.get(said.video or "", "")
            message = _HIDDEN if name in private else said.message
            found.setdefault((said.code, message), []).append(name)
        first = {(said.code, said.message): said for said in reversed(self.heard)}
        return tuple(
            _told(first.get(key, self.heard[0]), key[1], sorted(set(names)))
            for key, names in found.items()
        )


def _told(said: Diagnostic, message: str, names: list[str]) -> Diagnostic:
    more = len(names) - 1
    count = Note(message=f"and for {more} more {'video' if more == 1 else 'videos'}")
    notes = (count,) if more else ()
    return replace(said, message=message, video=names[0] or None, notes=notes)
