"""A text that is spoken by itself: what comes back, what is refused, what ends the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.provider.provider_kit import (
    KEY,
    Clock,
    Reply,
    answer,
    client,
    run,
    studio_client,
    trouble,
    wire,
)
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_ERROR, Problems
from vidbuild.provider.model import Refused, Spoken

ORDER = {"text": "Hello there.", "voice_id": "v1", "speed": 1.25}
GOOD = answer(200, {"data": {"audio_url": "https://x.test/a.mp3", "duration": 1.5}})
SPOKEN = Spoken(seconds=1.5, audio_url="https://x.test/a.mp3")


def spoken(*replies: Reply) -> tuple[Spoken | Refused, list[bytes]]:
    """What a speech becomes, and the requests that it took."""

    async def scene() -> tuple[Spoken | Refused, list[bytes]]:
        async with wire(*replies) as server, client(server.url) as heygen:
            return await heygen.speak(ORDER), server.received

    return run(scene())


def test_the_order_is_sent_as_it_is() -> None:
    found, [sent] = spoken(GOOD)
    assert found == SPOKEN
    head, _, body = sent.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v3/voices/speech HTTP/1.1")
    assert f"x-api-key: {KEY}".encode() in head
    assert json.loads(body) == ORDER


@pytest.mark.parametrize(
    "data",
    [
        {"duration": 1.5},
        {"duration": 1.5, "audio_url": None},
        {"duration": 1.5, "audio_url": ""},
        {"duration": 1.5, "audio_url": 7, "word_timestamps": "x"},
    ],
)
def test_a_length_without_a_recording_is_a_length(data: dict[str, object]) -> None:
    assert spoken(answer(200, {"data": data}))[0] == Spoken(seconds=1.5)


def test_what_may_pass_is_sent_again_under_one_key() -> None:
    replies = [trouble(503, "service_unavailable"), None, trouble(429, "rate_limit_exceeded"), GOOD]
    found, sent = spoken(*replies)
    assert found == SPOKEN
    keys = {
        line
        for each in sent
        for line in each.split(b"\r\n")
        if line.lower().startswith(b"idempotency-key")
    }
    assert (len(sent), len(keys)) == (4, 1)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "tts_text_invalid"),
        (400, "invalid_parameter"),
        (404, "voice_not_found"),
        (403, "voice_not_usable"),
        (413, "payload_too_large"),
    ],
)
def test_a_refusal_of_this_text_is_an_answer(status: int, code: str) -> None:
    found, sent = spoken(trouble(status, code, f"{code}, says {KEY}"))
    assert isinstance(found, Refused)
    assert (found.status, found.code, found.stops, len(sent)) == (status, code, False, 1)
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    ("reply", "code", "exit_code"),
    [
        (trouble(401, "unauthorized"), "VB602", EXIT_CREDENTIALS),
        (trouble(403, "forbidden"), "VB602", EXIT_CREDENTIALS),
        (trouble(402, "insufficient_credit"), "VB614", EXIT_ERROR),
        (trouble(429, "quota_exceeded"), "VB614", EXIT_ERROR),
        (trouble(500, "internal_error"), "VB607", EXIT_ERROR),
        (answer(200, {"data": {"audio_url": "https://x.test/a.mp3"}}), "VB606", EXIT_ERROR),
        (answer(200, {"data": {"duration": -1}}), "VB606", EXIT_ERROR),
        (answer(200, {"data": {"duration": True}}), "VB606", EXIT_ERROR),
        (answer(200, {"data": {"duration": 0}}), "VB606", EXIT_ERROR),
        (answer(200, {"data": {"duration": "1.5"}}), "VB606", EXIT_ERROR),
        (answer(200, []), "VB606", EXIT_ERROR),
        (answer(200, b"<html>", kind="text/html"), "VB606", EXIT_ERROR),
        (answer(302, b"", kind="text/html"), "VB606", EXIT_ERROR),
        (None, "VB605", EXIT_ERROR),
    ],
)
def test_what_no_other_text_would_escape_is_a_problem(
    reply: Reply, code: str, exit_code: int
) -> None:
    with pytest.raises(Problems) as raised:
        spoken(reply)
    assert raised.value.diagnostics[0].code == code
    assert raised.value.exit_code == exit_code
    assert KEY not in str(raised.value)


def test_the_studio_speaks_and_serves_the_recording(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio_client(tmp_path / "studio", Clock()) as heygen:
            found = await heygen.speak(ORDER)
            assert isinstance(found, Spoken)
            assert found.seconds == pytest.approx(2 / 2.5 / 1.25)
            assert found.audio_url is not None
            await heygen.download(found.audio_url, tmp_path / "a.wav")
            assert (tmp_path / "a.wav").read_bytes()[:4] == b"RIFF"

    run(scene())
