"""The drafts that docs/studio.md shows: `python -m tests.studio.pictures [FOLDER]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from tests.studio.render_kit import made, still

_AVATAR = {"type": "avatar", "avatar_id": "Abigail_expressive_2024112501", "voice_id": "73c0b6a2e2",
           "resolution": "720p"}  # fmt: skip
HILLS = {"type": "asset_id", "asset_id": "hills"}
DRAFTS: dict[str, dict[str, Any]] = {
    "avatar": {
        **_AVATAR,
        "title": "Welcome to Acme Cloud",
        "script": "Every video of this course is a text in our repository, reviewed like code.",
    },
    "arabic": {
        **_AVATAR,
        "avatar_id": "anna",
        "aspect_ratio": "9:16",
        "title": "الدرس الأول",
        "script": "مرحبا بكم في المنصة، هذه هي الدروس الأولى.",
        "background": {"type": "color", "value": "#f3ede2"},
        "watermark": {
            "image": {"type": "asset_id", "asset_id": "logo"},
            "opacity": 0.9,
            "placement": {"position": "top_left"},
        },
    },
    "picture": {
        "type": "image",
        "image": HILLS,
        "voice_id": "v",
        "resolution": "720p",
        "aspect_ratio": "1:1",
        "title": "朝の散歩",
        "script": "おはようございます。今日は山へ行きましょう。",
        "caption": {"style": "default"},
    },
    "staged": {
        "type": "cinematic_avatar",
        "title": "The library",
        "avatar_id": ["anna", "daniel"],
        "aspect_ratio": "16:9",
        "duration": 4,
        "prompt": "A slow walk through a sunlit library, the camera at shoulder height while dust "
        "moves in the light. She stops, turns, and smiles.",
        "references": [HILLS, {"type": "url", "url": "https://media.example.com/light.jpg"}],
    },
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        assets = {"hills": hills(Path(scratch, "hills.png")), "logo": logo(Path(scratch, "l.png"))}
        for name, body in DRAFTS.items():
            draft = made(Path(scratch, name), body, assets)
            frame = still(draft.video, draft.duration * 0.45)
            frame = frame.resize((round(frame.width * 300 / frame.height), 300), reducing_gap=3.0)
            frame.quantize(192, dither=Image.Dither.NONE).save(
                folder / f"draft-{name}.png", optimize=True
            )


def hills(path: Path) -> str:
    """A morning in five colours."""
    width, height = 1200, 900
    sky = Image.linear_gradient("L").resize((width, height))
    image = Image.composite(
        Image.new("RGB", sky.size, (252, 211, 162)), Image.new("RGB", sky.size, (92, 142, 186)), sky
    )
    draw = ImageDraw.Draw(image)
    draw.ellipse((760, 250, 960, 450), fill=(255, 240, 205))
    for level, colour in enumerate([(139, 158, 170), (94, 125, 134), (56, 92, 98), (31, 62, 68)]):
        y, step = 430 + 100 * level, 400 - 60 * level
        line: list[tuple[float, float]] = [(0, height)]
        for n, x in enumerate(range(-step * level // 3, width + step, step // 2)):
            line.append((x, y + (110 if n % 2 else 0) - 12 * ((n * 7 + level) % 5)))
        draw.polygon([*line, (width, height)], fill=colour)
    image.save(path)
    return str(path)


def logo(path: Path) -> str:
    image = Image.new("RGBA", (640, 640), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, 639, 639), 180, fill=(214, 64, 69, 255))
    draw.polygon([(320, 130), (520, 500), (430, 500), (320, 290), (210, 500), (120, 500)],
                 fill="white")  # fmt: skip
    image.resize((80, 80), reducing_gap=3.0).save(path)
    return str(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs")
