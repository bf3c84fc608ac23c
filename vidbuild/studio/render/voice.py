"""The speech engine's side of a draft: asks its process and says when each word is spoken.

Not for callers outside of the renderer: `speech` is theirs.
"""

from __future__ import annotations

import marshal
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidbuild.studio.catalogue import language_of
from vidbuild.studio.render import shelf
from vidbuild.studio.render.language import candidates
from vidbuild.studio.render.model import RenderError
from vidbuild.studio.render.script import Script
from vidbuild.studio.render.sound import RATE

_CHILD = Path(__file__).with_name("espeak_child.py")
_LONGEST_PATH = 150  # the engine copies its data path into a buffer of 160 bytes
_TIMEOUT = 180.0  # seconds; the longest script takes about two
_PACE = 175  # the engine's words a minute; a plain English script comes out near 155
_VARIANTS = (("f2", 2), ("m3", 1), ("f3", 2), ("m1", 1), ("f5", 2), ("m7", 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Samples on disk (16 bit mono) and the moments, in samples, of words and sounds.

    `words` are (offset in the script's text, length, sample), in order of time; `ends` are
    where each part of the script ends, before its pause.
    """

    path: Path
    samples: int
    language: str
    wanted: str
    words: tuple[tuple[int, int, int], ...]
    ends: tuple[int, ...]
    phonemes: tuple[tuple[int, str], ...]


def utter(
    script: Script,
    *,
    voice_id: str,
    settings: Mapping[str, Any],
    path: Path,
    cache: Path | None = None,
) -> Utterance:
    """Speaks a script into `path`. Raises RenderError where the engine fails or stays silent.

    `cache` is a folder for what has been spoken before; deleting it costs nothing but time.
    """
    languages = candidates(settings.get("locale") or language_of(voice_id), script.text)
    own = zlib.crc32(voice_id.encode())
    variant, gender = _VARIANTS[own % len(_VARIANTS)]
    answer = _answer(
        {
            "languages": languages,
            "variant": variant,
            "gender": gender,
            "rate": _bounded(_PACE * _number(settings, "speed", 1.0), 80, 450),
            "pitch": _bounded(45 + (own >> 8) % 11 + _number(settings, "pitch", 0.0), 0, 99),
            "volume": _bounded(100 * _number(settings, "volume", 1.0), 0, 100),
            "parts": [(part.text, part.pause) for part in script.parts],
        },
        path,
        cache,
    )
    if answer["rate"] != RATE:
        raise RenderError("rendering_failed", f"The speech engine speaks at {answer['rate']} Hz.")
    if not answer["samples"] or not answer["words"]:
        raise RenderError("tts_text_invalid", "The speech engine finds no word in the script.")
    return Utterance(
        path=path,
        samples=answer["samples"],
        language=answer["voice"],
        wanted=languages[0],
        words=tuple(
            (script.parts[part].start + position, length, sample)
            for part, position, length, sample in answer["words"]
        ),
        ends=tuple(answer["ends"]),
        phonemes=tuple((at, name) for at, name in answer["phonemes"]),
    )


def _answer(order: dict[str, Any], path: Path, cache: Path | None) -> dict[str, Any]:
    """What the engine says to an order, or said to the same one before."""
    import espeakng_loader

    library = Path(espeakng_loader.get_library_path())
    if cache is None:
        return _ask(order, library, path)
    name = shelf.name(order, library)
    answer = shelf.take(cache, name, path)
    if answer is None:
        answer = _ask(order, library, path)
        shelf.put(cache, name, path, answer)
    return answer


def _ask(order: dict[str, Any], library: Path, path: Path) -> dict[str, Any]:
    import espeakng_loader

    with _short(Path(espeakng_loader.get_data_path())) as data:
        places = {"library": str(library), "data": str(data), "output": str(path)}
        try:
            done = subprocess.run(  # noqa: S603 - our own script, our own interpreter
                [sys.executable, "-I", "-S", str(_CHILD)],
                input=marshal.dumps(order | places),
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RenderError("rendering_failed", "The speech engine hangs.") from error
    if done.returncode or not done.stdout:
        raise RenderError(
            "rendering_failed", f"The speech engine stopped (status {done.returncode})."
        )
    answer: dict[str, Any] = marshal.loads(done.stdout)  # noqa: S302 - from our own child
    if "error" in answer:
        raise RenderError("rendering_failed", f"The speech failed: {answer['error']}.")
    return answer


@contextmanager
def _short(data: Path) -> Iterator[Path]:
    """The engine's data folder under a path short enough for the engine."""
    if len(str(data).encode()) <= _LONGEST_PATH:
        yield data
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="vb") as folder:
        link = Path(folder) / "d"
        link.symlink_to(data, target_is_directory=True)
        yield link


def _number(settings: Mapping[str, Any], key: str, default: float) -> float:
    value = settings.get(key)
    return default if value is None else float(value)


def _bounded(value: float, low: int, high: int) -> int:
    return max(low, min(high, round(value)))
