"""The folder where files wait until they are whole: inside the output folder, and gone with the
apply.

So a killed apply leaves nothing beside the videos; only a download that can be continued stays.
Not for putting files in place: that is `place`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from vidbuild.files import digest
from vidbuild.provider.partial import left_of, mark_of
from vidbuild.state.records import Render

STAGING = ".partial"  # no name of a video begins with a dot
_KINDS = ("video", "subtitle", "thumbnail")
_PART = ".part"


class Staging:
    """The staging folder of the output folder `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / STAGING

    def waiting(self, path: str) -> Path:
        """Where the file for `path` is prepared. Raises OSError."""
        return self._made() / hashlib.sha256(path.encode()).hexdigest()[:24]

    def partial(self, video_id: str, kind: str) -> Path:
        """Where a file of a video is downloaded to, by whichever apply. Raises OSError."""
        self._made()
        return self.part(video_id, kind)

    def part(self, video_id: str, kind: str) -> Path:
        """The same where nothing is going to be written."""
        return self._path / _part(video_id, kind)

    def copy(self, source: Path, path: str, *, sha256: str) -> Path | None:
        """A synced copy of `source` where it can wait; None if it does not have this content."""
        target = self.waiting(path)
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

    def clear(self, renders: Iterable[Render] = ()) -> None:
        """Removes what an earlier apply left half done, but for downloads of these renders that
        can be continued. Only the holder of the project may."""
        begun = self._begun()
        wanted = {
            _part(render.video_id or "", kind)
            for render in (renders if begun else ())
            for kind in _KINDS
        }
        self._sweep(path for path in begun if path.name in wanted)

    def close(self) -> None:
        """Removes the folder with what was not put in place and cannot be continued. Only the
        holder of the project may."""
        self._sweep(self._begun())

    def _made(self) -> Path:
        staging = self._path
        if staging.is_dir() and not staging.is_symlink():
            return staging
        if self._folder.exists() and not self._folder.is_dir():
            raise OSError(errno.ENOTDIR, f"{self._folder.name} is a file, not a folder")
        if staging.is_symlink():
            raise OSError(errno.ELOOP, f"{STAGING} in the output folder is a symbolic link")
        staging.mkdir(parents=True, exist_ok=True)
        return staging

    def _begun(self) -> list[Path]:
        """The downloads that can be continued."""
        with suppress(OSError):
            found = sorted(self._path.glob(f"*{_PART}"))
            return [path for path in found if left_of(path) is not None]
        return []

    def _sweep(self, kept: Iterable[Path]) -> None:
        """Empties the folder but for these, and removes it where nothing stays."""
        stays = {name for path in kept for name in (path.name, mark_of(path).name)}
        if not stays or self._path.is_symlink():
            shutil.rmtree(self._path, ignore_errors=True)
            return
        with suppress(OSError):
            for path in self._path.iterdir():
                if path.name not in stays:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _part(video_id: str, kind: str) -> str:
    """A name without anything that a server may have put into an id."""
    return hashlib.sha256(f"{kind}\n{video_id}".encode()).hexdigest()[:24] + _PART
