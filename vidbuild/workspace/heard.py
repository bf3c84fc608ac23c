"""What was spoken before: a recording and its length by content, in the cache. Safe to delete."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from vidbuild.files import write_atomic
from vidbuild.plan.measure import Heard
from vidbuild.provider.answers import member, number
from vidbuild.workspace.places import STATE

_SUFFIXES = ((b"RIFF", ".wav"), (b"ID3", ".mp3"), (b"OggS", ".ogg"), (b"fLaC", ".flac"))
_MP3 = (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The recordings of one project; paths are told from its folder."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / STATE / "cache" / "speech"

    def take(self, key: str) -> Heard | None:
        """What is known of a key; None for nothing, and for what cannot be read."""
        try:
            data = json.loads((self.folder / f"{key}.json").read_bytes())
        except (OSError, ValueError):
            return None
        seconds, name = number(member(data, "seconds")), member(data, "audio")
        if not seconds:
            return None
        path = self.folder / name if isinstance(name, str) and Path(name).name == name else None
        return Heard(seconds=seconds, audio=self._shown(path) if path and path.is_file() else None)

    def waiting(self, key: str) -> Path:
        """Where a recording is downloaded to before it is whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{key}.part"

    def keep(self, key: str, seconds: float, recording: Path | None) -> Heard:
        """Puts what was heard into the cache, the recording before its length. Raises OSError."""
        audio = None
        if recording is not None:
            audio = recording.replace(self.folder / f"{key}{_suffix(recording)}")
        known = {"seconds": seconds, "audio": audio.name if audio else None}
        write_atomic(self.folder / f"{key}.json", json.dumps(known).encode())
        return Heard(seconds=seconds, audio=self._shown(audio) if audio else None)

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _suffix(recording: Path) -> str:
    with recording.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return ".m4a"
    known = next((suffix for magic, suffix in _SUFFIXES if head.startswith(magic)), None)
    return known or (".mp3" if head[:2] in _MP3 else ".audio")
