"""Files put in place: staged whole, checked, then renamed; nothing unknown is ever lost.

A file is replaced or removed only where its content is recorded or was received; a
stranger's file is set aside. Staging happens in one folder inside the output folder, so that a
killed apply leaves nothing beside the videos; only a download that can be continued stays there.
Not for getting the files: that is `deliver`.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from vidbuild.files import digest, sync_folder
from vidbuild.provider.partial import discard, left_of, mark_of
from vidbuild.state.journal import Journal
from vidbuild.state.outputs import receipt_of, receipt_path
from vidbuild.state.recorded import Receipt
from vidbuild.state.records import Output, Render

STAGING = ".partial"  # no name of a video begins with a dot
KINDS = ("video", "subtitle", "thumbnail")
_PART = ".part"


def clear_staging(folder: Path) -> None:
    """Removes what was staged in an output folder and cannot be continued; only the holder of
    the project may."""
    _sweep(folder, _begun(folder))


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
        label = receipt_path(folder, root=root)
        self._real = os.path.realpath(folder).rstrip(os.sep) + os.sep
        self._label = "" if label == "." else label + "/"
        self._journal = journal
        self._known = set(known)
        self._receipts = {receipt.path: receipt for receipt in receipts}
        self._by_video: dict[tuple[str, str], dict[str, Receipt]] = {}
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
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
        found = self._by_video.get((video_id, kind), {})
        return [each for path, each in sorted(found.items()) if self._receipts.get(path) == each]

    def clear(self, renders: Iterable[Render] = ()) -> None:
        """Removes what an earlier apply left half done, but for downloads of these renders that
        can be continued. Only the holder of the project may."""
        begun = _begun(self.folder)
        wanted = {
            _part(render.video_id or "", kind)
            for render in (renders if begun else ())
            for kind in KINDS
        }
        _sweep(self.folder, [path for path in begun if path.name in wanted])

    def close(self) -> None:
        """Removes the staging folder with what was not put in place and cannot be continued."""
        clear_staging(self.folder)

    def staged(self, path: str) -> Path:
        """Where the file for `path` is prepared. Raises OSError."""
        return self._staging() / hashlib.sha256(path.encode()).hexdigest()[:24]

    def partial(self, video_id: str, kind: str) -> Path:
        """Where a file of a video is downloaded to, by whichever apply. Raises OSError."""
        return self._staging() / _part(video_id, kind)

    def turn(self, video_id: str, kind: str) -> asyncio.Lock:
        """For one at a time to get a file of a video: whoever comes next finds it here."""
        return self._turns.setdefault((video_id, kind), asyncio.Lock())

    def copy(self, source: Path, path: str, *, sha256: str) -> Path | None:
        """A synced copy of `source` where it can wait; None if it does not have this content."""
        target = self.staged(path)
        try:
            with source.open("rb") as old, target.open("wb") as new:
                shutil.copyfileobj(old, new, 1 << 20)
                new.flush()
                os.fsync(new.fileno())
            if digest(target)[0] == sha256:
                return target
        except OSError:
            target.unlink(missing_ok=True)
            raise
        target.unlink()
        return None

    def put(self, staged: Path, path: str, *, sha256: str, video_id: str, kind: str) -> Output:
        """Moves a staged file to `path` with a receipt. Raises OSError."""
        target = self.folder / path
        if not self._holds(_nearest(target.parent)):
            raise OSError(f"{path} lies outside the output folder through a symbolic link")
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
        self._journal.expect(sha256)
        self._known.add(sha256)
        if self._make_way(target, sha256):
            staged.replace(target)
            sync_folder(target.parent)
        else:
            staged.unlink()
        part = self.folder / STAGING / _part(video_id, kind)
        if staged != part:  # else it is what was put there, and its mark went with its last byte
            with suppress(OSError):
                discard(part)
        return self.receive(path, sha256=sha256, video_id=video_id, kind=kind)

    def receive(self, path: str, *, sha256: str, video_id: str, kind: str) -> Output:
        """Notes that the file at `path` is this content. Raises OSError."""
        target = self.folder / path
        name = self._label + path
        receipt = receipt_of(target, name=name, sha256=sha256, video_id=video_id, kind=kind)
        if self._receipts.get(receipt.path) != receipt:
            self._journal.receive(receipt)
            self._receipts[receipt.path] = receipt
            self._note(receipt)
        return Output(path=path, bytes=receipt.bytes, sha256=sha256)

    def remove(self, output: Output, *, live: Iterable[str]) -> bool:
        """Removes a recorded file that no live output is; an altered one stays."""
        try:
            return self._remove(output, live)
        except OSError:
            return False  # it stays: nothing depends on its being gone

    def _remove(self, output: Output, live: Iterable[str]) -> bool:
        target = self.folder / output.path
        if not target.is_file() or not self._holds(target):
            return False
        if any(_same(target, self.folder / path) for path in live if _alike(path, output.path)):
            return False
        if digest(target)[0] not in self._known:
            return False
        target.unlink()
        path = self._label + output.path
        self._journal.forget_receipts([path])
        gone = self._receipts.pop(path, None)
        if gone is not None:
            self._by_video[gone.video_id, gone.kind].pop(path, None)
        self._prune(target.parent)
        return True

    def _holds(self, path: Path) -> bool:
        """Whether what is there lies in the output folder, symbolic links followed."""
        return f"{os.path.realpath(path)}{os.sep}".startswith(self._real)

    def _note(self, receipt: Receipt) -> None:
        self._by_video.setdefault((receipt.video_id, receipt.kind), {})[receipt.path] = receipt

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

    def _staging(self) -> Path:
        staging = self.folder / STAGING
        if staging.is_dir() and not staging.is_symlink():
            return staging
        if self.folder.exists() and not self.folder.is_dir():
            raise OSError(errno.ENOTDIR, f"{self.folder.name} is a file, not a folder")
        if staging.is_symlink():
            raise OSError(errno.ELOOP, f"{STAGING} in the output folder is a symbolic link")
        staging.mkdir(parents=True, exist_ok=True)
        return staging

    def _prune(self, folder: Path) -> None:
        """Removes folders that have become empty, up to the output folder itself."""
        while folder != self.folder and folder.is_relative_to(self.folder):
            with suppress(OSError):
                folder.rmdir()
            if folder.exists():
                return
            folder = folder.parent


def _part(video_id: str, kind: str) -> str:
    """A name without anything that a server may have put into an id."""
    return hashlib.sha256(f"{kind}\n{video_id}".encode()).hexdigest()[:24] + _PART


def _nearest(folder: Path) -> Path:
    """The folder, or the one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _begun(folder: Path) -> list[Path]:
    """The downloads that can be continued."""
    with suppress(OSError):
        found = sorted((folder / STAGING).glob(f"*{_PART}"))
        return [path for path in found if left_of(path) is not None]
    return []


def _sweep(folder: Path, kept: Iterable[Path]) -> None:
    """Empties the staging folder but for these, and removes it where nothing stays."""
    staging = folder / STAGING
    stays = {name for path in kept for name in (path.name, mark_of(path).name)}
    if not stays or staging.is_symlink():
        shutil.rmtree(staging, ignore_errors=True)
        return
    with suppress(OSError):
        for path in staging.iterdir():
            if path.name not in stays:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


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
