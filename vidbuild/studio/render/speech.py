"""Speech by itself: a text and a voice in, a recording and the time of every word out.

For callers outside of the renderer: `voices/speech` and `plan --measure`. Importing this is
cheap; the engine's wheel loads when something is spoken.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from vidbuild.studio.render.model import RenderError
from vidbuild.studio.render.script import Script, read_script
from vidbuild.studio.render.sound import RATE
from vidbuild.studio.render.voice import Utterance, utter
from vidbuild.studio.render.wheels import require

__all__ = ["RenderError", "Speech", "Word", "speak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word as the text has it, and when it is heard, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A WAV file (16 bit, mono, 22,050 Hz), its length in seconds and its words in order.

    `language` is the engine's code for the language that was read in, `wanted` the one that
    the locale or the text called for: they differ where the engine has no voice for it.
    """

    path: Path
    duration: float
    words: tuple[Word, ...]
    language: str
    wanted: str


def speak(
    text: str,
    *,
    voice: str,
    output: Path,
    locale: str | None = None,
    speed: float = 1.0,
    pitch: float = 0.0,
    volume: float = 1.0,
    cache: Path | None = None,
) -> Speech:
    """Speaks `text` (`<break time="1s"/>` pauses) into the WAV file `output`, as a draft would.

    The same arguments give the same bytes. `cache` is the folder of speech made before (the
    studio's is `speech` in its data folder).

    Waits for a child process, some 50 ms for a minute of speech: to be called in a worker, a
    thread or a command, never on an event loop. Safe in several threads with an `output` each.

    Raises RenderError (`tts_text_invalid` where nothing can be spoken, else
    `rendering_failed`), and Problems (VB801) where the wheel is missing.
    """
    require("espeakng_loader")
    script = read_script(text)
    settings = {"locale": locale, "speed": speed, "pitch": pitch, "volume": volume}
    samples = output.with_name(f"{output.name}.pcm")
    try:
        spoken = utter(script, voice_id=voice, settings=settings, path=samples, cache=cache)
        _write_wav(samples, output)
    finally:
        samples.unlink(missing_ok=True)
    return Speech(
        path=output,
        duration=round(spoken.samples / RATE, 3),
        words=_words(script, spoken),
        language=spoken.language,
        wanted=spoken.wanted,
    )


def _words(script: Script, spoken: Utterance) -> tuple[Word, ...]:
    """Each word lasts until the next one or the end of its part."""
    starts: list[tuple[int, int, int]] = []
    for at, length, sample in spoken.words:
        # The engine reports the words of a number one by one, all within its digits.
        if not starts or at >= starts[-1][0] + starts[-1][1]:
            starts.append((at, length, sample))
    moments = sorted([*(sample for _, _, sample in starts), *spoken.ends])
    return tuple(
        Word(
            text=script.text[at : at + length].strip(),
            start=_seconds(sample),
            end=_seconds(moments[min(bisect_right(moments, sample), len(moments) - 1)]),
        )
        for at, length, sample in starts
    )


def _seconds(samples: int) -> float:
    return round(samples / RATE, 3)


def _write_wav(samples: Path, output: Path) -> None:
    import wave

    with wave.open(str(output), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.read_bytes())
