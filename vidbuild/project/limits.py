"""`policy`: the limits that the project and its profile set, under those of the bases.

A base's limit can only be lowered: where a project asks for more, the base's holds and a
warning says so. Not for comparing a plan with the limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note
from vidbuild.project.model import Layer, Path, Source
from vidbuild.project.structure import LINT, POLICY, Findings, is_a

# A limit's value and where it stands: the layer whose member of that name it is.
Limit = tuple[Any, Layer]

_PERCENT = re.compile(r"[0-9]+(\.[0-9]+)?\s*%")
_CODE = re.compile(r"VB[0-9]{3}")


def policy(
    bases: Sequence[Layer], own: Layer, profile: Sequence[Layer], findings: Findings
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """The limits in force, and warnings for those that a base does not let through.

    `bases` and `own` are whole files, `profile` the chosen profile in each of them; in one
    file the profile's limit takes the place of the file's.
    """
    limits: dict[str, Limit] = {}
    ignored: list[str] = []
    found: list[Diagnostic] = []
    for whole in (*bases, own):
        parts = [whole, *(layer for layer in profile if layer.source is whole.source)]
        for key, limit in _said(parts, findings).items():
            if key == "lint":
                ignored += _ignored(limit[0])
            elif key not in limits or _at_most(limit[0], limits[key][0]):
                limits[key] = limit
            else:
                found.append(_held(key, limit, limits[key]))
    values = {key: value for key, (value, _) in limits.items()}
    return {**values, **({"lint": {"ignore": ignored}} if ignored else {})}, found


def _said(parts: Sequence[Layer], findings: Findings) -> dict[str, Limit]:
    """The limits that one file sets, the later part over the earlier."""
    said: dict[str, Limit] = {}
    for layer in parts:
        value = layer.values.get("policy")
        if not isinstance(value, dict):
            continue
        at: Path = (*layer.pointer, "policy")
        findings.check(layer.source, at, value, POLICY, "`policy`")
        for key, limit in value.items():
            _check(layer.source, (*at, key), limit, findings)
            if not key.startswith("x-"):
                said[key] = (limit, layer)
    return said


def _check(source: Source, at: Path, value: Any, findings: Findings) -> None:
    key = at[-1]
    if is_a(value, (int, float)) and not 0 <= value < float("inf"):
        findings.add(source, at, "VB254", f"`{key}` must be 0 or more", "write 0 to allow none")
    elif key == "max_renders" and isinstance(value, str) and not _PERCENT.fullmatch(value):
        findings.add(source, at, "VB254", f"{value!r} is neither a count nor a percentage",
                     'write 200 or "20%"')  # fmt: skip
    elif key == "lint" and isinstance(value, dict):
        findings.check(source, at, value, LINT, "`lint`")
        codes = value.get("ignore")
        for index, code in enumerate(codes if isinstance(codes, list) else ()):
            if not isinstance(code, str) or not _CODE.fullmatch(code):
                findings.add(source, (*at, "ignore", index), "VB254",
                             f"{code!r} is no code of a warning",
                             "write the code that the warning shows, such as VB249")  # fmt: skip


def _ignored(lint: Any) -> list[str]:
    codes = lint.get("ignore") if isinstance(lint, Mapping) else None
    return [str(code) for code in codes] if isinstance(codes, list) else []


def _at_most(value: Any, limit: Any) -> bool:
    """Whether a value is no more than a limit; a share and a count cannot be compared."""
    if limit is None:
        return True
    if isinstance(value, str) and isinstance(limit, str):
        return _share(value) <= _share(limit)
    return is_a(value, (int, float)) and is_a(limit, (int, float)) and bool(value <= limit)


def _share(text: str) -> float:
    return float(text.replace("%", "")) if _PERCENT.fullmatch(text) else float("inf")


def _held(key: str, limit: Limit, base: Limit) -> Diagnostic:
    (value, layer), (highest, below) = limit, base
    if value is None:
        message, hint = f"the base's `{key}` of {highest} cannot be taken out", "remove the line"
    else:
        kinds = isinstance(value, str), isinstance(highest, str)
        compared = "is above" if kinds[0] == kinds[1] else "cannot be compared with"
        message = f"`{key}` of {value} {compared} the base's {highest}, which holds"
        hint = f"lower it; for one run, --allow {key}={value} goes beyond any limit"
    return Diagnostic(
        code="VB282",
        severity="warning",
        message=message,
        hint=hint,
        span=layer.span("policy", key),
        notes=(Note(message="the base's limit", span=below.span("policy", key)),),
    )
