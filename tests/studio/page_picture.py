"""Makes the picture of the studio's page in the docs: `python -m tests.studio.page_picture`."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from tests.studio.browser_kit import chromium
from tests.studio.studio_kit import AVATAR, http_to, served

PICTURE = Path(__file__).parents[2] / "docs" / "studio-page.png"
_COLOURS = ("#24506b", "#6b3f24", "#2f5d3a")
_TALKS = (
    ("pricing/de-team", "Unser Preis für Teams: neun Euro im Monat für jeden Platz."),
    ("pricing/fr-team", "Notre prix pour les équipes : neuf euros par mois et par personne."),
    ("pricing/en-team", "Our price for teams: nine euros a month for every seat."),
    ("tour", "Here is where your projects live. Click a project to open it."),
    ("welcome", "Hello, and welcome to Acme Cloud. Let us show you around."),
)


def bodies() -> list[dict[str, Any]]:
    """A small campaign, oldest first."""
    talks = [
        {**AVATAR, "title": title, "script": script, "resolution": "720p"}
        | {"background": {"type": "color", "value": _COLOURS[n % len(_COLOURS)]}}
        for n, (title, script) in enumerate(reversed(_TALKS))
    ]
    talks[0]["aspect_ratio"] = "9:16"
    return [*talks[:2], {**AVATAR, "title": "pricing/ja-team", "script": "…"}, *talks[2:]]


def draw(http: httpx.Client, url: str) -> bytes:
    """The page with drafts that are done, one that failed and one that is being made."""
    for body in bodies():
        http.post("/v3/videos", json=body).raise_for_status()
    while any(v["status"] in ("pending", "processing") for v in listed(http)):
        time.sleep(0.1)
    talk = "This is the lesson that everybody waits for. " * 110
    body = {**AVATAR, "title": "course/lesson-1", "script": talk, "resolution": "4k"}
    http.post("/v3/videos", json=body).raise_for_status()
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1180, "height": 760})
        page.goto(url)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)
        return page.screenshot()


def listed(http: httpx.Client) -> list[dict[str, Any]]:
    return list(http.get("/v3/videos", params={"limit": 100}).json()["data"])


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as (_, url),
        http_to(url) as http,
    ):
        picture = Image.open(io.BytesIO(draw(http, url)))
    picture.convert("RGB").save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
