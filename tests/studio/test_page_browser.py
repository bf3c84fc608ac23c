"""The studio's page in a real browser: a draft is played, heard and read; nothing is fetched
from elsewhere; keyboard, narrow windows, no script, a key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

from tests.studio.browser_kit import chromium, watched
from tests.studio.studio_kit import AVATAR, KEY, http_to, served

TITLE = "<b>Welcome</b> & مرحبا"
SCRIPT = "Hello, and welcome. In the next two minutes we show you around."
PLAYS = "v => v.currentTime > 0.1 && v.webkitAudioDecodedByteCount > 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A served studio with some drafts; `ids` by what they are."""

    url: str
    http: httpx.Client
    ids: dict[str, str]


BODIES: dict[str, dict[str, Any]] = {
    "mp4": {**AVATAR, "title": TITLE, "script": SCRIPT},
    "webm": {**AVATAR, "title": "Clear", "script": "See through.", "output_format": "webm"},
    "tall": {**AVATAR, "title": "W" * 120, "aspect_ratio": "9:16"},
    "failed": {**AVATAR, "title": "Wordless", "script": "..."},
}


# How solid the frame that is shown is at its left edge.
CORNER = """v => {
  const canvas = new OffscreenCanvas(v.videoWidth, v.videoHeight);
  const context = canvas.getContext("2d");
  context.drawImage(v, 0, 0);
  return context.getImageData(4, v.videoHeight / 2, 1, 1).data[3];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("studio")
    with served(folder) as (_, url), http_to(url) as http:
        ids = {name: created(http, {"resolution": "720p", **b}) for name, b in BODIES.items()}
        wait(http, list(ids.values()))
        yield Place(url=url, http=http, ids=ids)


def created(http: httpx.Client, body: dict[str, Any]) -> str:
    answer = http.post("/v3/videos", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["video_id"])


def wait(http: httpx.Client, ids: list[str]) -> None:
    """Until all are done or failed."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = http.get("/v3/videos/statuses", params={"video_ids": ",".join(ids)}).json()["data"]
        if all(entry["status"] in ("completed", "failed") for entry in found):
            return
        time.sleep(0.05)
    pytest.fail("the drafts were never done")


def until(found: Locator, holds: str) -> None:
    """Until a function of JavaScript holds of an element: the page itself may evaluate nothing."""
    end = time.monotonic() + 20
    while not found.evaluate(holds):
        assert time.monotonic() < end, f"it never came true: {holds}"
        time.sleep(0.02)


def paths(place: Place) -> list[str]:
    one = f"/_studio/page/videos/{place.ids['mp4']}"
    failed = f"/_studio/page/videos/{place.ids['failed']}"
    return ["/", "/?status=failed", "/?status=deleted", one, failed, "/_studio/page/ledger"]


def test_a_draft_plays_with_sound_and_captions(browser: Browser, place: Place) -> None:
    with watched(browser, place.url) as page:
        page.goto("/")
        card = page.get_by_role("listitem").filter(has_text="Welcome")
        expect(card).to_contain_text(TITLE)
        expect(card).to_contain_text("done")
        card.get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
        expect(page.locator("main")).to_contain_text(SCRIPT)
        video = page.locator("video")
        video.focus()
        page.keyboard.press("Space")
        until(video, PLAYS)
        assert video.evaluate("v => [v.videoWidth, v.videoHeight]") == [1280, 720]
        video.evaluate("v => { v.textTracks[0].mode = 'showing'; }")
        until(video, "v => v.textTracks[0].cues?.length > 0")
        said = video.evaluate("v => [...v.textTracks[0].cues].map(c => c.text).join(' ')")
        assert " ".join(said.split()) == SCRIPT
        page.keyboard.press("Space")
        until(video, "v => v.paused")


def test_a_transparent_draft_plays_in_the_list_and_quiets_the_others(
    browser: Browser, place: Place
) -> None:
    with watched(browser, place.url) as page:
        page.goto("/")
        for title in ("Clear", "WWW"):
            video = page.get_by_role("listitem").filter(has_text=title).locator("video")
            video.focus()
            page.keyboard.press("Space")
            until(video, PLAYS)
            assert video.evaluate(CORNER) == (0 if title == "Clear" else 255)
        playing = "[...document.querySelectorAll('video')].filter(v => !v.paused).length"
        assert page.evaluate(playing) <= 1


def test_new_jobs_come_in_while_a_draft_is_watched(browser: Browser, place: Place) -> None:
    with watched(browser, place.url) as page:
        page.clock.install()
        page.goto("/")
        before = page.get_by_role("listitem").count()
        video = page.get_by_role("listitem").filter(has_text="Welcome").locator("video")
        video.evaluate("v => { v.loop = true; v.dataset.mine = '1'; return v.play(); }")
        until(video, PLAYS)
        video_id = created(place.http, {**AVATAR, "title": "Late", "script": "..."})
        page.clock.fast_forward(11_000)
        expect(page.get_by_role("listitem")).to_have_count(before + 1)
        wait(place.http, [video_id])
        page.clock.fast_forward(11_000)
        expect(page.get_by_role("listitem").first).to_contain_text("failed")
        expect(page.get_by_role("listitem").first).to_contain_text("tts_text_invalid")
        assert video.evaluate("v => v.dataset.mine === '1' && !v.paused")
        place.http.delete(f"/v3/videos/{video_id}")
        page.clock.fast_forward(11_000)
        expect(page.get_by_role("listitem")).to_have_count(before)
        assert not video.evaluate("v => v.paused")


def test_what_is_watched_stays_until_it_is_over(browser: Browser, place: Place) -> None:
    with watched(browser, place.url) as page:
        page.clock.install()
        video_id = created(place.http, {**AVATAR, "title": "Doomed", "resolution": "720p"})
        wait(place.http, [video_id])
        page.goto("/")
        card = page.get_by_role("listitem").filter(has_text="Doomed")
        card.locator("video").evaluate("v => { v.loop = true; return v.play(); }")
        until(card.locator("video"), PLAYS)
        place.http.delete(f"/v3/videos/{video_id}")
        with page.expect_response(f"{place.url}/"):
            page.clock.fast_forward(11_000)
        expect(page.locator("#n-deleted")).not_to_have_text("0")
        assert not card.locator("video").evaluate("v => v.paused")
        card.locator("video").evaluate("v => v.pause()")
        page.clock.fast_forward(11_000)
        expect(card).to_have_count(0)


def test_everything_is_reached_by_keyboard(browser: Browser, place: Place) -> None:
    with watched(browser, place.url) as page:
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        wanted = set(
            page.evaluate(
                "[...document.querySelectorAll('main a, main video')]"
                ".filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 90))"
            )
        )
        assert wanted
        for _ in range(60):
            page.keyboard.press("Tab")
            wanted.discard(page.evaluate("document.activeElement.outerHTML.slice(0, 90)"))
            if not wanted:
                break
        assert not wanted
        page.goto("/")
        page.get_by_role("link", name="failed").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/?status=failed")
        expect(page.get_by_role("listitem")).to_have_count(1)
        expect(page.get_by_role("listitem")).to_contain_text("The script has no word")


OUTSIDE = """
() => [...document.querySelectorAll("h1, h2, .badge, video, .wallet, .filters a, dd, .script")]
  .filter(e => e.checkVisibility() && !e.closest(".wide"))
  .filter(e => e.getBoundingClientRect().left < 0 || e.getBoundingClientRect().right > innerWidth)
  .map(e => e.outerHTML)
"""


def test_any_width_holds_it(browser: Browser, place: Place) -> None:
    with watched(browser, place.url) as page:
        for path in paths(place):
            page.goto(path)
            for width in (320, 600, 1000, 1900):
                page.set_viewport_size({"width": width, "height": 700})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
                assert page.evaluate(OUTSIDE) == []


AXE_COLOURS = "axe.run(document, {runOnly: ['color-contrast']})"


def test_a_judge_of_accessibility_finds_nothing(browser: Browser, place: Place) -> None:
    with watched(browser, place.url) as page:
        for path in paths(place):
            page.goto(path)
            page.emulate_media(color_scheme="light")
            found = Axe().run(page).response["violations"]
            assert found == [], json.dumps(found, indent=1)[:4000]
            # The dark scheme differs in its colours alone, and the judge is in the page already.
            page.emulate_media(color_scheme="dark")
            found = page.evaluate(AXE_COLOURS)["violations"]
            assert found == [], json.dumps(found, indent=1)[:4000]


def test_without_a_script_it_shows_the_same(browser: Browser, place: Place) -> None:
    with watched(browser, place.url, java_script_enabled=False) as page:
        page.goto("/")
        card = page.get_by_role("listitem").filter(has_text="Welcome")
        expect(card.locator("video[controls]")).to_have_count(1)
        card.get_by_role("link").first.click()
        expect(page.locator("video[controls]")).to_have_count(1)


def test_markup_in_a_title_is_no_markup(browser: Browser, place: Place) -> None:
    with watched(browser, place.url) as page:
        attack = "</h2><script>document.title = 'taken'</script><img src=x onerror=alert(1)>"
        video_id = created(place.http, {**AVATAR, "title": attack, "script": "..."})
        page.goto("/")
        expect(page.get_by_role("listitem").first).to_contain_text(attack)
        assert page.title() == "Videos · vidbuild studio"
        place.http.delete(f"/v3/videos/{video_id}")


def test_with_a_key_the_browser_asks_for_it(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, "simulated", key=KEY) as (_, url):
        login = {"username": "", "password": KEY}
        with http_to(url, key=KEY) as http:
            created(http, {**AVATAR, "title": "Secret"})
        with watched(browser, url, http_credentials=login) as page:
            page.goto("/")
            expect(page.get_by_role("listitem")).to_contain_text("Secret")
            page.locator("video").evaluate("v => { v.muted = true; return v.play(); }")
            until(page.locator("video"), "v => v.currentTime > 0.1")


def test_a_studio_that_went_away_is_said(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    with served(tmp_path, "simulated") as (_, url), http_to(url) as http:
        created(http, AVATAR)
        page.goto(url)
        expect(page.get_by_role("listitem")).to_have_count(1)
    page.clock.fast_forward(11_000)
    expect(page.locator("#lost")).to_have_text(
        "The studio does not answer. This is what it said last."
    )
    expect(page.get_by_role("listitem")).to_have_count(1)
    context.close()
