"""The project file's own sections under a profile: head, provider, output, API."""

from __future__ import annotations

from collections.abc import Sequence
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
    OUTPUT,
    PROVIDER,
    Findings,
    is_a,
    suggestion,
)

FORMAT = 1
PROVIDERS = ["heygen", "studio"]


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


def provider(whole: Layer, profile: Sequence[Layer], findings: Findings) -> ProviderSettings:
    """Who renders: what the profile says, or else the project."""
    settings = ProviderSettings(name="heygen")
    for layer in (whole, *profile):
        if (value := layer.values.get("provider")) is not None:
            settings = _provider(layer, value, findings)
    return settings


def _provider(layer: Layer, value: Any, findings: Findings) -> ProviderSettings:
    at: Path = (*layer.pointer, "provider")
    members = value if isinstance(value, dict) else {"name": value}
    if isinstance(value, dict):
        findings.check(layer.source, at, value, PROVIDER, "`provider`")
    texts = {key: members[key] for key in PROVIDER if isinstance(members.get(key), str)}
    settings = ProviderSettings(**{"name": "heygen", **texts})
    if settings.name not in PROVIDERS:
        place = (*at, "name") if isinstance(value, dict) else at
        findings.add(layer.source, place, "VB258", f"there is no provider {settings.name!r}",
                     suggestion(settings.name, PROVIDERS))  # fmt: skip
    return settings


def output(whole: Layer, profile: Sequence[Layer], findings: Findings) -> OutputSettings:
    """Where files go; a profile has a folder of its own unless it names one."""
    settings = replace(OutputSettings(), **_output(whole, findings))
    if not profile:
        return settings
    changed: dict[str, Any] = {"dir": f"{settings.dir.rstrip('/')}.{profile[-1].pointer[-1]}"}
    for layer in profile:
        changed |= _output(layer, findings)
    return replace(settings, **changed)


def _output(layer: Layer, findings: Findings) -> dict[str, Any]:
    """What a layer says of `output`, as far as it is right."""
    values, source, at = layer.values.get("output"), layer.source, (*layer.pointer, "output")
    if not isinstance(values, dict):
        return {}
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


def check_api(source: Source, findings: Findings) -> None:
    """`api.spec` and `api.operation`."""
    if isinstance(value := source.data.get("api"), dict):
        findings.check(source, ("api",), value, API, "`api`")
