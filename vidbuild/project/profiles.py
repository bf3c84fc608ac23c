"""Profiles: what the bases and the project say under the chosen name, the project on top."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Diagnostic
from vidbuild.project.discover import DRAFT
from vidbuild.project.model import Layer, Path, Source
from vidbuild.project.structure import PROFILE, Findings, kind_of, suggestion

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")


def choose_profile(
    sources: Sequence[Source], chosen: str | None, findings: Findings
) -> tuple[Layer, ...]:
    """The chosen profile in each file, the project's own last; nothing without a choice.

    All profiles are checked, the others too.
    """
    for source in sources:
        for name, body in _profiles(source).items():
            _check(source, name, body, findings)
    if chosen is None:
        return ()
    known = sorted({DRAFT, *(name for source in sources for name in _profiles(source))})
    if chosen not in known:
        message = f"there is no profile {chosen!r}"
        findings.diagnostics.append(
            Diagnostic(code="VB259", message=message, hint=suggestion(chosen, known))
        )
    layers = [_layer(source, chosen) for source in sources]
    if chosen == DRAFT and all(layer.values.get("provider") is None for layer in layers):
        layers[-1] = replace(layers[-1], values={**layers[-1].values, "provider": "studio"})
    return tuple(layers)


def _profiles(source: Source) -> Mapping[str, Any]:
    profiles = source.data.get("profiles")
    return profiles if isinstance(profiles, dict) else {}


def _layer(source: Source, name: str) -> Layer:
    body = _profiles(source).get(name)
    values = body if isinstance(body, dict) else {}
    return Layer(kind="profile", source=source, pointer=("profiles", name), values=values)


def _check(source: Source, name: str, body: Any, findings: Findings) -> None:
    at: Path = ("profiles", name)
    if not _NAME.fullmatch(name):
        findings.add(source, at, "VB268", f"{name!r} cannot name a profile",
                     "use up to 63 letters, digits, `-` and `_`", key=True)  # fmt: skip
    if isinstance(body, dict):
        findings.check(source, at, body, PROFILE, f"the profile {name}")
        findings.check_vars(source, (*at, "vars"), body.get("vars"))
    elif body is not None:
        findings.add(source, at, "VB254",
                     f"the profile {name} must be a mapping, not {kind_of(body)}",
                     "write its `provider` or `set` below it, indented")  # fmt: skip
