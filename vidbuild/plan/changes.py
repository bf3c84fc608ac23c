"""What differs between the content that the lock records and the one asked for now.

Compares canonical forms under today's API spec, so that a spelled-out default or a new
spec edition is no difference; shows values as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, overload

from vidbuild.plan.mask import is_hidden, is_mask, masked, revealed
from vidbuild.plan.model import FieldChange
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.schema.canonical import content
from vidbuild.schema.finding import same
from vidbuild.state.records import Entry

Path = tuple[str | int, ...]


class Same(Enum):
    """How an entry's content compares with the current one."""

    exact = "exact"
    ignored = "ignored"  # but for fields in ignore_changes
    different = "different"


def compare(api: Api, entry: Entry, request: Request) -> Same:
    """The `eq` of the decision table: provider, revision, request and digests.

    Requests are compared, never fingerprints alone: under another default of the API the
    same fingerprint may stand for another video.
    """
    if entry.fingerprint == request.fingerprint and spelled_alike(api, entry, request):
        return Same.exact
    if entry.render.provider != request.provider or entry.revision != request.revision:
        return Same.different
    old, new = _contents(api, entry, request)
    if same(old, new):
        return Same.exact
    if request.ignore_changes:
        paths = [field_path(field) for field in request.ignore_changes]
        if same(without(old, paths), without(new, paths)):
            return Same.ignored
    return Same.different


def spelled_alike(api: Api, entry: Entry, request: Request) -> bool:
    """Whether an entry holds the very request, metadata apart: nearly all do, and it is quick."""
    if entry.request == request.body:
        return True
    old, new = entry.request, request.body
    if entry.private or request.private:
        old, new = masked(api.request, old), masked(api.request, new)
    return _bare(api, old) == _bare(api, new)


def _bare(api: Api, body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in api.metadata}


class NewFields(Sequence[FieldChange]):
    """Every field of a new request, sorted by path; made when somebody looks at them: of ten
    thousand new videos a plan shows three."""

    __slots__ = ("_body", "_made")

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self._made: tuple[FieldChange, ...] | None = None

    def _all(self) -> tuple[FieldChange, ...]:
        if self._made is None:
            self._made = tuple(_leaves(self._body, ""))
        return self._made

    @overload
    def __getitem__(self, at: int) -> FieldChange: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[FieldChange]: ...
    def __getitem__(self, at: int | slice) -> FieldChange | Sequence[FieldChange]:
        return self._all()[at]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._all())


def diff(api: Api, entry: Entry, request: Request) -> tuple[FieldChange, ...]:
    """The fields of the content that differ, sorted by path."""
    new_body = shown_request(api, request)
    old, new = _contents(api, entry, request)
    old_body = masked(api.request, entry.request) if request.private else entry.request
    paths = [field_path(field) for field in request.ignore_changes]
    return (
        *_identity_changes(entry, request),
        *(
            FieldChange(path=dotted(p), old=look_up(old_body, p, a), new=look_up(new_body, p, b))
            for p, a, b in sorted(_differences((), old, new), key=lambda d: _order(d[0]))
            if not any(_covers(ignored, p) for ignored in paths)
        ),
    )


def metadata_changes(api: Api, entry: Entry, request: Request) -> tuple[FieldChange, ...]:
    """The recorded things that no render depends on: title, protect, private."""
    found = []
    title = api.title
    if title is not None and title not in request.ignore_changes:
        old, new = entry.request.get(title), request.body.get(title)
        if entry.private or request.private:
            shape = api.request.member(title, request.body)
            old, new = masked(shape, old), masked(shape, new)
        if old != new:
            found.append(FieldChange(path=title, old=old, new=new))
    for key in ("protect", "private"):
        before, after = getattr(entry, key), getattr(request, key)
        if before != after and not (key == "private" and stays_private(api, entry, request)):
            found.append(FieldChange(path=key, old=before, new=after))
    return tuple(found)


def stays_private(api: Api, entry: Entry, request: Request) -> bool:
    """Whether an entry has to go on hiding its text: what was rendered is another text than
    today's, which is ignored, and nobody knows it any more."""
    if not entry.private or request.private or not request.ignore_changes:
        return False
    return is_hidden(revealed(_bare(api, entry.request), request.body))


def shown_request(api: Api, request: Request) -> dict[str, Any]:
    """The request as plan and lock hold it: no callbacks, text hidden where it is private."""
    body = dict(request.body)
    for callback in api.callbacks.intersection(body):
        del body[callback]
    return dict(masked(api.request, body)) if request.private else body


def changed_reason(fields: Iterable[FieldChange]) -> str:
    """`script_changed` where one top-level field differs, else `content_changed`."""
    tops = {field.path.partition(".")[0] for field in fields}
    if len(tops) != 1:
        return "content_changed"
    return re.sub(r"[^a-z0-9]+", "_", tops.pop().lower()) + "_changed"


def field_path(field: str) -> Path:
    """`scenes.0.script` as keys and list positions; `*` stands for any one of either."""
    return tuple(int(part) if part.isdecimal() else part for part in field.split("."))


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


def without(value: Any, paths: Iterable[Path]) -> Any:
    """A JSON value less what the paths lead to, and less the objects that this empties."""
    for path in paths:
        value = _without(value, path)
    return value


def look_up(value: Any, path: Path, otherwise: Any = None) -> Any:
    """What stands at a path; `otherwise` where nothing does."""
    for key in path:
        if isinstance(value, list | tuple):
            found = isinstance(key, int) and key < len(value)
        else:
            found = isinstance(value, Mapping) and key in value
        if not found:
            return otherwise
        value = value[key]
    return value


def _contents(api: Api, entry: Entry, request: Request) -> tuple[Any, Any]:
    """Both sides in today's canonical form, hidden alike where either is private."""
    if entry.private or request.private:
        old = content(api, masked(api.request, entry.request))
        return old, content(api, masked(api.request, request.body))
    return content(api, entry.request), request.content


def _identity_changes(entry: Entry, request: Request) -> Iterator[FieldChange]:
    if entry.render.provider != request.provider:
        yield FieldChange(path="provider", old=entry.render.provider, new=request.provider)
    if entry.revision != request.revision:
        yield FieldChange(path="revision", old=entry.revision, new=request.revision)


def _differences(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Differing leaves; None is absent on that side."""
    if same(old, new):
        return
    pairs = _members(old, new)
    if pairs is None:
        yield path, old, new
        return
    for key, a, b in pairs:
        yield from _differences((*path, key), a, b)


def _members(old: Any, new: Any) -> list[tuple[str | int, Any, Any]] | None:
    """The members of two objects or lists side by side; None where one side is a leaf."""
    sides = [side for side in (old, new) if side is not None]
    if sides and all(isinstance(s, Mapping) and not _is_leaf(s) for s in sides):
        a, b = old or {}, new or {}
        return [(key, a.get(key), b.get(key)) for key in dict.fromkeys((*a, *b))] or None
    if sides and all(isinstance(s, list | tuple) for s in sides):
        a, b = old or (), new or ()
        longest = max(len(a), len(b))
        return [
            (i, a[i] if i < len(a) else None, b[i] if i < len(b) else None) for i in range(longest)
        ] or None
    return None


def _is_leaf(value: Mapping[str, Any]) -> bool:
    """A local file's digest and hidden text are values, not objects with members."""
    return value.keys() == {"sha256"} or is_mask(value)


def _leaves(body: Mapping[str, Any], at: str) -> Iterator[FieldChange]:
    """Every leaf of a new request, sorted by path. Told apart as in `_members`."""
    for key in sorted(body):
        value = body[key]
        if type(value) is str:  # nearly all of them
            yield FieldChange(path=at + key, old=None, new=value)
        else:
            yield from _leaf(value, at + key)


def _leaf(value: Any, at: str) -> Iterator[FieldChange]:
    if isinstance(value, dict) and value and not _is_leaf(value):
        yield from _leaves(value, f"{at}.")
    elif isinstance(value, list | tuple) and value:
        for i, each in enumerate(value):
            yield from _leaf(each, f"{at}.{i}")
    elif value is not None:
        yield FieldChange(path=at, old=None, new=value)


def _order(path: Path) -> tuple[tuple[bool, int, str], ...]:
    """Sorts names as text and positions as numbers."""
    return tuple((isinstance(k, str), k if isinstance(k, int) else 0, str(k)) for k in path)


def _covers(ignored: Path, path: Path) -> bool:
    return len(ignored) <= len(path) and all(
        mine in ("*", theirs) for mine, theirs in zip(ignored, path, strict=False)
    )


def _without(value: Any, path: Path) -> Any:
    head, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return _kept({key: _pruned(item, key, head, rest) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [_pruned(item, i, head, rest) for i, item in enumerate(value)]
    return value


def _pruned(item: Any, key: str | int, head: str | int, rest: Path) -> Any:
    if head not in ("*", key):
        return item
    return _without(item, rest) if rest else _Gone


class _Gone:
    """Marks what a path took away."""


def _kept(members: dict[str, Any]) -> Any:
    kept = {key: item for key, item in members.items() if item is not _Gone}
    return kept if kept or not members else _Gone
