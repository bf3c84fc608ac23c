"""Project -> videos: loops unrolled, overrides chosen, names given, fields rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Problems, Span, nearest, problem
from vidbuild.project.fields import Fields
from vidbuild.project.layers import merge_all
from vidbuild.project.loops import Loop, read_loop
from vidbuild.project.model import BUILD_KEYS, Definition, Expanded, Layer, Project, Video
from vidbuild.project.names import folded, wrong_with
from vidbuild.project.scope import Each, VideoScope
from vidbuild.project.sources import Sources
from vidbuild.project.template import Templates
from vidbuild.schema.shape import Shape
from vidbuild.source.tables import Row

_FLAGS = ("protect", "private")


def expand(project: Project, sources: Sources, shape: Shape) -> Expanded:
    """All videos, sorted by name; blocks with errors are left out and reported."""
    run = _Expansion(project, sources, shape)
    videos = [video for definition in project.definitions for video in run.videos(definition)]
    videos = list(run.distinct(videos))
    videos.sort(key=lambda video: video.name)
    return Expanded(videos=tuple(videos), diagnostics=tuple(_folded(run.found)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A definition's build keys and field layers, the same for each of its rows."""

    definition: Definition
    keys: Mapping[str, Any]
    origins: Mapping[str, Layer]
    overrides: tuple[Layer, ...]
    fields: tuple[Layer, ...]
    vars: tuple[Layer, ...]
    tags: frozenset[str]


class _Expansion:
    def __init__(self, project: Project, sources: Sources, shape: Shape) -> None:
        self.project = project
        self.sources = sources
        self.shape = shape
        self.templates = Templates(lambda name: sources.text(sources.resolve(name, sources.root)))
        self.fields = Fields(sources, self.templates)
        self.found: list[Diagnostic] = []
        self.parts: dict[int, Layer | None] = {}
        self.blocks: dict[int, tuple[Layer, ...]] = {}
        outside = tuple(
            Layer(kind="profile", source=project.source, pointer=(), values={name: value})
            for name, value in project.outside.items()
        )
        self.vars_above = (*project.profile_vars, *outside)

    def videos(self, definition: Definition) -> Iterator[Video]:
        """The block's videos. What makes a loop's names unknown is nobody's own error: it
        stays without a video, and so blocks every command."""
        try:
            block = self.block(definition)
            rows = self.rows(block)
        except Problems as problems:
            looped = any(
                "for_each" in layer.values for layer in (*definition.below, definition.layer)
            )
            own = None if looped else _label(definition)
            self.found += [replace(d, video=d.video or own) for d in problems.diagnostics]
            return
        for row in rows.rows if rows else (None,):
            try:
                yield self.video(block, rows, row)
            except Problems as problems:
                self.found += [self.about(d, definition, row) for d in problems.diagnostics]

    def about(self, d: Diagnostic, definition: Definition, row: Row | None) -> Diagnostic:
        """The diagnostic with the video and the row that it came up for."""
        notes = d.notes
        if row is not None and d.span != row.span:
            notes = (*notes, Note(message=f"for row {row.number}", span=row.span))
        own = _label(definition) if row is None else None
        return replace(d, video=d.video or own, notes=notes)

    def block(self, definition: Definition) -> _Block:
        """Build keys merged over the layers; the layers' API fields apart."""
        keys: dict[str, Any] = {}
        origins: dict[str, Layer] = {}
        overrides: list[Layer] = []
        tags: set[str] = set()
        layers = (*definition.below, definition.layer)
        for layer in layers:
            for key in BUILD_KEYS & layer.values.keys():
                value = layer.values[key]
                if key == "overrides":
                    overrides += _override_layers(value, layer)
                elif key == "tags":
                    tags |= _tags(value, layer)
                else:
                    keys[key], origins[key] = value, layer
        fields = tuple(part for layer in layers if (part := self.fields_of(layer)))
        own = [Layer(kind=layer.kind, source=layer.source, pointer=(*layer.pointer, "vars"),
                     values=_mapping(layer, "vars"))
               for layer in layers if layer.values.get("vars") is not None]  # fmt: skip
        return _Block(definition=definition, keys=keys, origins=origins,
                      overrides=tuple(overrides), fields=fields,
                      vars=(*definition.vars, *own, *self.vars_above),
                      tags=frozenset(tags))  # fmt: skip

    def fields_of(self, layer: Layer) -> Layer | None:
        """The layer without build keys and `x-` keys; made once, so that layers are shared."""
        if id(layer) not in self.parts:
            values = {k: v for k, v in layer.values.items()
                      if k not in BUILD_KEYS and not k.startswith("x-")}  # fmt: skip
            self.parts[id(layer)] = replace(layer, values=values) if values else None
        return self.parts[id(layer)]

    def rows(self, block: _Block) -> Loop | None:
        value = block.keys.get("for_each")
        if value is None:
            return None

        def where(expression: str, row: Row) -> bool:
            layer = block.origins["for_each"]
            path = ("for_each", "where")
            return self.fields.holds(expression, layer, path, self.scope(block, row, {}))

        return read_loop(value, block.origins["for_each"], self.sources, where)

    def scope(
        self,
        block: _Block,
        row: Row | None,
        names: Mapping[str, Any],
        extra: tuple[Layer, ...] = (),
    ) -> VideoScope:
        vars_: dict[str, tuple[Any, Layer, tuple[str, ...]]] = {}
        for layer in (*block.vars, *extra):
            vars_.update({name: (value, layer, (name,)) for name, value in layer.values.items()})
        known: dict[str, Any] = {
            "profile": self.project.profile, "project": self.project.name, **names,
        }  # fmt: skip
        if row is not None:
            known["each"] = Each(row.values, row.columns, _row_label(row))
        return VideoScope(
            vars_, known, lambda scope, raw, layer, path: self.fields.data(raw, layer, path, scope),
            set(),
        )  # fmt: skip

    def video(self, block: _Block, loop: Loop | None, row: Row | None) -> Video:
        name = self.name(block, loop, row)
        definition = block.definition
        scope = self.scope(block, row, {"video": {"name": name, "key": definition.key}})
        chosen = [layer for layer in block.overrides if self.applies(layer, row, scope)]
        above = [_set_of(layer) for layer in chosen] + list(self.project.above)
        keys, tags = self.keys_above(block, above)
        layers = [*block.fields, *(p for layer in above if (p := self.fields_of(layer)))]
        layers = self.fitting(layers)
        request = keys.get("request")
        if request is not None:
            layer = block.origins.get("request", definition.layer)
            if not isinstance(request, dict):
                raise problem("VB254", "`request` must be a mapping", span=layer.span("request"))
            layers.append(Layer(kind="request", source=layer.source, values=request,
                                pointer=(*layer.pointer, "request")))  # fmt: skip
        fields, kept, found = self.fields.resolve(layers, self.shape, scope)
        found += self.exclusive(kept)
        if found:
            raise Problems([replace(d, video=name) for d in found])
        depends = {definition.layer.source.name, *(layer.source.name for layer in kept)}
        if loop and loop.file:
            depends.add(loop.file)
        return Video(
            name=name, key=definition.key, definition=definition, layers=kept, fields=fields,
            row=row.values if row else None, row_span=row.span if row else None, tags=tags,
            depends_on=tuple(sorted(depends | scope.files)), **_settings(keys, block),
        )  # fmt: skip

    def keys_above(
        self, block: _Block, above: list[Layer]
    ) -> tuple[dict[str, Any], frozenset[str]]:
        keys, tags = dict(block.keys), set(block.tags)
        for layer in above:
            for key in BUILD_KEYS & layer.values.keys():
                if key in ("for_each", "name", "overrides", "vars"):
                    raise problem("VB253", f"`{key}` cannot be set here",
                                  span=layer.span(key, key=True))  # fmt: skip
                if key == "tags":
                    tags |= _tags(layer.values[key], layer)
                else:
                    keys[key] = layer.values[key]
        return keys, frozenset(tags)

    def fitting(self, layers: list[Layer]) -> list[Layer]:
        """Defaults that the chosen variant does not have are dropped, where another has them."""
        name = self.shape.discriminator
        if name is None:
            return layers
        chosen = next((x.values[name] for x in reversed(layers) if name in x.values), None)
        variant = self.shape.variants.get(chosen) if isinstance(chosen, str) else None
        if variant is None:
            return layers
        known = {member for other in self.shape.variants.values() for member in other.properties}
        known -= variant.properties.keys()
        kept = []
        for layer in layers:
            waste = known & layer.values.keys()
            if layer.kind in ("base", "defaults") and waste and layer.values.get(name) != chosen:
                values = {k: v for k, v in layer.values.items() if k not in waste}
                kept.append(replace(layer, values=values))
            else:
                kept.append(layer)
        return kept

    def exclusive(self, layers: tuple[Layer, ...]) -> list[Diagnostic]:
        """Fields of one layer that exclude each other."""
        merged = merge_all((layer.values for layer in layers), self.shape)
        variant = self.shape.variants.get(str(merged.get(str(self.shape.discriminator))))
        groups = (variant or self.shape).exclusive
        found = []
        for layer in layers:
            for group in groups:
                both = [m for m in group if layer.values.get(m) is not None]
                if len(both) > 1:
                    note = Note(
                        message=f"`{both[0]}` stands here", span=layer.span(both[0], key=True)
                    )
                    found.append(Diagnostic(
                        code="VB267", message=f"`{both[1]}` and `{both[0]}` exclude each other",
                        hint="keep one of them", span=layer.span(both[1], key=True),
                        field=both[1], notes=(note,)))  # fmt: skip
        return found

    def name(self, block: _Block, loop: Loop | None, row: Row | None) -> str:
        definition = block.definition
        layer = block.origins.get("name", definition.layer)
        written = block.keys.get("name")
        if written is not None:
            if not isinstance(written, str):
                raise problem("VB254", "`name` must be text", span=layer.span("name"))
            name = self.fields.text(written, layer, ("name",), self.scope(block, row, {}))
        elif row is None or loop is None:
            name = definition.key
        elif loop.named:
            name = "-".join([definition.key, *map(_cell, row.values.values())])
        else:
            raise problem("VB261", f"the videos of {definition.key!r} need a `name`",
                          hint='add a line such as `name: "' + definition.key + '/{{ each.id }}"`',
                          span=definition.layer.span(key=True))  # fmt: skip
        name = definition.prefix + name
        if (wrong := wrong_with(name)) is not None:
            span = layer.span("name") if written is not None else definition.layer.span(key=True)
            raise problem("VB261", f"{name!r} cannot name a video: {wrong}", span=span)
        return name

    def applies(self, override: Layer, row: Row | None, scope: VideoScope) -> bool:
        when = override.values.get("when")
        match when:
            case None:
                return True
            case str():
                return self.fields.holds(when, override, ("when",), scope)
            case dict():
                return all(self.equals(override, row, name, wanted)
                           for name, wanted in when.items())  # fmt: skip
            case bool():
                return when
            case _:
                raise problem("VB266", "`when` takes a mapping or an expression",
                              span=override.span("when"))  # fmt: skip

    def equals(self, override: Layer, row: Row | None, name: str, wanted: Any) -> bool:
        columns = row.columns if row else ()
        if name not in columns:
            close = nearest(name, columns)
            hint = f"did you mean {close}?" if close else None
            message = f"the row has no {name!r}" if row else "`when` compares rows; there are none"
            raise problem("VB266", message, hint=hint, span=override.span("when", name, key=True))
        cell = row.values.get(name) if row else None
        options = wanted if isinstance(wanted, list) else [wanted]
        return cell is not None and _cell(cell) in [_cell(option) for option in options]

    def distinct(self, videos: list[Video]) -> Iterator[Video]:
        """Names (and so output files) that differ in more than case and Unicode form."""
        first: dict[str, Video] = {}
        for video in videos:
            before = first.setdefault(folded(video.name), video)
            if before is video:
                yield video
                continue
            same = "the same name" if before.name == video.name else "a name equal but for case"
            self.found.append(Diagnostic(
                code="VB262", message=f"two videos have {same}: {video.name!r}",
                hint="give each video a name of its own", video=video.name,
                span=_place(video), notes=(Note(message="the first one", span=_place(before)),),
            ))  # fmt: skip


def _override_layers(value: Any, layer: Layer) -> list[Layer]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise problem("VB254", "`overrides` takes a list", span=layer.span("overrides"))
    found = []
    for index, item in enumerate(value):
        at = (*layer.pointer, "overrides", index)
        if not isinstance(item, dict) or not isinstance(item.get("set"), dict):
            raise problem("VB254", "an override needs `set`, a mapping of fields",
                          hint="write `- {when: {lang: de}, set: {...}}`",
                          span=layer.span("overrides", index))  # fmt: skip
        for key in item:
            if key not in ("when", "set"):
                raise problem("VB253", f"an override has no key {key!r}",
                              hint="it takes `when` and `set`",
                              span=layer.span("overrides", index, key, key=True))  # fmt: skip
        found.append(Layer(kind="override", source=layer.source, pointer=at, values=item))
    return found


def _set_of(override: Layer) -> Layer:
    return Layer(kind="override", source=override.source, pointer=(*override.pointer, "set"),
                 values=override.values["set"])  # fmt: skip


def _tags(value: Any, layer: Layer) -> frozenset[str]:
    tags = [value] if isinstance(value, str) else value
    if tags is None:
        return frozenset()
    if not isinstance(tags, list) or not all(isinstance(tag, (str, int)) for tag in tags):
        raise problem("VB254", "`tags` takes a list of words", span=layer.span("tags"))
    return frozenset(map(str, tags))


def _mapping(layer: Layer, key: str) -> Mapping[str, Any]:
    value = layer.values[key]
    if not isinstance(value, dict):
        raise problem("VB254", f"`{key}` must be a mapping", span=layer.span(key))
    return value


def _settings(keys: Mapping[str, Any], block: _Block) -> dict[str, Any]:
    """`protect`, `private`, `revision` and `ignore_changes`, checked."""
    settings: dict[str, Any] = {}
    layer = block.definition.layer
    for flag in _FLAGS:
        value = keys.get(flag)
        if value is not None and not isinstance(value, bool):
            raise problem("VB254", f"`{flag}` must be true or false",
                          span=block.origins.get(flag, layer).span(flag))  # fmt: skip
        settings[flag] = bool(value)
    revision = keys.get("revision")
    if revision is not None:
        if isinstance(revision, bool) or not isinstance(revision, int) or revision < 1:
            raise problem("VB254", "`revision` must be a whole number from 1",
                          span=block.origins.get("revision", layer).span("revision"))  # fmt: skip
        settings["revision"] = revision
    ignored = keys.get("ignore_changes")
    if ignored is not None:
        if not isinstance(ignored, list) or not all(isinstance(name, str) for name in ignored):
            span = block.origins.get("ignore_changes", layer).span("ignore_changes")
            raise problem("VB254", "`ignore_changes` takes a list of fields", span=span)
        settings["ignore_changes"] = tuple(ignored)
    return settings


def _folded(found: list[Diagnostic]) -> Iterator[Diagnostic]:
    """One diagnostic for each place: a template used a thousand times is wrong once."""
    groups: dict[tuple[str, str, Span | None], list[Diagnostic]] = {}
    for d in found:
        groups.setdefault((d.code, d.message, d.span), []).append(d)
    for first, *others in groups.values():
        if others and first.span is not None:
            count = f"and for {len(others)} more {'video' if len(others) == 1 else 'videos'}"
            yield replace(first, notes=(*first.notes, Note(message=count)))
        else:
            yield first
            yield from others


def _cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _row_label(row: Row) -> str:
    return f"row {row.number} of {row.span.file}"


def _label(definition: Definition) -> str:
    return definition.prefix + definition.key


def _place(video: Video) -> Span:
    return video.row_span or video.definition.layer.span(key=True)
