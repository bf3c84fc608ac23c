"""One video explained to a person: each field with its layer, its place and what it overrode."""

from __future__ import annotations

from collections.abc import Iterator

from vidbuild.diagnostics import Span
from vidbuild.plan.changes import dotted
from vidbuild.project.trace import FieldTrace, VarTrace
from vidbuild.report.diagnostics import place
from vidbuild.report.explanation import Explanation
from vidbuild.report.fields import value_text
from vidbuild.report.plan_text import why
from vidbuild.report.style import SYMBOLS, Paint, clip, painter, visible, width_of
from vidbuild.report.words import estimated

_LONG_TEXT = 60  # from here on a text gets lines of its own


def explanation_text(explained: Explanation, *, color: bool = False, width: int = 100) -> str:
    """The whole explanation, without a line end behind the last line."""
    paint = painter(color=color)
    blocks = [list(_heading(explained, paint))]
    sent = [field for field in explained.fields if field.sent]
    lost = [field for field in explained.fields if not field.sent]
    for title, fields in (("Fields", sent), ("Not sent", lost)):
        if fields:
            lines = (line for f in fields for line in _field(explained, f, paint, width))
            blocks.append([paint(title, "bold"), *lines])
    if explained.vars:
        lines = (line for var in explained.vars for line in _var(explained, var, paint, width))
        blocks.append([paint("Vars", "bold"), *lines])
    blocks += [block for block in (list(_row(explained, paint, width)),) if block]
    if explained.depends_on:
        files = (f"  {visible(file)}" for file in explained.depends_on)
        blocks.append([paint("Made from", "bold"), *files])
    return "\n\n".join("\n".join(block) for block in blocks)


def _heading(explained: Explanation, paint: Paint) -> Iterator[str]:
    name, change = paint(visible(explained.name), "bold"), explained.change
    if change is None:
        yield f"{name}: has errors"
    else:
        symbol, colour = SYMBOLS[change.action]
        estimate = change.estimate
        cost = f", {estimated(estimate.seconds, estimate.cost_usd)}" if change.pays else ""
        yield f"{paint(symbol, colour)} {name}: {why(change)}{cost}".strip()
    profile = f", profile {visible(explained.profile)}" if explained.profile else ""
    yield f"  project {explained.project}{profile}, provider {visible(explained.provider)}"
    if explained.defined is not None:
        yield f"  defined in {place(explained.defined)}"
    if explained.tags:
        yield f"  tags: {', '.join(map(visible, explained.tags))}"
    flags = [word for word in ("protect", "private") if getattr(explained, word)]
    if explained.revision != 1:
        flags.append(f"revision {explained.revision}")
    if flags:
        yield f"  {', '.join(flags)}"


def _field(explained: Explanation, field: FieldTrace, paint: Paint, width: int) -> Iterator[str]:
    text = field.value if isinstance(field.value, str) and _is_long(field.value) else None
    value = _value(explained, field) if text is None else f"{len(text)} characters"
    yield clip(f"  {visible(dotted(field.path))}: {value}", width)
    if field.by is not None:
        stack = " > ".join([place(field.by.span), *map(visible, field.files)])
        yield f"    {paint(f'{field.by.label}, {stack}', 'dim')}"
    for written in field.over:
        room = max(width - width_of(place(written.span)) - len(written.label) - 14, 30)
        value = clip(value_text(written.value), room)
        yield f"    {paint(f'over {value} in {written.label}, {place(written.span)}', 'dim')}"
    if text is not None:
        yield from (f"    | {visible(line)}".rstrip() for line in text.split("\n"))


def _value(explained: Explanation, field: FieldTrace) -> str:
    if not field.sent:
        return "removed" if field.by else "left out"
    if field.value is None:
        return "at fault"
    media = explained.media.get(dotted(field.path))
    return value_text(field.value, file=media.file if media else None)


def _is_long(text: str) -> bool:
    return "\n" in text or len(text) > _LONG_TEXT


def _var(explained: Explanation, var: VarTrace, paint: Paint, width: int) -> Iterator[str]:
    value = "(private)" if explained.private else value_text(var.value)
    yield clip(f"  {visible(var.name)}: {value}", width)
    yield f"    {paint(_from(var.span), 'dim')}"


def _from(span: Span | None) -> str:
    return place(span) if span is not None else "from outside: --var, --var-file or VIDBUILD_VAR_"


def _row(explained: Explanation, paint: Paint, width: int) -> Iterator[str]:
    if explained.row_span is None:
        return
    yield f"{paint('Row', 'bold')}  {paint(place(explained.row_span), 'dim')}"
    if explained.row is None:
        yield "  (private)"
        return
    for column, cell in explained.row.items():
        yield clip(f"  {visible(column)}: {value_text(cell)}", width)
