"""Files put in place: staged whole, checked, then renamed; nothing unknown is ever lost.

A file is replaced or removed only where its content is recorded or was received; a
stranger's file is set aside. Not for getting the files (that is `deliver`) and not for where they
wait until then (that is `staging`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from vidbuild.apply.staging import Staging
from vidbuild.files import digest, sync_folder
from vidbuild.provider.partial import discard
from vidbuild.state.journal import Journal
from vidbuild.state.outputs import receipt_of, receipt_path
from vidbuild.state.recorded import Receipt
from vidbuild.state.records import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A file of a video: of which `kind`, its `path` in the output folder, its content."""

    kind: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged(Placed):
    """The same while it lies in the staging folder, checked and synced."""

    staged: Path


class Shelf:
    """The output folder of one apply. `known` are the digests that may be replaced."""

    def __init__(
        self,
        folder: Path,
        *,
        root: Path,
        journal: Journal,
        known: Iterable[str],
        receipts: Iterable[Receipt],
    ) -> None:
        self.folder = folder
        self.staging = Staging(folder)
        label = receipt_path(folder, root=root)
        self._real = os.path.realpath(folder).rstrip(os.sep) + os.sep
        self._label = "" if label == "." else label + "/"
        self._journal = journal
        self._known = set(known)
        self._receipts = {receipt.path: receipt for receipt in receipts}
        self._by_video: dict[str, list[str]] = {}  # where files of it were ever put
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        for receipt in self._receipts.values():
            self._note(receipt)

    @property
    def placed(self) -> Mapping[str, Receipt]:
        """What was put where, by path relative to the project folder."""
        return self._receipts

    def receipt(self, path: str) -> Receipt | None:
        """What was last put at `path`."""
        return self._receipts.get(self._label + path)

    def receipts(self, video_id: str, kind: str) -> list[Receipt]:
        """Where files of a video were put, in this output folder or another."""
        placed = [
            self._receipts.get(path) for path in sorted(set(self._by_video.get(video_id, ())))
        ]
        return [each for each in placed if each and (each.video_id, each.kind) == (video_id, kind)]

    def turn(self, video_id: str) -> asyncio.Lock:
        """For one at a time to get the files of a video: whoever comes next finds them here."""
        return self._turns.setdefault(video_id, asyncio.Lock())

    def put(self, video_id: str, files: Sequence[Staged]) -> dict[str, Output | OSError]:
        """Moves files of one video to their paths, with receipts; by kind, what came of each."""
        came: dict[str, Output | OSError] = {}
        if files:
            self._journal.expect([file.sha256 for file in files])
            self._known.update(file.sha256 for file in files)
        folders: set[Path] = set()
        for file in files:
            target = self.folder / file.path
            try:
                if target.parent not in folders:
                    self._open(target.parent, file.path)
                    folders.add(target.parent)
                self._place(file, target, video_id)
            except OSError as error:
                came[file.kind] = error
        for folder in folders:
            sync_folder(folder)
        return came | self.receive(video_id, [file for file in files if file.kind not in came])

    def _open(self, folder: Path, path: str) -> None:
        """Makes sure of a folder for a path within the output folder. Raises OSError."""
        if not self._holds(_nearest(folder)):
            raise OSError(f"{path} lies outside the output folder through a symbolic link")
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)

    def _place(self, file: Staged, target: Path, video_id: str) -> None:
        if self._make_way(target, file.sha256):
            file.staged.replace(target)
        else:
            file.staged.unlink()
        part = self.staging.part(video_id, file.kind)
        if file.staged != part:  # else it was just moved, and its mark went with its last byte
            with suppress(OSError):
                discard(part)

    def receive(self, video_id: str, files: Iterable[Placed]) -> dict[str, Output | OSError]:
        """Notes that these files of a video are at their paths; by kind, what came of each."""
        came: dict[str, Output | OSError] = {}
        new: list[Receipt] = []
        for file in files:
            name = self._label + file.path
            try:
                receipt = receipt_of(
                    self.folder / file.path,
                    name=name,
                    sha256=file.sha256,
                    video_id=video_id,
                    kind=file.kind,
                )
            except OSError as error:
                came[file.kind] = error
                continue
            came[file.kind] = Output(path=file.path, bytes=receipt.bytes, sha256=file.sha256)
            if self._receipts.get(name) != receipt:
                new.append(receipt)
        if new:
            self._journal.receive(new)
        for receipt in new:
            self._receipts[receipt.path] = receipt
            self._note(receipt)
        return came

    def remove(
        self, outputs: Iterable[Output], *, live: Callable[[str], Iterable[str]]
    ) -> list[str]:
        """Removes recorded files that no live output is, and gives their paths; an altered one
        stays. `live` gives the paths in use among which one like this may be."""
        gone: list[str] = []
        for output in outputs:
            with suppress(OSError):  # it stays: nothing depends on its being gone
                if self._remove(output.path, live(output.path)):
                    gone.append(output.path)
        if gone:
            self._journal.forget_receipts([self._label + path for path in gone])
        for path in gone:
            self._receipts.pop(self._label + path, None)
        return gone

    def _remove(self, path: str, live: Iterable[str]) -> bool:
        target = self.folder / path
        if not target.is_file() or not self._holds(target):
            return False
        if any(_same(target, self.folder / other) for other in live if _alike(other, path)):
            return False
        if digest(target)[0] not in self._known:
            return False
        target.unlink()
        self._prune(target.parent)
        return True

    def _holds(self, path: Path) -> bool:
        """Whether what is there lies in the output folder, symbolic links followed."""
        return f"{os.path.realpath(path)}{os.sep}".startswith(self._real)

    def _note(self, receipt: Receipt) -> None:
        self._by_video.setdefault(receipt.video_id, []).append(receipt.path)

    def _make_way(self, target: Path, sha256: str) -> bool:
        """False where the content is there already; a file that nobody recorded is set aside."""
        if not target.exists():
            if target.is_symlink():  # to nothing, and still somebody's
                target.rename(_aside(target))
            return True
        found = digest(target)[0]
        if found == sha256:
            return False
        if found not in self._known:
            target.rename(_aside(target))
        return True

    def _prune(self, folder: Path) -> None:
        """Removes folders that have become empty, up to the output folder itself."""
        while folder != self.folder and folder.is_relative_to(self.folder):
            with suppress(OSError):
                folder.rmdir()
            if folder.exists():
                return
            folder = folder.parent


def _nearest(folder: Path) -> Path:
    """The folder, or the one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _aside(target: Path) -> Path:
    number = 0
    while True:
        number += 1
        aside = target.with_name(f"{target.name}.orig{number if number > 1 else ''}")
        if not os.path.lexists(aside):
            return aside


def _alike(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return one == other
