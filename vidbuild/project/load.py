"""The project file and what it includes, checked for structure: files -> Project.

Fields of videos are not looked at here: the API spec checks them once they are merged.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems, Span, nearest, problem
from vidbuild.project import sections
from vidbuild.project.model import Definition, Layer, Path, Project, Source
from vidbuild.project.sources import Sources
from vidbuild.project.structure import INCLUDED, PROFILE, PROJECT, Findings, kind_of, suggestion

DRAFT = "draft"  # a profile that every project has

_PROFILE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")


def load_project(
    file: pathlib.Path, sources: Sources, *, profile: str | None, outside: Mapping[str, Any]
) -> Project:
    """Reads the project under a profile. Raises `Problems` with everything that is wrong."""
    return _Load(sources).project(file, profile, outside)


class _Load:
    """One load: the files read so far, the videos they define, and what is wrong."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.findings = Findings()
        self.files: list[str] = []
        self.definitions: list[Definition] = []

    def project(
        self, file: pathlib.Path, profile: str | None, outside: Mapping[str, Any]
    ) -> Project:
        source = self.read(file)
        findings = self.findings
        findings.check(source, (), source.data, PROJECT, "the project file")
        sections.check_head(source, findings)
        sections.check_api(source, findings)
        chosen = self.choose_profile(source, profile)
        provider = sections.provider(source, chosen, findings)
        output = sections.output(source, chosen, findings)
        policy = sections.policy(source, chosen, findings)
        self.collect(source, "", (), ())
        profile_vars = _part(chosen, "vars") if chosen else ()
        self.check_outside(outside, profile_vars)
        if findings.diagnostics:
            raise Problems(findings.diagnostics)
        return Project(
            root=self.sources.root,
            source=source,
            name=source.data["project"],
            profile=profile,
            provider=provider,
            output=output,
            policy=policy,
            definitions=tuple(self.definitions),
            above=_part(chosen, "set") if chosen else (),
            profile_vars=profile_vars,
            outside=dict(outside),
            files=tuple(self.files),
        )

    def read(self, path: pathlib.Path) -> Source:
        text, data = self.sources.yaml(path)
        name = self.sources.shown(path)
        self.files.append(name)
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise problem("VB254", f"{name} must hold a mapping, not {kind_of(data)}",
                          span=Span(file=name),
                          hint="begin with `vidbuild: 1` and `project: NAME`")  # fmt: skip
        return Source(name=name, folder=path.parent, text=text, data=data)

    def choose_profile(self, source: Source, chosen: str | None) -> Layer | None:
        profiles = source.data.get("profiles")
        profiles = profiles if isinstance(profiles, dict) else {}
        for name, body in profiles.items():
            self.check_profile(source, name, body)
        if chosen is None:
            return None
        known = sorted({*profiles, DRAFT})
        if chosen not in known:
            hint = suggestion(chosen, known)
            message = f"there is no profile {chosen!r}"
            self.findings.diagnostics.append(Diagnostic(code="VB259", message=message, hint=hint))
        body = profiles.get(chosen)
        values = body if isinstance(body, dict) else {}
        if chosen == DRAFT and values.get("provider") is None:
            values = {**values, "provider": "studio"}
        return Layer(kind="profile", source=source, pointer=("profiles", chosen), values=values)

    def check_profile(self, source: Source, name: str, body: Any) -> None:
        at: Path = ("profiles", name)
        if not _PROFILE_NAME.fullmatch(name):
            self.findings.add(source, at, "VB268", f"{name!r} cannot name a profile",
                              "use up to 63 letters, digits, `-` and `_`", key=True)  # fmt: skip
        if isinstance(body, dict):
            self.findings.check(source, at, body, PROFILE, f"the profile {name}")
            self.findings.check_vars(source, (*at, "vars"), body.get("vars"))
        elif body is not None:
            self.findings.add(source, at, "VB254",
                              f"the profile {name} must be a mapping, not {kind_of(body)}",
                              "write its `provider` or `set` below it, indented")  # fmt: skip

    def collect(
        self, source: Source, prefix: str, below: tuple[Layer, ...], vars_: tuple[Layer, ...]
    ) -> None:
        """The file's videos with the layers in effect, then what it includes."""
        data = source.data
        whole = Layer(kind="defaults", source=source, pointer=(), values=data)
        defaults = _part(whole, "defaults")
        below += defaults
        vars_ += _part(whole, "vars")
        self.findings.check_vars(source, ("vars",), data.get("vars"))
        for layer in defaults:
            self.findings.check_vars(source, ("defaults", "vars"), layer.values.get("vars"))
        videos = data.get("videos")
        for key, body in videos.items() if isinstance(videos, dict) else ():
            if isinstance(body, dict):
                layer = Layer(kind="video", source=source, pointer=("videos", key), values=body)
                self.findings.check_vars(source, (*layer.pointer, "vars"), body.get("vars"))
                self.definitions.append(
                    Definition(key=key, prefix=prefix, layer=layer, below=below, vars=vars_)
                )
            else:
                self.findings.add(source, ("videos", key), "VB254",
                                  f"the video {key!r} must be a mapping, not {kind_of(body)}",
                                  "write its fields below it, indented")  # fmt: skip
        self.include(source, prefix, below, vars_)

    def include(
        self, source: Source, prefix: str, below: tuple[Layer, ...], vars_: tuple[Layer, ...]
    ) -> None:
        patterns = source.data.get("include")
        for index, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
            try:
                for path in self.matching(source, pattern):
                    if self.sources.shown(path) not in self.files:
                        self.included(path, prefix, below, vars_)
            except Problems as problems:
                self.findings.diagnostics += [
                    d if d.span else replace(d, span=source.span("include", index))
                    for d in problems.diagnostics
                ]

    def included(
        self,
        path: pathlib.Path,
        prefix: str,
        below: tuple[Layer, ...],
        vars_: tuple[Layer, ...],
    ) -> None:
        source = self.read(path)
        self.findings.check(source, (), source.data, INCLUDED, source.name)
        own = source.data.get("prefix")
        self.collect(source, prefix + (own if isinstance(own, str) else ""), below, vars_)

    def matching(self, source: Source, pattern: Any) -> list[pathlib.Path]:
        """The files of one line of `include`. Raises `Problems` without a place."""
        if not isinstance(pattern, str) or not pattern:
            raise problem("VB254", "`include` takes a list of file names or globs",
                          hint="write include: [courses/*.yaml]")  # fmt: skip
        if not any(mark in pattern for mark in "*?["):
            return [self.sources.resolve(pattern, source.folder)]
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise problem("VB251", f"{pattern} leads outside the project folder",
                          hint="name files inside it, without `..`")  # fmt: skip
        try:
            found = sorted(path for path in source.folder.glob(pattern) if path.is_file())
        except (ValueError, NotImplementedError) as error:
            raise problem("VB265", f"{pattern} is no glob: {str(error).lower()}",
                          hint="`**` stands alone between slashes") from None  # fmt: skip
        if not found:
            raise problem("VB265", f"no file matches {pattern}",
                          hint="check the path, or remove the line")  # fmt: skip
        names = [path.relative_to(source.folder).as_posix() for path in found]
        return [self.sources.resolve(name, source.folder) for name in names]

    def check_outside(self, outside: Mapping[str, Any], profile_vars: tuple[Layer, ...]) -> None:
        """Values from outside only replace vars that the project declares."""
        layers = [*profile_vars, *(layer for d in self.definitions for layer in d.vars)]
        declared = {name for layer in layers for name in layer.values}
        for definition in self.definitions:
            for layer in (*definition.below, definition.layer):
                own = layer.values.get("vars")
                declared |= set(own) if isinstance(own, dict) else set()
        for name in outside:
            if name not in declared:
                close = nearest(name, declared)
                hint = f"did you mean {close}?" if close else "declare it under `vars` first"
                message = f"the project declares no var {name!r}"
                self.findings.diagnostics.append(
                    Diagnostic(code="VB263", message=message, hint=hint)
                )


def _part(layer: Layer, key: str) -> tuple[Layer, ...]:
    """A mapping inside a layer as a layer of its own; none where it says nothing."""
    value = layer.values.get(key)
    if not isinstance(value, dict) or not value:
        return ()
    return (replace(layer, pointer=(*layer.pointer, key), values=value),)
