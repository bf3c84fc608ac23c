"""The project file and what it includes, checked for structure: files -> Project.

Fields of videos are not looked at here: the API spec checks them once they are merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems, Span, nearest, problem
from vidbuild.project.model import (
    OUTPUT_KINDS,
    Definition,
    Layer,
    OutputSettings,
    Project,
    ProviderSettings,
    Source,
)
from vidbuild.project.names import SLUG
from vidbuild.project.scope import RESERVED, reserved_problem
from vidbuild.project.sources import Sources

FORMAT = 1
PROVIDERS = ("heygen", "studio")
DRAFT = "draft"  # a profile that every project has

_TOP = {
    "vidbuild": int, "project": str, "provider": (str, dict), "api": dict, "vars": dict,
    "defaults": dict, "include": list, "videos": dict, "profiles": dict, "policy": dict,
    "output": dict,
}  # fmt: skip
_INCLUDED = {"prefix": str, "vars": dict, "defaults": dict, "include": list, "videos": dict}
_PROFILE = {
    "provider": (str, dict), "vars": dict, "set": dict, "output": dict, "policy": dict,
}  # fmt: skip
_PROVIDER = {"name": str, "key_env": str, "account": str}
_OUTPUT = {"dir": str, "files": list, "keep_history": int}
_POLICY = {
    "max_cost": (int, float), "max_cost_day": (int, float), "max_cost_month": (int, float),
    "max_renders": (int, str), "max_deletes": int, "lint": dict,
}  # fmt: skip
_API = {"spec": str, "operation": str}
# Part of the format, not of this version: refused rather than passed over in silence.
_LATER = frozenset({"roots", "base", "translations", "pronunciations"})


def load_project(
    file: Path, sources: Sources, *, profile: str | None, outside: Mapping[str, Any]
) -> Project:
    """Reads the project under a profile. Raises `Problems` with everything that is wrong."""
    return _Load(sources, profile, outside).project(file)


def api_settings(data: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """`api.spec` and `api.operation` of a project file."""
    api = data.get("api") or {}
    return api.get("spec"), api.get("operation")


class _Load:
    """One load: `found` collects problems, so that all of them show in one run."""

    def __init__(self, sources: Sources, profile: str | None, outside: Mapping[str, Any]) -> None:
        self.sources = sources
        self.profile = profile
        self.outside = outside
        self.found: list[Diagnostic] = []
        self.files: list[str] = []
        self.definitions: list[Definition] = []

    def project(self, file: Path) -> Project:
        source = self.read(file)
        data = source.data
        self.check(source, (), data, _TOP, "the project file")
        self.check_head(source)
        chosen = self.choose_profile(source)
        shared: tuple[Layer, ...] = ()
        self.collect(source, "", shared, ())
        self.check_outside(source, chosen)
        output = self.output(source, chosen)
        provider = self.provider(source, chosen)
        if self.found:
            raise Problems(self.found)
        above: tuple[Layer, ...] = ()
        profile_vars: tuple[Layer, ...] = ()
        policy = dict(data.get("policy") or {})
        if chosen is not None:
            above = self.part(chosen.source, (*chosen.pointer, "set"), chosen.values, "profile")
            profile_vars = self.part(
                chosen.source, (*chosen.pointer, "vars"), chosen.values, "profile"
            )
            policy |= chosen.values.get("policy") or {}
        return Project(
            root=self.sources.root,
            source=source,
            name=data["project"],
            profile=self.profile,
            provider=provider,
            output=output,
            policy=policy,
            definitions=tuple(self.definitions),
            above=above,
            profile_vars=profile_vars,
            outside=dict(self.outside),
            files=tuple(self.files),
        )

    def read(self, path: Path, span: Span | None = None) -> Source:
        try:
            text, data = self.sources.yaml(path)
        except Problems as problems:
            raise Problems(
                [replace(d, span=d.span or span) for d in problems.diagnostics]
            ) from None
        name = self.sources.shown(path)
        self.files.append(name)
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise problem("VB254", f"{name} must hold a mapping", span=Span(file=name),
                          hint="begin with `vidbuild: 1` and `project: NAME`")  # fmt: skip
        return Source(name=name, folder=path.parent, text=text, data=data)

    def check(
        self, source: Source, at: tuple[str | int, ...], data: Any,
        keys: Mapping[str, Any], what: str,
    ) -> None:  # fmt: skip
        """Unknown keys and wrong types of one mapping; a key without a value counts as absent."""
        for key, value in data.items():
            if key.startswith("x-"):
                continue
            span = (*at, key)
            if key in _LATER and keys is _TOP:
                self.error(source, span, "VB260", f"`{key}` is not supported by this version",
                           "remove it for now", key=True)  # fmt: skip
            elif key not in keys:
                close = nearest(key, keys)
                hint = f"did you mean {close}?" if close else f"known are {', '.join(keys)}"
                self.error(source, span, "VB253", f"{what} has no key {key!r}", hint, key=True)
            elif value is not None and not _is(value, keys[key]):
                wanted = _wanted(keys[key])
                self.error(source, span, "VB254", f"`{key}` must be {wanted}, not {_kind(value)}")

    def error(
        self, source: Source, at: tuple[str | int, ...], code: str, message: str,
        hint: str | None = None, *, key: bool = False,
    ) -> None:  # fmt: skip
        span = source.span(*at, key=key)
        self.found.append(Diagnostic(code=code, message=message, hint=hint, span=span))

    def check_head(self, source: Source) -> None:
        data = source.data
        for key, hint in (("vidbuild", "add `vidbuild: 1`"), ("project", "add `project: NAME`")):
            if data.get(key) is None:
                self.error(source, (), "VB255", f"the project file has no `{key}`", hint)
        version = data.get("vidbuild")
        if _is(version, int) and version != FORMAT:
            self.error(source, ("vidbuild",), "VB256",
                       f"project format {version} is not known; this version reads {FORMAT}",
                       "upgrade vidbuild, or write `vidbuild: 1`")  # fmt: skip
        name = data.get("project")
        if isinstance(name, str) and not SLUG.fullmatch(name):
            self.error(source, ("project",), "VB257", f"{name!r} cannot name a project",
                       "use up to 63 lower-case letters, digits and `-`")  # fmt: skip

    def choose_profile(self, source: Source) -> Layer | None:
        profiles = source.data.get("profiles")
        profiles = profiles if isinstance(profiles, dict) else {}
        for name, body in profiles.items():
            if isinstance(body, dict):
                self.check(source, ("profiles", name), body, _PROFILE, f"the profile {name}")
            elif body is not None:
                self.error(source, ("profiles", name), "VB254", f"`{name}` must be a mapping")
        if self.profile is None:
            return None
        if self.profile not in profiles and self.profile != DRAFT:
            close = nearest(self.profile, [*profiles, DRAFT])
            known = ", ".join(sorted({*profiles, DRAFT}))
            hint = f"did you mean {close}?" if close else f"known are {known}"
            self.error(
                source, ("profiles",), "VB259", f"there is no profile {self.profile!r}", hint
            )
        body = profiles.get(self.profile)
        values = body if isinstance(body, dict) else {}
        if self.profile == DRAFT and "provider" not in values:
            values = {"provider": "studio", **values}
        return Layer(
            kind="profile", source=source, pointer=("profiles", self.profile), values=values
        )

    def part(
        self, source: Source, pointer: tuple[str | int, ...], values: Mapping[str, Any], kind: Any
    ) -> tuple[Layer, ...]:
        value = values.get(str(pointer[-1]))
        if not isinstance(value, dict) or not value:
            return ()
        return (Layer(kind=kind, source=source, pointer=pointer, values=value),)

    def collect(
        self, source: Source, prefix: str, below: tuple[Layer, ...], vars_: tuple[Layer, ...]
    ) -> None:
        """The file's videos with the layers in effect, then what it includes."""
        data = source.data
        below += self.part(source, ("defaults",), data, "defaults")
        vars_ += self.part(source, ("vars",), data, "defaults")
        self.check_vars(source, data.get("vars"), ("vars",))
        videos = data.get("videos")
        for key, body in videos.items() if isinstance(videos, dict) else ():
            if not isinstance(body, dict):
                self.error(source, ("videos", key), "VB254",
                           f"the video {key!r} must be a mapping, not {_kind(body)}",
                           "write its fields below it, indented")  # fmt: skip
                continue
            layer = Layer(kind="video", source=source, pointer=("videos", key), values=body)
            self.definitions.append(
                Definition(key=key, prefix=prefix, layer=layer, below=below, vars=vars_)
            )
        self.include(source, prefix, below, vars_)

    def include(
        self, source: Source, prefix: str, below: tuple[Layer, ...], vars_: tuple[Layer, ...]
    ) -> None:
        patterns = source.data.get("include")
        for index, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
            span = source.span("include", index)
            for path in self.glob(source, pattern, span):
                if self.sources.shown(path) in self.files:
                    continue
                included = self.read(path, span)
                self.check(included, (), included.data, _INCLUDED, included.name)
                own = included.data.get("prefix")
                joined = prefix + (own if isinstance(own, str) else "")
                self.collect(included, joined, below, vars_)

    def glob(self, source: Source, pattern: Any, span: Span) -> list[Path]:
        if not isinstance(pattern, str) or not pattern:
            raise problem("VB254", "`include` takes a list of file names or globs", span=span)
        if not any(c in pattern for c in "*?["):
            return [self.sources.resolve(pattern, source.folder)]
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise problem("VB251", f"{pattern} leads outside the project folder", span=span)
        found = sorted(p for p in source.folder.glob(pattern) if p.is_file())
        if not found:
            message, hint = f"no file matches {pattern}", "check the path, or remove the line"
            self.found.append(Diagnostic(code="VB265", message=message, hint=hint, span=span))
        return [self.sources.resolve(p.relative_to(source.folder).as_posix(), source.folder)
                for p in found]  # fmt: skip

    def check_vars(self, source: Source, vars_: Any, at: tuple[str | int, ...]) -> None:
        for name in vars_ if isinstance(vars_, dict) else ():
            if name in RESERVED:
                layer = Layer(kind="defaults", source=source, pointer=at, values=vars_)
                self.found += reserved_problem(name, layer, (name,)).diagnostics
            elif not name.isidentifier():
                self.error(source, (*at, name), "VB252", f"{name!r} cannot be a name in templates",
                           "use letters, digits and _", key=True)  # fmt: skip

    def check_outside(self, source: Source, chosen: Layer | None) -> None:
        declared = set(source.data.get("vars") or {})
        declared |= {n for d in self.definitions for layer in d.vars for n in layer.values}
        declared |= set((chosen.values.get("vars") if chosen else None) or {})
        for name in self.outside:
            if name not in declared:
                close = nearest(name, declared)
                hint = f"did you mean {close}?" if close else "declare it under `vars` first"
                message = f"the project declares no var {name!r}"
                self.found.append(Diagnostic(code="VB263", message=message, hint=hint))

    def provider(self, source: Source, chosen: Layer | None) -> ProviderSettings:
        value, at = source.data.get("provider", "heygen"), ("provider",)
        if chosen is not None and chosen.values.get("provider") is not None:
            value, at = chosen.values["provider"], (*chosen.pointer, "provider")  # type: ignore[assignment]
        if isinstance(value, dict):
            self.check(source, at, value, _PROVIDER, "`provider`")
            if any(v is not None and not isinstance(v, str) for v in value.values()):
                return ProviderSettings(name="heygen")
            settings = ProviderSettings(name=value.get("name") or "heygen",
                                        key_env=value.get("key_env"),
                                        account=value.get("account"))  # fmt: skip
        else:
            settings = ProviderSettings(name=value if isinstance(value, str) else "heygen")
        if settings.name not in PROVIDERS:
            close = nearest(settings.name, PROVIDERS)
            hint = f"did you mean {close}?" if close else f"use {' or '.join(PROVIDERS)}"
            self.error(source, at, "VB258", f"there is no provider {settings.name!r}", hint)
        return settings

    def output(self, source: Source, chosen: Layer | None) -> OutputSettings:
        own = self.output_values(source, ("output",), source.data.get("output"))
        settings = replace(OutputSettings(), **own)
        if chosen is None:
            return settings
        changed = self.output_values(
            source, (*chosen.pointer, "output"), chosen.values.get("output")
        )
        return replace(settings, **{"dir": f"{settings.dir}.{self.profile}", **changed})

    def output_values(
        self, source: Source, at: tuple[str | int, ...], value: Any
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            return {}
        self.check(source, at, value, _OUTPUT, "`output`")
        known: dict[str, Any] = {}
        for key, item in value.items():
            if key not in _OUTPUT or item is None or not _is(item, _OUTPUT[key]):
                continue
            if key == "files":
                for index, kind in enumerate(item):
                    if kind not in OUTPUT_KINDS:
                        self.error(source, (*at, key, index), "VB254", f"{kind!r} is no output",
                                   f"use {', '.join(OUTPUT_KINDS)}")  # fmt: skip
                known[key] = tuple(k for k in OUTPUT_KINDS if k in item)
            elif key == "keep_history" and item < 0:
                self.error(source, (*at, key), "VB254", "`keep_history` must be 0 or more")
            else:
                known[key] = item
        self.check_dir(source, at, known)
        return known

    def check_dir(
        self, source: Source, at: tuple[str | int, ...], known: Mapping[str, Any]
    ) -> None:
        folder = known.get("dir")
        if folder is not None and (not folder or Path(folder).is_absolute() or ".." in folder):
            self.error(source, (*at, "dir"), "VB251", f"{folder!r} is not a folder of the project",
                       "name a folder inside the project, such as build")  # fmt: skip


def _is(value: Any, kinds: Any) -> bool:
    accepted = kinds if isinstance(kinds, tuple) else (kinds,)
    return isinstance(value, accepted) and not (isinstance(value, bool) and bool not in accepted)


_NAMES = {
    int: "a whole number", float: "a number", str: "text", dict: "a mapping", list: "a list",
    bool: "true or false", type(None): "empty",
}  # fmt: skip


def _wanted(kinds: Any) -> str:
    accepted = kinds if isinstance(kinds, tuple) else (kinds,)
    return " or ".join(_NAMES[kind] for kind in accepted)


def _kind(value: Any) -> str:
    return _NAMES.get(type(value), type(value).__name__)
