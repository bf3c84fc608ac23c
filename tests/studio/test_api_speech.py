"""`voices/speech`: heard at once, with the time of every word, and paid for by the second."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.studio.studio_kit import Caller, assert_by_the_spec, error, run, studio
from vidbuild.schema.api import load_api
from vidbuild.schema.rates import speech_price

TEXT = "Good morning, everybody. This is how it sounds."
WORDS = ["Good", "morning", "everybody", "This", "is", "how", "it", "sounds"]


async def speak(call: Caller, text: str = TEXT, **more: Any) -> httpx.Response:
    return await call.http.post("/v3/voices/speech", json={"text": text, "voice_id": "v", **more})


@pytest.mark.parametrize("render", ["draft", "simulated"])
def test_a_text_is_spoken_word_by_word_and_charged(tmp_path: Path, render: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path, render=render) as call:
            answer = await speak(call)
            assert_by_the_spec("createSpeech", answer.json())
            said = answer.json()["data"]
            times = said["word_timestamps"]
            assert [entry["word"].strip(".,") for entry in times] == WORDS
            starts = [entry["start"] for entry in times]
            assert starts == sorted(starts)
            assert all(0 <= entry["start"] < entry["end"] for entry in times)
            assert times[-1]["end"] <= said["duration"]
            sound = await call.http.get(said["audio_url"], headers={"x-api-key": ""})
            assert sound.headers["content-type"] == "audio/wav"
            with wave.open(io.BytesIO(sound.content)) as heard:
                seconds = heard.getnframes() / heard.getframerate()
            assert render == "simulated" or seconds == pytest.approx(said["duration"], abs=0.01)
            cost = speech_price(load_api(), said["duration"])
            assert cost == pytest.approx(said["duration"] * 0.000667, abs=1e-6)
            ledger = await call.ledger()
            [entry] = ledger["speeches"]
            assert (entry["request_id"], entry["charged_usd"]) == (said["request_id"], cost)
            assert ledger["jobs"] == []
            me = (await call.get("/v3/users/me")).json()["data"]["wallet"]
            assert me["remaining_balance"] == pytest.approx(100_000 - (cost or 0))

    run(scene())


@pytest.mark.parametrize("render", ["draft", "simulated"])
def test_speed_pauses_and_languages_are_heard(tmp_path: Path, render: str) -> None:
    async def scene() -> dict[str, float]:
        async with studio(tmp_path, render=render) as call:
            asked: dict[str, dict[str, Any]] = {
                "plain": {},
                "fast": {"speed": 2.0},
                "pause": {"text": f'{TEXT}<break time="2s"/>{TEXT}', "input_type": "ssml"},
                "tag": {"text": "One<br>two.", "input_type": "text"},
                "german": {"language": "German"},
                "locale": {"locale": "de", "language": "French"},
            }
            return {
                name: (await speak(call, **each)).json()["data"]["duration"]
                for name, each in asked.items()
            }

    seconds = run(scene())
    assert seconds["fast"] < 0.7 * seconds["plain"]
    if render == "draft":
        assert seconds["pause"] > 2 * seconds["plain"] + 1.5
        assert seconds["german"] == seconds["locale"] != seconds["plain"]


@pytest.mark.parametrize(
    ("more", "status", "code", "param"),
    [
        ({"text": ""}, 400, "invalid_parameter", "text"),
        ({"text": "a" * 5001}, 400, "invalid_parameter", "text"),
        ({"text": "…!"}, 400, "tts_text_invalid", "text"),
        ({"speed": 2.1}, 400, "invalid_parameter", "speed"),
        ({"speed": "1"}, 400, "invalid_parameter", "speed"),
        ({"input_type": "morse"}, 400, "invalid_parameter", "input_type"),
        ({"pitch": 1}, 400, "invalid_parameter", "pitch"),
        ({"voice_id": "missing_voice"}, 404, "voice_not_found", "voice_id"),
        ({"voice_id": "voice-dan"}, 403, "voice_not_usable", "voice_id"),
        ({"voice_id": "voice-eve"}, 400, "voice_unavailable", "voice_id"),
        ({"voice_id": None}, 400, "invalid_parameter", "voice_id"),
    ],
)
@pytest.mark.parametrize("render", ["draft", "simulated"])
def test_what_cannot_be_spoken_costs_nothing(
    tmp_path: Path, render: str, more: Any, status: int, code: str, param: str
) -> None:
    async def scene() -> None:
        async with studio(tmp_path, render=render) as call:
            refused = await speak(call, **more)
            assert error(refused) == (status, code)
            assert refused.json()["error"]["param"] == param
            assert (await call.ledger())["speeches"] == []

    run(scene())


def test_an_empty_wallet_says_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, wallet=0.0) as call:
            assert error(await speak(call)) == (402, "insufficient_credit")

    run(scene())
