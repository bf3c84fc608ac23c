"""An old and a new text side by side: which words went and came, and where pieces of it lie."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from unicodedata import normalize

# A word, an ideograph or kana alone, blanks, or one other character.
WORDS = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u9fff\uac00-\ud7af]+|[^\S\n]+|\n|."
_MOST_WORDS = 4_000  # in the part that differs; beyond it that part is one edit


@dataclass(frozen=True, slots=True)
class Edit:
    """`old[a:b]` became `new[c:d]`."""

    a: int
    b: int
    c: int
    d: int


def edits(old: str, new: str) -> list[Edit]:
    """What differs, in whole words."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    start = _word_start(old, new, start)
    end = _word_end(old, new, end, start)
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    before, after = re.findall(WORDS, a), re.findall(WORDS, b)
    if not before or not after or len(before) + len(after) > _MOST_WORDS:
        return [Edit(start, len(old) - end, start, len(new) - end)]
    olds, news = _offsets(before, start), _offsets(after, start)
    return [
        Edit(olds[i], olds[j], news[k], news[m])
        for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


def is_confined(old: str, new: str, value: str) -> bool:
    """Whether only what stands in the places of `value` was something else."""
    parts = new.split(value)
    first, last = parts[0], parts[-1]
    if len(parts) < 2 or len(old) < len(first) + len(last):
        return False
    if not (old.startswith(first) and old.endswith(last)):
        return False
    # Gone words beside the value could be taken for a part of it.
    if _common(old, new) > len(first) + len(value):
        return False
    if _common(old[::-1], new[::-1]) > len(last) + len(value):
        return False
    at, end = len(first), len(old) - len(last)
    for part in parts[1:-1]:
        found = old.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def ends_in(texts: Sequence[str], final: str) -> list[int] | None:
    """Where each of the texts ends in what joining and normalising them made.

    Normalising composes characters and takes out blanks; None where it did more.
    """
    ends: list[int] = []
    at = 0
    if "".join(texts) == final:
        for text in texts:
            at += len(text)
            ends.append(at)
        return ends
    for text in texts:
        for character in normalize("NFC", text):
            if character.isspace():
                continue
            while at < len(final) and final[at].isspace():
                at += 1
            if at == len(final) or final[at] != character:
                return None
            at += 1
        if text[-1:].isspace():
            while at < len(final) and final[at].isspace() and final[at - 1] != "\n":
                at += 1
        ends.append(at)
    return ends if not final[at:].strip() else None


def _common(a: str, b: str) -> int:
    """How many characters two texts begin with alike, found by halves."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _word_start(old: str, new: str, start: int) -> int:
    """Back to where the word begins that the texts differ in."""
    if not any(text[start : start + 1].isalnum() for text in (old, new)):
        return start
    while start and old[start - 1].isalnum():
        start -= 1
    return start


def _word_end(old: str, new: str, end: int, start: int) -> int:
    end = min(end, len(old) - start, len(new) - start)
    if not any(text[len(text) - end - 1 : len(text) - end].isalnum() for text in (old, new)):
        return end
    while end and old[len(old) - end].isalnum():
        end -= 1
    return end


def _offsets(words: Sequence[str], start: int) -> list[int]:
    offsets = [start]
    for word in words:
        offsets.append(offsets[-1] + len(word))
    return offsets
