"""The speech engine in a process of its own: `python -I -S espeak_child.py`, marshal in and out.

Apart because its output repeats exactly only in a fresh process, because a crash of the
engine must stay outside, and because the engine's licence is not vidbuild's. It imports
nothing of vidbuild and next to nothing else. Stdin: a marshalled dict (see `speech`);
the samples (16 bit, mono) go to the file `output`, what happened when to stdout.
"""

from __future__ import annotations

import ctypes
import marshal
import sys
from typing import Any

SYNCHRONOUS = 2
PHONEMES_AND_DONT_EXIT = 0x0001 | 0x8000
UTF8_ENDPAUSE = 0x0001 | 0x1000
POSITION_CHARACTER = 1
RATE, VOLUME, PITCH = 1, 2, 3
WORD, PHONEME = 1, 7


class Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", Id),
    )


class Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event)
)


def choose_voice(engine: ctypes.CDLL, order: dict[str, Any]) -> str:
    """The first of the wanted languages that the engine has; its name, or "" for none."""
    for language in order["languages"]:
        name = language + "+" + order["variant"]
        if engine.espeak_SetVoiceByName(name.encode()) == 0:
            return str(language)
        # Some names are refused and taken as properties: en-gb, de-de.
        wanted = Voice(languages=language.encode(), gender=order["gender"])
        if engine.espeak_SetVoiceByProperties(ctypes.byref(wanted)) == 0:
            return str(language)
    return ""


def speak(order: dict[str, Any]) -> dict[str, Any]:
    engine = ctypes.CDLL(order["library"])
    rate = engine.espeak_Initialize(
        SYNCHRONOUS, 500, order["data"].encode(), PHONEMES_AND_DONT_EXIT
    )
    if rate <= 0:
        return {"error": "the engine found no data"}
    words: list[tuple[int, int, int, int]] = []
    phonemes: list[tuple[int, bytes]] = []
    total = start = index = 0

    with open(order["output"], "wb") as out:  # noqa: PTH123 - pathlib would double the start-up

        def collect(samples: int | None, count: int, events: Any) -> int:
            nonlocal total
            if samples and count:
                out.write(ctypes.string_at(samples, count * 2))
                total += count
            at = 0
            while events[at].type:
                event = events[at]
                if event.type == WORD:
                    words.append((index, event.position - 1, event.length, start + event.sample))
                elif event.type == PHONEME:
                    phonemes.append((start + event.sample, event.id.string))
                at += 1
            return 0

        callback = Callback(collect)
        engine.espeak_SetSynthCallback(callback)
        voice = choose_voice(engine, order)
        if not voice:
            return {"error": "the engine has no such voice"}
        for key, parameter in (("rate", RATE), ("volume", VOLUME), ("pitch", PITCH)):
            engine.espeak_SetParameter(parameter, order[key], 0)
        for index, (text, pause) in enumerate(order["parts"]):  # noqa: B007 - read by `collect`
            start = total
            data = text.encode()
            if text.strip() and engine.espeak_Synth(
                data, len(data) + 1, 0, POSITION_CHARACTER, 0, UTF8_ENDPAUSE, None, None
            ):
                return {"error": "the engine gave up on a part of the text"}
            silence = int(pause * rate)
            out.write(bytes(2 * silence))
            total += silence
    return {"rate": rate, "samples": total, "voice": voice, "words": words, "phonemes": phonemes}


if __name__ == "__main__":
    sys.stdout.buffer.write(marshal.dumps(speak(marshal.loads(sys.stdin.buffer.read()))))  # noqa: S302 - from the parent
