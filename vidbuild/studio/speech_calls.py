"""The call that speaks a text: at once, with the time of every word, charged by the second."""

from __future__ import annotations

import asyncio
import re
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.schema.rates import speech_price
from vidbuild.studio import asking, speeches, taking
from vidbuild.studio.answers import ApiError, data
from vidbuild.studio.catalogue import catalogue
from vidbuild.studio.desk import Desk, link
from vidbuild.studio.look_rules import unready_voice
from vidbuild.studio.store import transaction

# Where recordings are kept, and the speech that drafts were made with before.
_FOLDER, _SHELF = "spoken", "speech"
_SILENCE = "silence.wav"
_NO_TAG = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"  # as long as what it stands for
_PACE = 2.5  # words a second of a simulated voice

# A word with the seconds at which it begins and ends.
Word = tuple[str, float, float]


async def create_speech(desk: Desk, request: Request) -> Response:
    body = await asking.body(request)
    _refuse_voice(body["voice_id"])
    taking.refuse_unpaid(desk)
    speech_id = f"speech_{desk.mint()}"
    (desk.folder / _FOLDER).mkdir(parents=True, exist_ok=True)
    simulated = desk.due(speech_id) is not None
    make = _simulate if simulated else _speak
    path, seconds, words = await asyncio.to_thread(make, desk.folder, speech_id, body)
    with transaction(desk.db):
        spoken = speeches.SpokenText(
            speech_id=speech_id,
            request=body,
            path=path,
            seconds=seconds,
            charged_usd=speech_price(desk.api, seconds) or 0.0,
            created_at=desk.now,
        )
        speeches.add_speech(desk.db, spoken)
    return data(
        {
            "audio_url": link(desk, request, speech_id, Path(path).name),
            "duration": seconds,
            "request_id": speech_id,
            "word_timestamps": [
                {"word": word, "start": start, "end": end} for word, start, end in words
            ],
        }
    )


def _refuse_voice(voice_id: str) -> None:
    if voice_id.startswith("missing_"):
        message = f"voice_id {voice_id} was not found."
        raise ApiError(404, "voice_not_found", message, param="voice_id")
    voice = catalogue().voices.get(voice_id)
    refusal = None if voice is None else unready_voice(voice, "voice_id")
    if refusal is not None:
        raise refusal


def _speak(
    folder: Path, speech_id: str, body: Mapping[str, Any]
) -> tuple[str, float, Sequence[Word]]:
    """Real speech, with the voice and the engine of the drafts."""
    from vidbuild.studio.render.speech import RenderError, speak

    path = f"{_FOLDER}/{speech_id}.wav"
    try:
        spoken = speak(
            _text(body),
            voice=body["voice_id"],
            output=folder / path,
            locale=_locale(body),
            speed=float(body.get("speed", 1.0)),
            cache=folder / _SHELF,
        )
    except RenderError as error:
        if error.code == "tts_text_invalid":
            raise _unspeakable(error.message) from None
        raise ApiError(500, "voice_provider_error", error.message) from error
    return path, spoken.duration, [(word.text, word.start, word.end) for word in spoken.words]


def _simulate(
    folder: Path, _speech_id: str, body: Mapping[str, Any]
) -> tuple[str, float, Sequence[Word]]:
    """A tiny valid file, and the times of a voice that takes as long for every word."""
    words = re.sub(r"<[^>]*>", " ", body["text"]).split()
    if not any(char.isalnum() for word in words for char in word):
        raise _unspeakable("The text has no word that can be spoken.")
    path, step = f"{_FOLDER}/{_SILENCE}", 1 / (_PACE * float(body.get("speed", 1.0)))
    if not (folder / path).exists():
        with wave.open(str(folder / path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(1)
            out.setframerate(8000)
            out.writeframes(b"\x80" * 8000)
    spread = [(word, round(n * step, 3), round((n + 1) * step, 3)) for n, word in enumerate(words)]
    return path, round(len(words) * step, 3), spread


def _text(body: Mapping[str, Any]) -> str:
    """Tags pause where the text is said to have tags, and a script's `<` stands there as `&lt;`;
    elsewhere they are no tags."""
    text: str = body["text"]
    if body.get("input_type") != "ssml":
        return text.replace("<", _NO_TAG)
    return text.replace("&lt;", _NO_TAG).replace("&gt;", ">").replace("&amp;", "&")


def _locale(body: Mapping[str, Any]) -> str | None:
    """The language to read in: as asked for, by code or English name; else the voice's or the
    text's own, as in a draft."""
    locale: str | None = body.get("locale")
    language = str(body.get("language") or "").casefold()
    voices = catalogue().voices.values()
    named = (voice.code for voice in voices if voice.language.casefold() == language)
    return locale or next(named, language or None)


def _unspeakable(message: str) -> ApiError:
    return ApiError(400, "tts_text_invalid", message, param="text")
