"""Text differences: lines that went and came, and within a changed line its words.

Word marks are `[-gone-]` and `{+new+}`, so that they read without colour too; long stretches
without a change are cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from vidbuild.report.style import Paint, clip, visible

# A word with the blanks behind it, an ideograph or kana alone, or one other character.
# Made into a pattern by whoever first needs it: of a plan of new videos nobody does.
_WORDS = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u9fff\uac00-\ud7af]+|\s+|."
_AROUND = 5  # unchanged words kept on either side of a change
_ALIKE = 0.4  # lines less alike than this are shown as one gone and one come
_MOST_LINES = 40


def text_diff(old: str, new: str, *, paint: Paint, width: int) -> list[str]:
    """The lines of a difference, each with its mark: `-` gone, `+` new, `~` some of its words."""
    before, after = old.split("\n"), new.split("\n")
    lines: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            lines += _hunk(before[a:b], after[c:d], paint, width)
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"… {len(lines) - _MOST_LINES} more lines"]
    return lines


def word_diff(old: str, new: str, *, paint: Paint) -> str:
    """One line with its changed words marked."""
    return "".join(_pieces(re.findall(_WORDS, old), re.findall(_WORDS, new), paint))


def _hunk(old: Sequence[str], new: Sequence[str], paint: Paint, width: int) -> list[str]:
    lines = []
    pairs = min(len(old), len(new))
    for before, after in zip(old[:pairs], new[:pairs], strict=True):
        if _likeness(before, after) >= _ALIKE:
            lines.append(paint("~ ", "yellow") + word_diff(before, after, paint=paint))
        else:
            lines += [_gone(before, paint, width), _come(after, paint, width)]
    lines += [_gone(line, paint, width) for line in old[pairs:]]
    lines += [_come(line, paint, width) for line in new[pairs:]]
    return lines


def _likeness(before: str, after: str) -> float:
    """The share of words that two lines have in common."""
    old, new = (
        [word for word in re.findall(_WORDS, line) if not word.isspace()]
        for line in (before, after)
    )
    return SequenceMatcher(None, old, new, autojunk=False).ratio()


def _gone(line: str, paint: Paint, width: int) -> str:
    return paint(clip(f"- {visible(line)}", width), "red")


def _come(line: str, paint: Paint, width: int) -> str:
    return paint(clip(f"+ {visible(line)}", width), "green")


def _pieces(a: Sequence[str], b: Sequence[str], paint: Paint) -> Iterator[str]:
    steps = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    for number, (tag, i, j, k, m) in enumerate(steps):
        if tag == "equal":
            yield _unchanged(a[i:j], first=number == 0, last=number == len(steps) - 1)
            continue
        if j > i:
            yield paint(f"[-{visible(''.join(a[i:j]))}-]", "red")
        if m > k:
            yield paint(f"{{+{visible(''.join(b[k:m]))}+}}", "green")


def _unchanged(words: Sequence[str], *, first: bool, last: bool) -> str:
    """What did not change, its middle cut out (at an end, its far side)."""
    keep = 2 * _AROUND  # blanks are words of their own
    head = "" if first else visible("".join(words[:keep]))
    tail = "" if last else visible("".join(words[-keep:]))
    whole = visible("".join(words))
    room = (0 if first else keep) + (0 if last else keep)
    return whole if len(words) <= room else f"{head}…{tail}"
