"""What failed and what to do about it: each by itself, or hundreds of one kind as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vidbuild.apply.work import Failure, Place
from vidbuild.report.folding import FOLD_OVER, SAMPLES
from vidbuild.report.style import Paint, visible
from vidbuild.report.words import videos


def failure_lines(failures: Iterable[Failure], paint: Paint) -> Iterator[str]:
    """In the order in which they happened; more than a few of one code and reason are folded at
    the place of the first."""
    alike: dict[tuple[str, str | None, bool], list[Failure]] = {}
    for each in failures:
        alike.setdefault((each.code, each.reason, each.name is None), []).append(each)
    folded = {key for key, group in alike.items() if len(group) > FOLD_OVER and not key[2]}
    for key, group in alike.items():
        if key in folded:
            yield from _fold(group, paint)
        else:
            for each in group:
                yield from _one(each, paint)


def _one(failure: Failure, paint: Paint) -> Iterator[str]:
    name = f"! {visible(failure.name)}:" if failure.name else "!"
    yield f"{paint(name, 'red')} {_words(failure)}"
    if failure.place:
        yield f"  {_at(failure.place)}: {_told(failure.place)}"
    yield from _to_do(failure, paint)
    if failure.request_id:
        yield paint(f"  request id: {visible(failure.request_id)}", "dim")


def _fold(group: Sequence[Failure], paint: Paint) -> Iterator[str]:
    first = group[0]
    one_message = all(each.message == first.message for each in group)
    said = _words(first) if one_message else _reason(first).rstrip(": ")
    yield f"{paint(f'! {videos(len(group))}:', 'red')} {said}"
    for each in group[:SAMPLES]:
        place = f" ({_at(each.place)})" if each.place else ""
        message = "" if one_message else f": {visible(each.message)}"
        yield f"    {visible(each.name or '')}{place}{message}"
    yield f"    … and {len(group) - SAMPLES:,} more"
    yield from _to_do(first, paint)


def _to_do(failure: Failure, paint: Paint) -> Iterator[str]:
    if failure.hint:
        yield f"  {paint('hint:', 'cyan')} {visible(failure.hint)}"


def _words(failure: Failure) -> str:
    field = f" (field {visible(failure.field)})" if failure.field else ""
    return f"{_reason(failure)}{visible(failure.message)}{field}"


def _reason(failure: Failure) -> str:
    """`VB556 voice_not_found: `, as much of it as there is."""
    reason = f"{visible(failure.reason)}: " if failure.reason else ""
    return f"{failure.code} {reason}"


def _at(place: Place) -> str:
    return f"{visible(place.span.file)}:{place.span.line}:{place.span.column}"


def _told(place: Place) -> str:
    return f"set by {place.layer}" if place.layer else "the video is defined here"
