"""A whole plan -> what is worth remembering of it. Writes the cache and nothing else.

Only plans in which nothing is in doubt are remembered: no warning, no error, nothing in flight.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vidbuild.files import digest as file_digest
from vidbuild.files import read_text as file_text
from vidbuild.pipeline import Loaded
from vidbuild.plan.model import Action, Plan
from vidbuild.plan.paces import learn_paces
from vidbuild.project.build_keys import Parts as BlockParts
from vidbuild.project.build_keys import read_block
from vidbuild.project.model import Definition, Video
from vidbuild.source.blocks import Cut, cut_rows, cut_videos, key_of, named
from vidbuild.workspace.memory.memo import (
    Mark,
    Memo,
    Parts,
    digest_of_times,
    mark_of_file,
    memo_path,
    times_of,
    write,
)
from vidbuild.workspace.memory.recall import Before, records_now, tool_mark
from vidbuild.workspace.opened import Workspace


def learn(workspace: Workspace, plan: Plan, before: Before) -> None:
    """Remembers the plan of the whole project, where that helps the next one."""
    loaded = workspace.loaded
    asked = [change for change in plan.changes if change.action is not Action.unchanged]
    if _in_doubt(workspace, plan):
        return
    root, profile = workspace.root, loaded.project.profile
    settled = _settled(workspace, plan)
    outputs = [path for name in sorted(settled) for path in settled[name]]
    inputs = _inputs(loaded)
    try:
        times = times_of(outputs, str(root))
    except OSError:
        return
    if inputs is None or not _received(workspace, outputs, times):
        return
    now = records_now(root, profile)
    if (now.records, now.journal) != (before.records, before.journal):
        return
    memo = Memo(
        tool=tool_mark(),
        made=before.made,
        inputs=inputs,
        absent=sorted(_relative(root, path) for path in loaded.sources.absent),
        globs=[
            (_relative(root, folder), glob, names)
            for (folder, glob), names in sorted(loaded.sources.globs.items())
        ],
        records=before.records,
        journal=before.journal,
        outputs="\n".join(outputs),
        stats=digest_of_times(times),
        shown={} if asked else _shown(plan),
    )
    parts = _parts(workspace, plan, settled, times)
    if parts is None:
        return
    path = memo_path(
        root / loaded.project.source.name, profile=profile, outside=loaded.project.outside
    )
    write(path, memo, parts)


def _shown(plan: Plan) -> dict[str, str]:
    """The plan in all its forms."""
    from vidbuild.report.as_json import as_json
    from vidbuild.report.markdown import plan_markdown
    from vidbuild.report.plan_json import plan_json
    from vidbuild.report.plan_text import plan_text

    return {
        "text": plan_text(plan),
        "color": plan_text(plan, color=True),
        "json": as_json(plan_json(plan)),
        "markdown": plan_markdown(plan),
    }


def _in_doubt(workspace: Workspace, plan: Plan) -> bool:
    loaded, journal = workspace.loaded, workspace.journal
    return bool(
        loaded.diagnostics
        or plan.diagnostics
        or loaded.broken
        or loaded.sources.roots
        or journal.intents
        or journal.applies
    )


def _settled(workspace: Workspace, plan: Plan) -> dict[str, list[str]]:
    """The output files of what is up to date and recorded under its present fingerprint."""
    folder = workspace.loaded.project.output.dir
    return {
        change.name: [
            f"{folder}/{output.path}" for output in change.render.outputs.values() if output
        ]
        for change in plan.changes
        if change.action is Action.unchanged
        and change.request is not None
        and change.entry is not None
        and change.render is not None
        and change.entry.fingerprint == change.request.fingerprint
    }


def _received(workspace: Workspace, outputs: list[str], times: list[int]) -> bool:
    """Whether a receipt has each file as it is: others are known by their digest alone."""
    receipts = workspace.journal.receipts
    for path, size, changed in zip(outputs, times[::2], times[1::2], strict=True):
        receipt = receipts.get(path)
        if receipt is None or (receipt.bytes, receipt.mtime_ns) != (size, changed):
            return False
    return True


def _inputs(loaded: Loaded) -> dict[str, Mark] | None:
    """Every file that was read, with its mark and where it really lies; None where one is not
    what it was when the plan was made."""
    root, sources = loaded.project.root, loaded.sources
    media = {root / m.file: m.sha256 for r in loaded.requests.values() for m in r.media.values()}
    found: dict[str, Mark] = {}
    for path in sorted({*media, *(p for p in sources.read if p not in sources.absent)}):
        mark = mark_of_file(str(path))
        if mark is None:
            return None
        if path in media and file_digest(path)[0] != media[path]:
            return None
        if path in sources.read and _text(path) != sources.read[path]:
            return None
        real = os.path.relpath(os.path.realpath(path), root)
        found[_relative(root, path)] = [*mark, real]
    return found


def _parts(
    workspace: Workspace, plan: Plan, settled: Mapping[str, Any], times: list[int]
) -> Parts | None:
    """What is known of each block; None where some file's blocks cannot be told."""
    loaded, lock = workspace.loaded, workspace.lock
    pieces = _Pieces(loaded)
    if any(d.layer.source.name not in pieces.blocks for d in loaded.project.definitions):
        return None
    for definition in loaded.project.definitions:
        pieces.add(definition)
    return Parts(
        folder=loaded.project.output.dir,
        heads=pieces.heads,
        blocks=pieces.blocks,
        uses=pieces.uses,
        tables=pieces.tables,
        facts=sorted(_relative(workspace.root, path) for path in loaded.sources.facts),
        unsettled=sorted({change.name for change in plan.changes} - settled.keys()),
        unlocked=sorted(loaded.requests.keys() - lock.videos.keys()),
        times=times,
        paces=[
            [provider, voice, pace.stretch, pace.letter]
            for (provider, voice), pace in learn_paces(
                loaded.api, lock, [entry.request for entry in lock.videos.values()]
            ).items()
        ],
        private=any(request.private for request in loaded.requests.values())
        or any(entry.private for entry in lock.videos.values()),
    )


class _Pieces:
    """What the project's blocks and rows are, file by file."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.heads: dict[str, str] = {}
        self.blocks: dict[str, dict[str, list[str]]] = {}
        self.uses: dict[str, list[tuple[str, str]]] = {}
        self.tables: dict[str, Any] = {}
        self._elsewhere = loaded.sources.facts | loaded.sources.words  # not for their rows alone
        self._keys: dict[str, dict[str, str]] = {}
        self._block_parts = BlockParts()
        self._videos: dict[int, list[Video]] = {}
        for video in loaded.videos.values():
            self._videos.setdefault(id(video.definition), []).append(video)
        for source in loaded.project.files:
            cut = cut_videos(source.text)
            if cut is not None and _fits(cut, source.data.get("videos")):
                self.heads[source.name] = named(cut.head)
                self.blocks[source.name] = {piece: [] for piece in cut.pieces}
                self._keys[source.name] = dict(zip(source.data["videos"], cut.pieces, strict=True))

    def add(self, definition: Definition) -> None:
        """A block with its videos, the files that they need, and its rows."""
        file = definition.layer.source.name
        piece = self._keys.get(file, {}).get(definition.key)
        if piece is None:
            return
        videos = self._videos.get(id(definition), [])
        self.blocks[file][piece] = [video.name for video in videos]
        project_files = {source.name for source in self.loaded.project.files}
        needed = {name for video in videos for name in self._needs(video)}
        table = self._table(definition)
        if table is not None:
            needed.discard(table[0])
            self._rows(file, piece, *table, videos)
        for name in sorted(needed - project_files):
            self.uses.setdefault(name, []).append((file, piece))

    def _needs(self, video: Video) -> Iterable[str]:
        request = self.loaded.requests.get(video.name)
        return request.depends_on if request else video.depends_on

    def _table(self, definition: Definition) -> tuple[str, str | None] | None:
        """The CSV file that the block loops over and the column that tells its rows apart."""
        block = read_block(definition, self._block_parts, self.loaded.project.profile_vars)
        value, layer = block.written("for_each")
        if not isinstance(value, dict) or not isinstance(value.get("file"), str):
            return None
        path = self.loaded.sources.resolve(value["file"], layer.source.folder)
        name = self.loaded.sources.shown(path)
        key = value.get("key")
        return name, key if isinstance(key, str) else None

    def _rows(
        self, file: str, piece: str, table: str, key: str | None, videos: list[Video]
    ) -> None:
        path = self.loaded.sources.named(table)
        alone = _is_table(table) and path not in self._elsewhere
        cut = cut_rows(self.loaded.sources.read[path]) if alone else None
        if cut is None or not cut.distinct:
            self.uses.setdefault(table, []).append((file, piece))
            return
        lines = _lines_of(cut)
        names: dict[str, str | None] = dict.fromkeys(cut.pieces)
        for video in videos:
            span = video.row_span
            if span is not None:
                names[lines[span.line]] = video.name
        known = self.tables.setdefault(table, {"head": named(cut.head), "blocks": []})
        known["blocks"].append([file, piece, key, names])


def _fits(cut: Cut, videos: Any) -> bool:
    """Whether the pieces are the blocks that the file was read to have."""
    if not isinstance(videos, dict) or len(cut.pieces) != len(videos) or not cut.distinct:
        return False
    return all(map(str.__eq__, map(_key, cut.of(frozenset(cut.pieces))), videos))


def _key(block: str) -> str:
    return key_of(block) or ""


def _is_table(name: str) -> bool:
    return name.lower().endswith((".csv", ".tsv"))


def _lines_of(cut: Cut) -> dict[int, str]:
    """The piece that begins in each line, from 1."""
    lines, line, at = {}, 1, 0
    for piece, (start, end) in zip(cut.pieces, cut.places, strict=True):
        line += cut.text.count("\n", at, start)
        lines[line] = piece
        line += cut.text.count("\n", start, end)
        at = end
    return lines


def _relative(root: Path, path: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _text(path: Path) -> str:
    return file_text(path).replace("\r\n", "\n").replace("\r", "\n")
