"""The project file and what it includes, checked for structure: files -> Project.

Fields of videos are not looked at here: the API spec checks them once they are merged.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems, Span, nearest, problem
from vidbuild.project import sections
from vidbuild.project.limits import policy
from vidbuild.project.model import Definition, Layer, LayerKind, Project, Source, placed
from vidbuild.project.profiles import choose_profile
from vidbuild.project.roots import open_roots
from vidbuild.project.sources import Sources
from vidbuild.project.structure import BASE, INCLUDED, PROJECT, Findings, kind_of


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
        self.files: dict[str, Source] = {}
        self.definitions: list[Definition] = []

    def project(
        self, file: pathlib.Path, profile: str | None, outside: Mapping[str, Any]
    ) -> Project:
        source = self.read(file, "begin with `vidbuild: 1` and `project: NAME`")
        findings = self.findings
        findings.check(source, (), source.data, PROJECT, "the project file")
        sections.check_head(source, findings)
        sections.check_api(source, findings)
        open_roots(source, self.sources, findings)
        bases, whole = self.bases(source), _whole(source, "defaults")
        chosen = choose_profile([*(base.source for base in bases), source], profile, findings)
        provider = sections.provider(whole, chosen, findings)
        output = sections.output(whole, chosen, findings)
        limits, warnings = policy(bases, whole, chosen, findings)
        profile_vars = _parts(chosen, "vars")
        self.collect(source, "", self.checked(bases, "defaults"), self.checked(bases, "vars"))
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
            policy=limits,
            definitions=tuple(self.definitions),
            above=_parts(chosen, "set"),
            profile_vars=profile_vars,
            outside=dict(outside),
            files=tuple(self.files.values()),
            warnings=tuple(warnings),
        )

    def read(self, path: pathlib.Path, beginning: str) -> Source:
        """A YAML file of the project; `beginning` is the advice for one that holds no mapping."""
        text, data = self.sources.yaml(path)
        name = self.sources.shown(path)
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise problem("VB254", f"{name} must hold a mapping, not {kind_of(data)}",
                          span=Span(file=name), hint=beginning)  # fmt: skip
        source = self.files[name] = Source(name=name, folder=path.parent, text=text, data=data)
        return source

    def bases(self, source: Source) -> tuple[Layer, ...]:
        """The files under `base`, lowest first."""
        names = source.data.get("base")
        project, found = _whole(source, "defaults"), dict[str, Layer]()
        for index, name in enumerate(names if isinstance(names, list) else ()):
            with self.findings.collecting(), placed(project, "base", index):
                if not isinstance(name, str):
                    raise problem("VB254", "`base` takes a list of file names",
                                  hint='write base: ["brand:brand.yaml"]')  # fmt: skip
                path = self.sources.resolve(name, source.folder)
                if self.sources.shown(path) not in found:
                    base = self.read(path, "begin with `defaults:` or `vars:`")
                    self.findings.check(base, (), base.data, BASE, f"the base {base.name}")
                    found[base.name] = _whole(base, "base")
        return tuple(found.values())

    def checked(self, bases: tuple[Layer, ...], key: str) -> tuple[Layer, ...]:
        """The bases' `vars` or `defaults`, the names of their vars checked."""
        parts = _parts(bases, key)
        for layer in parts:
            vars_ = layer.values if key == "vars" else layer.values.get("vars")
            at = layer.pointer if key == "vars" else (*layer.pointer, "vars")
            self.findings.check_vars(layer.source, at, vars_)
        return parts

    def collect(
        self, source: Source, prefix: str, below: tuple[Layer, ...], vars_: tuple[Layer, ...]
    ) -> None:
        """The file's videos with the layers in effect, then what it includes."""
        data = source.data
        whole = (_whole(source, "defaults"),)
        below += self.checked(whole, "defaults")
        vars_ += self.checked(whole, "vars")
        videos = data.get("videos")
        for key, body in videos.items() if isinstance(videos, dict) else ():
            if isinstance(body, dict):
                layer = Layer(kind="video", source=source, pointer=("videos", key), values=body)
                if "vars" in body:
                    self.findings.check_vars(source, (*layer.pointer, "vars"), body["vars"])
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
        source = self.read(path, "begin with `videos:`")
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
        glob, folder = self.sources.start(pattern, source.folder)
        if glob.startswith("/") or ".." in glob.split("/"):
            raise problem("VB251", f"{pattern} leads outside the project folder",
                          hint="name files inside it, without `..`")  # fmt: skip
        try:
            names = self.sources.matching(glob, folder)
        except (ValueError, NotImplementedError) as error:
            raise problem("VB265", f"{pattern} is no glob: {str(error).lower()}",
                          hint="`**` stands alone between slashes") from None  # fmt: skip
        if not names:
            raise problem("VB265", f"no file matches {pattern}",
                          hint="check the path, or remove the line")  # fmt: skip
        return [self.sources.resolve(name, folder) for name in names]

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


def _whole(source: Source, kind: LayerKind) -> Layer:
    return Layer(kind=kind, source=source, pointer=(), values=source.data)


def _parts(layers: Iterable[Layer], key: str) -> tuple[Layer, ...]:
    """A mapping inside each layer as a layer of its own, where it says something."""
    values = ((layer, layer.values.get(key)) for layer in layers)
    return tuple(
        replace(layer, pointer=(*layer.pointer, key), values=value)
        for layer, value in values
        if isinstance(value, dict) and value
    )
