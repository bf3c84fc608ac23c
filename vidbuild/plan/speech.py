"""What a request lets be heard or seen, and for how long, before anything is rendered.

The only place that knows by name which fields of the API speak, play or last. Not for
prices (`schema.rates`) and not for measuring files (their length comes with the request).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import category, east_asian_width

from vidbuild.plan.changes import Path, dotted, look_up
from vidbuild.plan.mask import is_mask
from vidbuild.request.model import Media
from vidbuild.schema.api import Api
from vidbuild.schema.rates import pace

_SCRIPT = "script"
_VOICES = ("voice_id", "avatar_id")  # without a voice the look's own one speaks
_SPEED = ("voice_settings", "speed")
_LOCALE = ("voice_settings", "locale")
_RECORDINGS = ("audio_asset_id", "audio_url")
_LENGTH = "duration"
_OPEN_LENGTH = "auto_duration"
_SCENES = "scenes"
_INNER = "input"
_CLIP = "source"

_BREAK = re.compile(r"""<break\s+time\s*=\s*["']?\s*([\d.]+)\s*(ms|s)\b[^>]*>""", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_WIDE_LANGUAGES = frozenset({"ja", "ko", "zh", "yue", "cmn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of a video. `seconds` is certain, or None; `text` is spoken by `voice`."""

    seconds: float | None = None
    text: str | None = None
    voice: str | None = None
    locale: str | None = None
    speed: float = 1.0


def parts_of(body: Mapping[str, Any], media: Mapping[str, Media]) -> list[Part]:
    """The stretches of a request, in order; one of unknown length has neither text nor seconds."""
    return list(_parts(body, (), media))


def spoken_seconds(api: Api, part: Part) -> tuple[float, float]:
    """Seconds of speech by the API's table of paces, and of pauses beside it."""
    text = part.text or ""
    pauses = sum(_pause(found) for found in _BREAK.finditer(text))
    words = " ".join(_TAG.sub(" ", _BREAK.sub(" ", text)).split())
    plain = words.isascii()
    wide = "" if plain else "".join(c for c in words if _is_wide(c))
    narrow = (
        words if plain else "".join(c for c in words if not _is_wide(c) and category(c) != "So")
    )
    seconds = 0.0
    if wide:
        seconds += len(wide) / pace(api, text=wide)
    if any(c.isalnum() for c in narrow):
        language = (part.locale or "").replace("_", "-").partition("-")[0].lower()
        locale = None if wide and language in _WIDE_LANGUAGES else part.locale
        seconds += len(narrow) / pace(api, locale=locale, text="" if plain else narrow)
    return seconds / part.speed, pauses


def _parts(body: Mapping[str, Any], at: Path, media: Mapping[str, Media]) -> Iterator[Part]:
    scenes = body.get(_SCENES)
    if isinstance(scenes, list | tuple):
        for i, scene in enumerate(scenes):
            if isinstance(scene, Mapping):
                yield from _parts(scene, (*at, _SCENES, i), media)
    elif isinstance(body.get(_INNER), Mapping):
        yield from _parts(body[_INNER], (*at, _INNER), media)
    else:
        yield _part(body, at, media)


def _part(body: Mapping[str, Any], at: Path, media: Mapping[str, Media]) -> Part:
    script = body.get(_SCRIPT)
    if isinstance(script, str):
        return _speech(body, script)
    if is_mask(script):
        return Part()
    for field in _RECORDINGS:
        if body.get(field) is not None:
            return Part(seconds=_file_seconds((*at, field), media))
    length = body.get(_LENGTH)
    if isinstance(length, int | float) and not body.get(_OPEN_LENGTH):
        return Part(seconds=float(length))
    if isinstance(body.get(_CLIP), Mapping):
        return Part(seconds=_file_seconds((*at, _CLIP, "asset_id"), media))
    return Part()


def _speech(body: Mapping[str, Any], script: str) -> Part:
    speed = look_up(body, _SPEED)
    voices = (body.get(field) for field in _VOICES)
    return Part(
        text=script,
        voice=next((voice for voice in voices if isinstance(voice, str)), None),
        locale=look_up(body, _LOCALE),
        speed=float(speed) if isinstance(speed, int | float) and speed > 0 else 1.0,
    )


def _file_seconds(path: Path, media: Mapping[str, Media]) -> float | None:
    found = media.get(dotted(path))
    return found.seconds if found is not None else None


def _pause(found: re.Match[str]) -> float:
    try:
        amount = float(found[1])
    except ValueError:
        return 0.0
    return amount / 1000 if found[2].lower() == "ms" else amount


def _is_wide(character: str) -> bool:
    """Ideographs, kana and hangul: each is a syllable or more, spoken far slower than letters."""
    return east_asian_width(character) == "W" and character.isalpha()
