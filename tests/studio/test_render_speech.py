"""Speech by itself, and the shelf that keeps it: words in time, the same bytes, any damage."""

from __future__ import annotations

import threading
import wave
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.studio.render_kit import AVATAR
from vidbuild.studio.render import Job, render, shelf, voice
from vidbuild.studio.render.speech import RenderError, Speech, speak

TEXTS = [
    ("It costs 25 dollars, and that is all.", "It costs 25 dollars and that is all"),
    ('Hello. <break time="1s"/> Bye now!', "Hello Bye now"),
    ("Žluťoučký kůň", "Žluťoučký kůň"),
    ("مرحبا بكم", "مرحبا بكم"),
    ("안녕하세요 여러분", "안녕하세요 여러분"),
    ("我们的", "我 们 的"),
]


@pytest.mark.parametrize(("text", "heard"), TEXTS)
def test_every_word_has_its_time(tmp_path: Path, text: str, heard: str) -> None:
    speech = speak(text, voice="v", output=tmp_path / "s.wav")
    assert " ".join(word.text for word in speech.words) == heard
    assert all(word.start < word.end <= speech.duration for word in speech.words)
    assert all(one.end <= other.start for one, other in pairwise(speech.words))
    with wave.open(str(speech.path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 22_050)
        assert round(sound.getnframes() / 22_050, 3) == speech.duration
    assert [p.name for p in tmp_path.iterdir()] == ["s.wav"]


def test_a_pause_belongs_to_no_word(tmp_path: Path) -> None:
    speech = speak('Hello. <break time="1s"/> Bye.', voice="v", output=tmp_path / "s.wav")
    assert speech.words[1].start - speech.words[0].end == pytest.approx(1.0, abs=0.01)


def test_speed_and_locale_are_heard(tmp_path: Path) -> None:
    def said(**changes: str | float) -> Speech:
        return speak("Hello there.", voice="v", output=tmp_path / "s.wav", **changes)  # type: ignore[arg-type]  # a table of keywords

    plain = said()
    assert said(speed=1.5).duration < plain.duration < said(speed=0.5).duration
    german = said(locale="de-DE")
    assert (german.language, plain.language) == ("de-de", "en")
    assert said(locale="xx").wanted == "xx"


def test_nothing_to_say_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RenderError) as caught:
        speak("?!", voice="v", output=tmp_path / "s.wav")
    assert caught.value.code == "tts_text_invalid"
    assert list(tmp_path.iterdir()) == []


def test_what_was_said_before_is_not_spoken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    first = speak("Hello there.", voice="v", output=tmp_path / "1.wav", cache=kept)
    monkeypatch.setattr(voice, "_CHILD", tmp_path / "no engine")
    second = speak("Hello there.", voice="v", output=tmp_path / "2.wav", cache=kept)
    assert second.words == first.words
    assert second.path.read_bytes() == first.path.read_bytes()
    for other in ({"voice": "w"}, {"voice": "v", "speed": 1.1}, {"voice": "v", "locale": "de"}):
        with pytest.raises(RenderError):
            speak("Hello there.", output=tmp_path / "3.wav", cache=kept, **other)
    with pytest.raises(RenderError):
        speak("Hello where.", voice="v", output=tmp_path / "3.wav", cache=kept)


ABOUT = {"samples": 4, "words": [[0, 0, 5, 0]], "voice": "en"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_recording_is_not_there(tmp_path: Path, data: st.DataObject) -> None:
    samples = tmp_path / "samples"
    samples.write_bytes(bytes(range(8)))
    shelf.put(tmp_path / "kept", "x", samples, ABOUT)
    (kept,) = (tmp_path / "kept").iterdir()
    whole = kept.read_bytes()
    assert shelf.take(tmp_path / "kept", "x", tmp_path / "again") == ABOUT
    assert (tmp_path / "again").read_bytes() == bytes(range(8))
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    kept.write_bytes(data.draw(st.sampled_from([whole[:at], flipped, whole + b"\0"])))
    assert shelf.take(tmp_path / "kept", "x", tmp_path / "again") is None


def test_the_shelf_is_bounded_and_keeps_what_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    kept, samples = tmp_path / "kept", tmp_path / "samples"
    samples.write_bytes(bytes(1000))
    about = ABOUT | {"samples": 500}
    monkeypatch.setattr(shelf, "_MOST", 8000)
    for number in range(6):
        shelf.put(kept, str(number), samples, about)
        os.utime(kept / str(number), (number, number))
    assert shelf.take(kept, "0", samples) == about  # used again: the newest now
    for number in range(6, 9):
        shelf.put(kept, str(number), samples, about)
        os.utime(kept / str(number), (2e9 + number, 2e9 + number))
    names = {entry.name for entry in kept.iterdir()}
    assert "0" in names
    assert "1" not in names
    assert sum(entry.stat().st_size for entry in kept.iterdir()) <= 8000


def test_a_shelf_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    speech = speak("Hello.", voice="v", output=tmp_path / "s.wav", cache=tmp_path / "file" / "x")
    assert speech.duration > 0.2


def test_two_at_once_say_the_same(tmp_path: Path) -> None:
    def say(number: int) -> None:
        speak("Hello there.", voice="v", output=tmp_path / f"{number}.wav", cache=tmp_path / "kept")

    threads = [threading.Thread(target=say, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(tmp_path / f"{n}.wav").read_bytes() for n in range(3)}) == 1
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_draft_of_known_words_has_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draft(name: str, shelf: Path | None) -> bytes:
        speech = None if shelf is None else str(shelf)
        folder = str(tmp_path / name)
        job = Job(video_id="d", request=AVATAR, output_dir=folder, speech=speech)
        return Path(render(job).video).read_bytes()

    fresh = draft("1", None)
    assert draft("2", tmp_path / "kept") == fresh
    monkeypatch.setattr(voice, "_CHILD", tmp_path / "no engine")
    assert draft("3", tmp_path / "kept") == fresh
