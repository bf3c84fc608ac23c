"""Project -> videos: loops unrolled, overrides chosen, names given, fields resolved."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from unicodedata import normalize

from vidbuild.diagnostics import Diagnostic, Note, Problems, Span, problem
from vidbuild.project.build_keys import (
    Block,
    Parts,
    check_ignored,
    keys_above,
    read_block,
    settings,
    tag_list,
)
from vidbuild.project.columns import cell_text
from vidbuild.project.emptied import Emptied
from vidbuild.project.fields import Resolver
from vidbuild.project.loops import Loop, read_loop
from vidbuild.project.model import Definition, Expanded, Layer, Project, Video, origin
from vidbuild.project.moulds import Mould, Moulds
from vidbuild.project.names import files_in_the_way, folded, wrong_with
from vidbuild.project.overrides import applies
from vidbuild.project.rendering import Renderer, is_template
from vidbuild.project.scope import Each, VideoScope
from vidbuild.project.sources import Sources
from vidbuild.project.variants import Variants
from vidbuild.schema.shape import Shape
from vidbuild.source.tables import Row


def expand(project: Project, sources: Sources, shape: Shape) -> Expanded:
    """All videos, sorted by name; those with errors are left out and reported."""
    run = _Expansion(project, sources, shape)
    videos = [video for definition in project.definitions for video in run.videos(definition)]
    distinct, doubled = _distinct(videos)
    distinct.sort(key=lambda video: video.name)
    return Expanded(
        videos=tuple(distinct), diagnostics=(*run.found, *doubled), unfinished=run.unfinished
    )


class _Expansion:
    """One expansion, and what was wrong so far."""

    def __init__(self, project: Project, sources: Sources, shape: Shape) -> None:
        self.project = project
        self.sources = sources
        self.shape = shape
        self.renderer = Renderer(sources)
        self.resolver = Resolver(self.renderer, shape)
        self.variants = Variants(shape)
        self.parts = Parts()
        self.moulds = Moulds(self.variants.tag)
        self.emptied = Emptied()
        self.found: list[Diagnostic] = []
        self.unfinished: dict[str, Video] = {}
        # Outside values are what they are: never templates.
        self.names = {
            "profile": project.profile, "project": project.name, **project.outside,
        }  # fmt: skip

    def videos(self, definition: Definition) -> Iterator[Video]:
        """The block's videos. What makes a loop's names unknown is nobody's own error: it
        stays without a video, and so blocks every command."""
        form = None if self.project.above else self.moulds.form(definition)
        mould = self.moulds.get(form)
        if mould is not None:
            yield from self.alike(mould, definition)
            return
        try:
            block = read_block(definition, self.parts, self.project.profile_vars)
            overrides = (override.fields for override in block.overrides)
            layers = (*definition.below, definition.layer, *overrides, *self.project.above)
            self.found += self.emptied.found(layers)
            loop = self.loop(block)
        except Problems as problems:
            layers = (*definition.below, definition.layer)
            looped = any(layer.values.get("for_each") is not None for layer in layers)
            own = None if looped else _label(definition)
            self.found += [replace(d, video=d.video or own) for d in problems.diagnostics]
            return
        for row in loop.rows if loop else (None,):
            try:
                video = self.video(block, loop, row)
            except Problems as problems:
                self.found += [_about(d, definition, row) for d in problems.diagnostics]
            else:
                yield video
                if form is not None and loop is None:
                    self.learn(form, block)

    def learn(self, form: Hashable, block: Block) -> None:
        """Others of this form are made alike, unless their kind is known by rendering alone."""
        kind = self.variants.chosen(block.fields)
        if not (isinstance(kind, str) and is_template(kind)):
            self.moulds.learn(form, block, self.variants.fitted(block.fields))

    def alike(self, mould: Mould, definition: Definition) -> Iterator[Video]:
        """The video of a block of which there was one like it."""
        block, layers = mould.cast(definition)
        try:
            yield self.video(block, None, None, layers)
        except Problems as problems:
            self.found += [_about(d, definition, None) for d in problems.diagnostics]

    def loop(self, block: Block) -> Loop | None:
        value, layer = block.written("for_each")
        if value is None:
            return None

        def where(expression: str, row: Row) -> bool:
            scope = self.scope(block, row, {"key": block.definition.key})
            return self.renderer.holds(expression, layer, ("for_each", "where"), scope)

        return read_loop(value, layer, self.sources, where)

    def scope(self, block: Block, row: Row | None, video: Mapping[str, str]) -> VideoScope:
        names: dict[str, Any] = {**self.names, "video": video}
        if row is not None:
            names["each"] = Each(row.values, row.columns, f"row {row.number} of {row.span.file}")
        return VideoScope(block.vars, names, self.renderer.data)

    def video(
        self,
        block: Block,
        loop: Loop | None,
        row: Row | None,
        fitted: tuple[Layer, ...] | None = None,
    ) -> Video:
        """The video of a block and row; `fitted` are its layers, where they are known."""
        name, files = self.name(block, loop, row)
        scope = self.scope(block, row, {"name": name, "key": block.definition.key})
        scope.files.update(files)
        try:
            if fitted is None:
                block, fitted = self.fitted(block, row, scope)
            return self.resolved(block, loop, row, name, scope, fitted)
        except Problems as problems:
            raise Problems([replace(d, video=name) for d in problems.diagnostics]) from None

    def fitted(
        self, block: Block, row: Row | None, scope: VideoScope
    ) -> tuple[Block, tuple[Layer, ...]]:
        """The block under what stands above it, and all layers fitted to their variant."""
        layers, above = block.fields, self.project.above
        if block.overrides:
            chosen = (o.fields for o in block.overrides if applies(o, row, scope, self.renderer))
            above = (*chosen, *above)
        if above:
            layers += tuple(part for layer in above for part in self.parts.fields(layer))
            block = keys_above(block, above)
        return block, self.variants.fitted(self.with_kind(layers, scope))

    def resolved(  # noqa: PLR0917 - all that a video is made of
        self,
        block: Block,
        loop: Loop | None,
        row: Row | None,
        name: str,
        scope: VideoScope,
        layers: tuple[Layer, ...],
    ) -> Video:
        resolved = self.resolver.resolve(layers, scope)
        kind = resolved.fields.get(self.variants.tag)
        check_ignored(block, self.variants.members)
        found = [*resolved.found, *self.variants.clashes(resolved.layers, kind)]
        definition = block.definition
        tags = self.tags(block, scope)
        files = {layer.source.name for layer in layers}
        files.update((definition.layer.source.name, *scope.files))
        if loop and loop.file:
            files.add(loop.file)
        video = Video(
            name=name,
            key=definition.key,
            definition=definition,
            layers=resolved.layers,
            fields=resolved.fields,
            row=row.values if row else None,
            row_place=(lambda: row.span) if row else None,
            row_file=loop.file if loop else None,
            scope=lambda: self.scope(block, row, {"name": name, "key": definition.key}),
            tags=tags,
            depends_on=tuple(sorted(files)),
            **settings(block),
        )
        if found:
            self.unfinished[name] = video
            raise Problems(found)
        return video

    def with_kind(self, layers: tuple[Layer, ...], scope: VideoScope) -> tuple[Layer, ...]:
        """A kind that is a template has to be known before the layers can be fitted to it."""
        tag, kind = self.variants.tag, self.variants.chosen(layers)
        if not isinstance(kind, str) or not is_template(kind):
            return layers
        found = origin(layers, (tag,))
        if found is None:  # pragma: no cover - the kind comes from one of the layers
            return layers
        rendered = self.renderer.value(kind, found[0], (tag,), scope)
        if not isinstance(rendered, str):
            return layers
        known = replace(found[0], values={**found[0].values, tag: rendered})
        return tuple(known if layer is found[0] else layer for layer in layers)

    def tags(self, block: Block, scope: VideoScope) -> frozenset[str]:
        tags = [(tag, layer) for value, layer in block.tags for tag in tag_list(value, layer)]
        text = self.renderer.text
        return frozenset([text(tag, layer, ("tags",), scope) for tag, layer in tags])

    def name(
        self, block: Block, loop: Loop | None, row: Row | None
    ) -> tuple[str, Mapping[str, None]]:
        """The video's name, and the files that took part in it."""
        definition = block.definition
        files: Mapping[str, None] = {}
        written, layer = block.written("name")
        if written is not None:
            if not isinstance(written, str):
                raise problem("VB254", "`name` must be text", hint='write name: "..."',
                              span=layer.span("name"))  # fmt: skip
            scope = self.scope(block, row, {"key": definition.key})
            name = self.renderer.text(written, layer, ("name",), scope)
            files = scope.files
        elif row is None or loop is None:
            name = definition.key
        elif loop.named:
            name = "-".join([definition.key, *map(cell_text, row.values.values())])
        else:
            raise _nameless(definition)
        name = normalize("NFC", definition.prefix + name)
        if (wrong := wrong_with(name)) is not None:
            span = layer.span("name") if written is not None else definition.layer.span(key=True)
            hint = "choose a name of letters, digits, `.`, `_`, `-` and `/`"
            raise problem("VB261", f"{name!r} cannot name a video: {wrong}", hint=hint, span=span)
        return name, files


def _about(d: Diagnostic, definition: Definition, row: Row | None) -> Diagnostic:
    """The diagnostic with the video and the row that it came up for."""
    notes = d.notes
    if row is not None and d.span != row.span:
        notes = (*notes, Note(message=f"for row {row.number}", span=row.span))
    own = _label(definition) if row is None else None
    return replace(d, video=d.video or own, notes=notes)


def _nameless(definition: Definition) -> Problems:
    example = definition.key + "/{{ each.id }}"
    return problem("VB261", f"the videos of {definition.key!r} need a `name`",
                   hint=f'add a line such as `name: "{example}"`',
                   span=definition.layer.span(key=True))  # fmt: skip


def _distinct(videos: list[Video]) -> tuple[list[Video], list[Diagnostic]]:
    """The videos whose names, and so output files, differ in more than case and Unicode form."""
    first: dict[str, Video] = {}
    found = []
    for video in videos:
        before = first.setdefault(folded(video.name), video)
        if before is not video:
            same = "the same name" if before.name == video.name else "names equal but for case"
            found.append(Diagnostic(
                code="VB262", message=f"two videos have {same}: {video.name!r}",
                hint="give each video a name of its own", span=_place(video),
                notes=(Note(message="the first one", span=_place(before)),),
            ))  # fmt: skip
    found += [
        _in_the_way(first[other], video)
        for name, video in first.items()
        if "/" in name
        for other in files_in_the_way(name)
        if other in first
    ]
    return list(first.values()), found


def _in_the_way(file: Video, folder: Video) -> Diagnostic:
    return Diagnostic(
        code="VB262",
        message=f"a file of {file.name!r} would stand where {folder.name!r} needs a folder",
        hint="give one of them another name",
        span=_place(folder),
        notes=(Note(message="the other one", span=_place(file)),),
    )


def _label(definition: Definition) -> str:
    return definition.prefix + definition.key


def _place(video: Video) -> Span:
    return video.row_span or video.definition.layer.span(key=True)
