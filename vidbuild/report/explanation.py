"""What is known of one video and where it comes from: the record behind `explain`, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.diagnostics import Diagnostic, Span
from vidbuild.plan.changes import dotted
from vidbuild.plan.model import Change
from vidbuild.project.trace import FieldTrace, VarTrace, Written
from vidbuild.report.diagnostics import diagnostic_items
from vidbuild.request.model import Media

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One video, private text already hidden. A video with errors has no `request` and no
    `change`, and its fields as far as they got; one at fault is None."""

    name: str
    project: str
    profile: str | None
    provider: str
    defined: Span | None = None
    row: Mapping[str, Any] | None = None
    row_span: Span | None = None
    tags: tuple[str, ...] = ()
    protect: bool = False
    private: bool = False
    revision: int = 1
    fields: tuple[FieldTrace, ...] = ()
    vars: tuple[VarTrace, ...] = ()
    request: Mapping[str, Any] | None = None
    media: Mapping[str, Media]
    depends_on: tuple[str, ...] = ()
    change: Change | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.diagnostics)


def explanation_json(explained: Explanation) -> dict[str, Any]:
    """The document of `explain --json`."""
    change = explained.change
    estimate = change.estimate if change else None
    known = (change.request or change.entry) if change else None
    return {
        "format_version": FORMAT_VERSION,
        "project": explained.project,
        "profile": explained.profile,
        "provider": explained.provider,
        "name": explained.name,
        **_place(explained.defined),
        "row": dict(explained.row) if explained.row is not None else None,
        "row_file": explained.row_span.file if explained.row_span else None,
        "row_line": explained.row_span.line if explained.row_span else None,
        "tags": list(explained.tags),
        "protect": explained.protect,
        "private": explained.private,
        "revision": explained.revision,
        "action": change.action.value if change else None,
        "reason": change.reason if change else None,
        "from": change.source if change else None,
        "estimate": {"seconds": estimate.seconds, "cost_usd": estimate.cost_usd}
        if estimate
        else None,
        "fingerprint": known.fingerprint if known else None,
        "request": dict(explained.request) if explained.request is not None else None,
        "fields": [_field(field) for field in explained.fields],
        "vars": [{"name": v.name, "value": v.value, **_place(v.span)} for v in explained.vars],
        "depends_on": list(explained.depends_on),
        "diagnostics": diagnostic_items(explained.diagnostics),
    }


def _field(field: FieldTrace) -> dict[str, Any]:
    return {
        "path": dotted(field.path),
        "value": field.value,
        "sent": field.sent,
        "layer": field.by.kind if field.by else None,
        **_place(field.by.span if field.by else None),
        "templates": list(field.files),
        "overrode": [_written(written) for written in field.over],
    }


def _written(written: Written) -> dict[str, Any]:
    return {"layer": written.kind, "value": written.value, **_place(written.span)}


def _place(span: Span | None) -> dict[str, Any]:
    return {
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
    }
