"""Colours of a draft: what the request asks for, and what can be read on it (WCAG contrast)."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

Colour = tuple[int, int, int]

LIGHT: Colour = (247, 249, 251)
DARK: Colour = (16, 22, 29)
NIGHT: Colour = (24, 31, 42)  # where the request has no background
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
AMBER: Colour = (255, 190, 70)
_ACCENTS: tuple[Colour, ...] = (
    (79, 140, 255), (38, 182, 160), (240, 132, 92), (155, 120, 245),
    (232, 101, 146), (224, 166, 48), (74, 170, 222), (120, 178, 84),
)  # fmt: skip
_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_READABLE = 4.5  # WCAG AA


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one scene: text and quiet text on the backdrop, a surface and text on it."""

    backdrop: Colour
    text: Colour
    quiet: Colour
    surface: Colour
    on_surface: Colour
    accent: Colour


def palette(backdrop: Colour, identity: str, *, picture: bool = False) -> Palette:
    """Over a picture the surface is dark and the text light: a scrim lies between them."""
    text = LIGHT if picture else readable(backdrop)
    surface = DARK if picture else mixed(backdrop, text, 0.09)
    on_surface = readable(surface)
    softened = (mixed(text, backdrop, part) for part in (0.40, 0.30, 0.20, 0.10))
    quiet = next((c for c in softened if contrast(c, backdrop) >= _READABLE), text)
    return Palette(
        backdrop=backdrop,
        text=text,
        quiet=mixed(LIGHT, DARK, 0.15) if picture else quiet,
        surface=surface,
        on_surface=on_surface,
        accent=accent(identity, surface),
    )


def parsed(value: str) -> Colour | None:
    """`#abc`, `#aabbcc` or `#aabbccdd` (its alpha is left out); None for anything else."""
    match = _HEX.fullmatch(value.strip())
    if not match:
        return None
    digits = match[1] if len(match[1]) > 3 else "".join(d * 2 for d in match[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def accent(identity: str, on: Colour) -> Colour:
    """One of eight colours by a hash of the id, moved away from the surface it lies on."""
    chosen = _ACCENTS[zlib.crc32(identity.encode()) % len(_ACCENTS)]
    towards = readable(on)
    for part in (0.0, 0.2, 0.4, 0.6):
        moved = mixed(chosen, towards, part)
        if contrast(moved, on) >= 2.2:
            return moved
    return towards


def readable(on: Colour) -> Colour:
    """Light or dark, whichever stands out more; pure white or black on a middling colour."""
    best = max((LIGHT, DARK), key=lambda text: contrast(text, on))
    if contrast(best, on) >= _READABLE:
        return best
    return max((WHITE, BLACK), key=lambda text: contrast(text, on))


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(one: Colour, other: Colour, part: float) -> Colour:
    """`one` with a part of `other`, 0 to 1."""
    r, g, b = (round(a + (c - a) * part) for a, c in zip(one, other, strict=True))
    return r, g, b


def _luminance(colour: Colour) -> float:
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
