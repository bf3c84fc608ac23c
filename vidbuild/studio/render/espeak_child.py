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

TYPE_CHECKING = False  # `typing` would add a fifth to the start-up
if TYPE_CHECKING:
    from typing import IO, Any

SYNCHRONOUS = 2
PHONEMES = 0x0001 | 0x8000  # events for them; and never exit by itself
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


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


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


class Tape:
    """Writes samples as they come and notes where in them words and sounds begin."""

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out
        self.samples = 0
        self.start = 0  # of the part that is being spoken
        self.part = 0
        self.words: list[tuple[int, int, int, int]] = []
        self.phonemes: list[tuple[int, bytes]] = []

    def collect(self, samples: int | None, count: int, events: Any) -> int:
        """The engine's callback; 0 means go on."""
        if samples and count:
            self.out.write(ctypes.string_at(samples, count * 2))
            self.samples += count
        at = 0
        while events[at].type:
            event = events[at]
            sample = self.start + event.sample
            if event.type == WORD:
                self.words.append((self.part, event.position - 1, event.length, sample))
            elif event.type == PHONEME:
                self.phonemes.append((sample, event.id.string))
            at += 1
        return 0

    def pause(self, samples: int) -> None:
        self.out.write(bytes(2 * samples))
        self.samples += samples


def speak(order: dict[str, Any]) -> dict[str, Any]:
    engine = ctypes.CDLL(order["library"])
    rate = engine.espeak_Initialize(SYNCHRONOUS, 500, order["data"].encode(), PHONEMES)
    if rate <= 0:
        return {"error": "the engine found no data"}
    voice = choose_voice(engine, order)
    if not voice:
        return {"error": "the engine has no such voice"}
    for key, parameter in (("rate", RATE), ("volume", VOLUME), ("pitch", PITCH)):
        engine.espeak_SetParameter(parameter, order[key], 0)
    with open(order["output"], "wb") as out:  # noqa: PTH123 - pathlib would double the start-up
        tape = Tape(out)
        callback = Callback(tape.collect)
        ends = []
        engine.espeak_SetSynthCallback(callback)
        for tape.part, (text, pause) in enumerate(order["parts"]):
            tape.start = tape.samples
            data = text.encode()
            if text.strip() and engine.espeak_Synth(
                data, len(data) + 1, 0, POSITION_CHARACTER, 0, UTF8_ENDPAUSE, None, None
            ):
                return {"error": "the engine gave up on a part of the text"}
            ends.append(tape.samples)
            tape.pause(int(pause * rate))
    phonemes = [(at, name.decode("utf-8", "replace")) for at, name in tape.phonemes]
    found = {"words": tape.words, "ends": ends, "phonemes": phonemes}
    return {"rate": rate, "samples": tape.samples, "voice": voice, **found}


if __name__ == "__main__":
    answer = speak(marshal.loads(sys.stdin.buffer.read()))  # noqa: S302 - from the parent
    sys.stdout.buffer.write(marshal.dumps(answer))
