"""The project file's own sections under a profile: head, provider, output, policy, API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from vidbuild.project.model import (
    OUTPUT_KINDS,
    Layer,
    OutputSettings,
    Path,
    ProviderSettings,
    Source,
)
from vidbuild.project.names import SLUG
from vidbuild.project.structure import (
    API,
    LINT,
    OUTPUT,
    POLICY,
    PROVIDER,
    Findings,
    is_a,
    suggestion,
)

FORMAT = 1
PROVIDERS = ["heygen", "studio"]

_PERCENT = re.compile(r"[0-9]+(\.[0-9]+)?\s*%")


def check_head(source: Source, findings: Findings) -> None:
    """The format version and the project's name."""
    data = source.data
    for key, hint in (
        ("vidbuild", f"add `vidbuild: {FORMAT}`"),
        ("project", "add `project: NAME`"),
    ):
        if data.get(key) is None:
            findings.add(source, (), "VB255", f"the project file has no `{key}`", hint)
    version = data.get("vidbuild")
    if is_a(version, int) and version != FORMAT:
        findings.add(source, ("vidbuild",), "VB256",
                     f"project format {version} is not known; this version reads {FORMAT}",
                     f"upgrade vidbuild, or write `vidbuild: {FORMAT}`")  # fmt: skip
    name = data.get("project")
    if isinstance(name, str) and not SLUG.fullmatch(name):
        findings.add(source, ("project",), "VB257", f"{name!r} cannot name a project",
                     "use up to 63 lower-case letters, digits and `-`")  # fmt: skip


def provider(source: Source, profile: Layer | None, findings: Findings) -> ProviderSettings:
    """Who renders: what the profile says, or else the project."""
    settings = ProviderSettings(name="heygen")
    for at, value in _twice("provider", source, profile):
        settings = _provider(source, at, value, findings)
    return settings


def _provider(source: Source, at: Path, value: Any, findings: Findings) -> ProviderSettings:
    members = value if isinstance(value, dict) else {"name": value}
    if isinstance(value, dict):
        findings.check(source, at, value, PROVIDER, "`provider`")
    texts = {key: members[key] for key in PROVIDER if isinstance(members.get(key), str)}
    settings = ProviderSettings(**{"name": "heygen", **texts})
    if settings.name not in PROVIDERS:
        place = (*at, "name") if isinstance(value, dict) else at
        findings.add(source, place, "VB258", f"there is no provider {settings.name!r}",
                     suggestion(settings.name, PROVIDERS))  # fmt: skip
    return settings


def output(source: Source, profile: Layer | None, findings: Findings) -> OutputSettings:
    """Where files go; a profile has a folder of its own unless it names one."""
    settings = OutputSettings()
    if isinstance(own := source.data.get("output"), dict):
        settings = replace(settings, **_output(source, ("output",), own, findings))
    if profile is None:
        return settings
    beside = f"{settings.dir.rstrip('/')}.{profile.pointer[-1]}"
    changed = profile.values.get("output")
    if not isinstance(changed, dict):
        return replace(settings, dir=beside)
    at = (*profile.pointer, "output")
    return replace(settings, **{"dir": beside, **_output(source, at, changed, findings)})


def _output(
    source: Source, at: Path, values: Mapping[str, Any], findings: Findings
) -> dict[str, Any]:
    findings.check(source, at, values, OUTPUT, "`output`")
    known = {key: values[key] for key in OUTPUT if is_a(values.get(key), OUTPUT[key])}
    for index, kind in enumerate(known.get("files", ())):
        if kind not in OUTPUT_KINDS:
            findings.add(source, (*at, "files", index), "VB254", f"{kind!r} is no output",
                         f"use {', '.join(OUTPUT_KINDS)}")  # fmt: skip
    if "files" in known:
        known["files"] = tuple(kind for kind in OUTPUT_KINDS if kind in known["files"])
    if known.get("keep_history", 0) < 0:
        findings.add(source, (*at, "keep_history"), "VB254", "`keep_history` must be 0 or more",
                     "write how many earlier renders a video keeps")  # fmt: skip
    if "dir" in known and not _is_folder(known["dir"]):
        findings.add(source, (*at, "dir"), "VB251", f"{known['dir']!r} is no folder of the project",
                     "name a folder inside the project, such as build")  # fmt: skip
    return known


def _is_folder(name: str) -> bool:
    path = PurePosixPath(name)
    parts = set(path.parts)
    return bool(parts) and not path.is_absolute() and ".." not in parts and "\0" not in name


def policy(source: Source, profile: Layer | None, findings: Findings) -> dict[str, Any]:
    """The limits of an apply, the profile's over the project's."""
    limits: dict[str, Any] = {}
    for at, value in _twice("policy", source, profile):
        if not isinstance(value, dict):
            continue
        findings.check(source, at, value, POLICY, "`policy`")
        for key, limit in value.items():
            _check_limit(source, (*at, key), limit, findings)
        limits |= {key: limit for key, limit in value.items() if not key.startswith("x-")}
    return limits


def _check_limit(source: Source, at: Path, value: Any, findings: Findings) -> None:
    key = at[-1]
    if is_a(value, (int, float)) and not 0 <= value < float("inf"):
        findings.add(source, at, "VB254", f"`{key}` must be 0 or more", "write 0 to allow none")
    elif key == "max_renders" and isinstance(value, str) and not _PERCENT.fullmatch(value):
        findings.add(source, at, "VB254", f"{value!r} is neither a count nor a percentage",
                     'write 200 or "20%"')  # fmt: skip
    elif key == "lint" and isinstance(value, dict):
        findings.check(source, at, value, LINT, "`lint`")


def check_api(source: Source, findings: Findings) -> None:
    """`api.spec` and `api.operation`."""
    if isinstance(value := source.data.get("api"), dict):
        findings.check(source, ("api",), value, API, "`api`")


def _twice(key: str, source: Source, profile: Layer | None) -> Iterator[tuple[Path, Any]]:
    """A section of the project file and then of the profile, where they have it."""
    if source.data.get(key) is not None:
        yield (key,), source.data[key]
    if profile is not None and profile.values.get(key) is not None:
        yield (*profile.pointer, key), profile.values[key]
