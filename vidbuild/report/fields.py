"""The changed fields of one video as lines: `path: old -> new`, texts as a difference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vidbuild.plan.mask import is_mask
from vidbuild.plan.model import Change, FieldChange
from vidbuild.report.differ import text_diff
from vidbuild.report.style import Paint, clip, visible, width_of, wrapped

_MOST_FIELDS = 12
_LONG_TEXT = 40  # from here on a changed text is shown as a difference


def field_lines(change: Change, paint: Paint, width: int, *, every: bool) -> Iterator[str]:
    """Lines for every field; a name that the lock does not have shows values alone."""
    fields = change.fields
    shown = fields if every or len(fields) <= _MOST_FIELDS + 1 else fields[:_MOST_FIELDS]
    for field in shown:
        yield from _lines(change, field, paint, width, new=change.entry is None)
    if len(shown) < len(fields):
        yield paint(f"… {len(fields) - len(shown)} more fields (--all shows them)", "dim")


def _lines(
    change: Change, field: FieldChange, paint: Paint, width: int, *, new: bool
) -> Iterator[str]:
    path = visible(field.path)
    if new and field.old is None:
        yield clip(f"{path}: {new_value(change, field)}", width)
    elif isinstance(field.old, str) and isinstance(field.new, str) and is_long(field):
        yield f"{path}:"
        for line in text_diff(field.old, field.new, paint=paint, width=width - 2):
            yield from (f"  {piece}" for piece in wrapped(line, width - 2, indent="  "))
    else:
        room = max(width - width_of(path) - 6, 16)
        old, after = value_text(field.old), new_value(change, field)
        spare = room - min(width_of(old), room // 2)
        after = clip(after, spare)
        old = clip(old, room - width_of(after))
        yield f"{path}: {paint(old, 'red')} -> {paint(after, 'green')}"


def is_long(field: FieldChange) -> bool:
    """Whether a changed text is shown as a difference."""
    texts = (field.old, field.new)
    return any("\n" in text or len(text) > _LONG_TEXT for text in texts)


def new_value(change: Change, field: FieldChange) -> str:
    """The new value on one line, a local file by its path."""
    media = change.request.media.get(field.path) if change.request else None
    return value_text(field.new, file=media.file if media else None)


def value_text(value: Any, *, file: str | None = None) -> str:
    """One value on one line; `file` is the local file behind a digest."""
    if value is None:
        return "(none)"
    if isinstance(value, str):
        return f'"{visible(value)}"'
    if is_mask(value):
        count = f"{value['length']} character" + ("" if value["length"] == 1 else "s")
        return f"({count}, sha256 {_short(value)})"
    if isinstance(value, Mapping) and value.keys() == {"sha256"}:
        return f"{visible(file) if file else 'file'} (sha256 {_short(value)})"
    return visible(json.dumps(value, ensure_ascii=False))


def _short(value: Mapping[str, Any]) -> str:
    return visible(str(value["sha256"]))[:12]
