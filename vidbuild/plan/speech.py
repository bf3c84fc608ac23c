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
from vidbuild.schema.rates import pace, usual_length

SCRIPT = "script"
_VOICES = ("voice_id", "avatar_id")  # without a voice the look's own one speaks
_SPEED = ("voice_settings", "speed")
_LOCALE = ("voice_settings", "locale")
_RECORDINGS = ("audio_asset_id", "audio_url")
_LENGTH = "duration"
_OPEN_LENGTH = "auto_duration"
_SCENES = "scenes"
_INNER = "input"
_CLIP = "source"
_OPEN = "the video"
# Members beside the script that say who speaks, how, and whether that is all there is to hear.
SPEAKING = frozenset({*_VOICES, _SPEED[0], _LOCALE[0], _SCENES, _INNER, "type"})

_BREAK = re.compile(r"""<break\s+time\s*=\s*["']?\s*([\d.]+)\s*(ms|s)\b[^>]*>""", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_WIDE_LANGUAGES = frozenset({"ja", "ko", "zh", "yue", "cmn"})
_DIGIT = re.compile(r"\d")
_DIGITS = "0123456789"
# Letters a digit of a number read out, blanks included: from `forty-two` (4.5) to `four thousand
# eight hundred and twelve` (9); of a language that is written in syllables far fewer.
_LETTERS_A_DIGIT = 7
_LETTERS_A_DIGIT_IN_SYLLABLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of a video. `seconds` is certain, or None; `text` is spoken by `voice`.

    `hidden` is the number of characters of a text that a record holds no more than the length
    of. `place` is the dotted field that the length hangs on.
    """

    place: str = ""
    seconds: float | None = None
    text: str | None = None
    hidden: int = 0
    voice: str | None = None
    locale: str | None = None
    speed: float = 1.0


def parts_of(api: Api, body: Mapping[str, Any], media: Mapping[str, Media]) -> list[Part]:
    """The stretches of a request, in order: one a scene, or one for the whole.

    One of unknown length has neither text nor seconds.
    """
    parts = list(_parts(body, (), media))
    if len(parts) == 1 and parts[0].place == _OPEN and not body.get(_OPEN_LENGTH):
        return [Part(place=_LENGTH, seconds=usual_length(api, body))]
    return parts


def voices_of(body: Mapping[str, Any]) -> set[str]:
    """Every voice that a request lets speak: cheaper than its parts."""
    inner = body.get(_INNER)
    if isinstance(inner, Mapping):
        return voices_of(inner)
    scenes = body.get(_SCENES)
    if isinstance(scenes, list | tuple):
        return {v for scene in scenes if isinstance(scene, Mapping) for v in voices_of(scene)}
    voice = _voice(body)
    return set() if voice is None else {voice}


def spoken_seconds(api: Api, part: Part, text: str | None = None) -> tuple[float, float]:
    """Seconds of speech by the API's table of paces, and of pauses beside it; with `text` of that
    instead of the part's own."""
    text = part.text or "" if text is None else text
    pauses = 0.0
    if "<" in text:
        pauses = sum(_pause(found) for found in _BREAK.finditer(text))
        text = _TAG.sub(" ", _BREAK.sub(" ", text))
    words = " ".join(text.split())
    plain = words.isascii()
    wide = "" if plain else "".join(c for c in words if _is_wide(c))
    narrow = (
        words if plain else "".join(c for c in words if not _is_wide(c) and category(c) != "So")
    )
    language = (part.locale or "").replace("_", "-").partition("-")[0].lower()
    by_syllables = language in _WIDE_LANGUAGES
    seconds = 0.0
    if wide:
        seconds += len(wide) / pace(api, locale=part.locale if by_syllables else None, text=wide)
    if narrow[:1].isalnum() or any(c.isalnum() for c in narrow):
        locale = None if by_syllables else part.locale
        letters = _letters(narrow, syllables=by_syllables or bool(wide))
        seconds += letters / pace(api, locale=locale, text="" if plain else narrow)
    return seconds / part.speed, pauses


def _letters(words: str, *, syllables: bool) -> int:
    """How many letters long the words are when they are spoken: a digit is a word."""
    a_digit = _LETTERS_A_DIGIT_IN_SYLLABLES if syllables else _LETTERS_A_DIGIT
    digits = sum(map(words.count, _DIGITS)) if words.isascii() else len(_DIGIT.findall(words))
    return len(words) + (a_digit - 1) * digits


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
    script = body.get(SCRIPT)
    if isinstance(script, str) or is_mask(script):
        return _speech(body, at, script)
    for field in _RECORDINGS:
        if body.get(field) is not None:
            return _file((*at, field), (*at, field), media)
    length = body.get(_LENGTH)
    if isinstance(length, int | float) and not body.get(_OPEN_LENGTH):
        return Part(place=dotted((*at, _LENGTH)), seconds=float(length))
    if isinstance(body.get(_CLIP), Mapping):
        return _file((*at, _CLIP), (*at, _CLIP, "asset_id"), media)
    return Part(place=dotted(at) or _OPEN)


def _speech(body: Mapping[str, Any], at: Path, script: Any) -> Part:
    speed = look_up(body, _SPEED)
    return Part(
        place=dotted((*at, SCRIPT)),
        text=script if isinstance(script, str) else None,
        hidden=0 if isinstance(script, str) else int(script["length"]),
        voice=_voice(body),
        locale=look_up(body, _LOCALE),
        speed=float(speed) if isinstance(speed, int | float) and speed > 0 else 1.0,
    )


def _voice(body: Mapping[str, Any]) -> str | None:
    for field in _VOICES:
        voice = body.get(field)
        if isinstance(voice, str):
            return voice
    return None


def _file(place: Path, path: Path, media: Mapping[str, Media]) -> Part:
    found = media.get(dotted(path))
    return Part(place=dotted(place), seconds=found.seconds if found is not None else None)


def _pause(found: re.Match[str]) -> float:
    try:
        amount = float(found[1])
    except ValueError:
        return 0.0
    return amount / 1000 if found[2].lower() == "ms" else amount


def _is_wide(character: str) -> bool:
    """Ideographs, kana and hangul: each is a syllable or more, spoken far slower than letters."""
    return east_asian_width(character) == "W" and character.isalpha()
