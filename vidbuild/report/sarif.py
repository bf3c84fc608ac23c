"""Diagnostics as a SARIF 2.1.0 log, for code scanning and editors."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from vidbuild import __version__
from vidbuild.codes import CODES
from vidbuild.diagnostics import Diagnostic, Note, Span
from vidbuild.report.style import visible

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"


def diagnostics_sarif(
    diagnostics: Iterable[Diagnostic], *, otherwise: str | None = None
) -> dict[str, Any]:
    """The log; places are relative to the repository's root.

    `otherwise` is the file that stands for a place where a diagnostic has none: code
    scanning takes no result without one.
    """
    rules = {code: index for index, code in enumerate(sorted(CODES))}
    seen: Counter[str] = Counter()
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(rules)},
                "columnKind": "unicodeCodePoints",
                "results": [_result(d, rules, seen, otherwise) for d in diagnostics],
            }
        ],
    }


def _driver(rules: Iterable[str]) -> dict[str, Any]:
    return {
        "name": "vidbuild",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [{"id": code, "shortDescription": {"text": _sentence(code)}} for code in rules],
    }


def _sentence(code: str) -> str:
    title = CODES[code]
    return f"{title[:1].upper()}{title[1:]}."


def _result(
    diagnostic: Diagnostic,
    rules: dict[str, int],
    seen: Counter[str],
    otherwise: str | None,
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rules.get(diagnostic.code, -1),
        "level": diagnostic.severity,
        "message": {"text": "\n".join(_lines(diagnostic))},
        "partialFingerprints": {"vidbuild/v1": _fingerprint(diagnostic, seen)},
    }
    if diagnostic.span is not None:
        result["locations"] = [{"physicalLocation": _place(diagnostic.span)}]
    elif otherwise is not None:
        artifact = {"artifactLocation": _artifact(otherwise)}
        result["locations"] = [{"physicalLocation": artifact}]
    if diagnostic.video:
        logical = {"fullyQualifiedName": visible(diagnostic.video), "kind": "object"}
        result.setdefault("locations", [{}])[0]["logicalLocations"] = [logical]
    related = list(_related(diagnostic.notes))
    if related:
        result["relatedLocations"] = related
    return result


def _lines(diagnostic: Diagnostic) -> Iterator[str]:
    yield from (visible(line) for line in diagnostic.message.split("\n"))
    if diagnostic.hint:
        yield f"hint: {visible(diagnostic.hint)}"
    yield from (f"note: {visible(note.message)}" for note in diagnostic.notes if not note.span)


def _related(notes: Iterable[Note]) -> Iterator[dict[str, Any]]:
    placed = (note for note in notes if note.span is not None)
    for number, note in enumerate(placed):
        if note.span is not None:
            yield {
                "id": number,
                "physicalLocation": _place(note.span),
                "message": {"text": visible(note.message)},
            }


def _place(span: Span) -> dict[str, Any]:
    return {
        "artifactLocation": _artifact(span.file),
        "region": {"startLine": span.line, "startColumn": span.column},
    }


def _artifact(file: str) -> dict[str, Any]:
    """A path below the repository's root; one outside of it as it is."""
    if file.startswith("/"):
        return {"uri": "file://" + quote(file)}
    return {"uri": quote(file), "uriBaseId": _ROOT}


def _fingerprint(diagnostic: Diagnostic, seen: Counter[str]) -> str:
    """The same for the same problem after lines above it have moved."""
    span = diagnostic.span
    parts = (diagnostic.code, span.file if span else "", diagnostic.video or "",
             diagnostic.field or "", diagnostic.message)  # fmt: skip
    known = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[known] += 1
    return f"{known}:{seen[known]}"
