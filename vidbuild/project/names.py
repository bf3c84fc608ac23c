"""Which names videos may have, and which two may not stand beside each other."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 200
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"}
)
_ENDINGS = (".mp4", ".webm", ".srt", ".jpg")  # of a video's files
# Most names, without a look at each part: ASCII, no dot at an edge, no device.
_PLAIN = re.compile(
    r"(?!(?:.*/)?(?:con|prn|aux|nul|(?:com|lpt)[1-9])(?:[./]|\Z)|manifest\.json/)"
    r"[a-z0-9_-](?:[a-z0-9_-]|[./](?=[a-z0-9_-]))*",
    re.IGNORECASE,
)


def wrong_with(name: str) -> str | None:
    """Why `name` cannot name a video, or None."""
    if not name:
        return "it is empty"
    if len(name) > MAX_NAME:
        return f"it is longer than {MAX_NAME} characters"
    if name.isascii() and _PLAIN.fullmatch(name):
        return None
    for segment in name.split("/"):
        if not segment:
            return "it has an empty part between slashes"
        if segment.startswith(".") or segment.endswith("."):
            return "a part of it begins or ends with a dot"
        if not all(c.isalnum() or c in "._-" or _is_mark(c) for c in segment):
            return "only letters, digits, `.`, `_`, `-` and `/` are allowed"
        if segment.split(".")[0].casefold() in _DEVICES:
            return f"{segment} is a device on Windows"
    if name.casefold().startswith("manifest.json/"):
        return "manifest.json is the list of finished videos in the output folder"
    return None


def _is_mark(character: str) -> bool:
    """Signs that many scripts write letters with, such as vowels in Hindi."""
    return unicodedata.category(character).startswith("M")


def folded(name: str) -> str:
    """Equal for two names that one file system or another takes for the same."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def files_in_the_way(folded_name: str) -> list[str]:
    """Folded names whose files would stand where this one needs a folder: `a` for `a.mp4/b`."""
    if "." not in folded_name:
        return []
    folders = [folded_name[: match.start()] for match in re.finditer("/", folded_name)]
    return [
        folder.removesuffix(ending)
        for folder in folders
        for ending in _ENDINGS
        if folder.endswith(ending)
    ]
