"""The studio's page as HTML: who sees it, what it says, and that nothing in it is markup."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studio.studio_kit import AVATAR, KEY, Caller, Clock, http_to, run, served, studio
from vidbuild.studio.hosts import local_names_only
from vidbuild.studio.page.calls import LEDGER_PAGE, PAGE, page_routes
from vidbuild.studio.page.captions import webvtt
from vidbuild.studio.page.views import clock, dollars, printable
from vidbuild.studio.server import Studio

PAGES = ["/", "/_studio/page/ledger", "/_studio/page/videos/nobody"]
VOID = {"meta", "link", "img", "source", "track", "br", "input"}


class Read(HTMLParser):
    """A page taken apart: its elements with their attributes, its text, its links."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self) -> set[str]:
        return {
            str(value)
            for _, attributes in self.elements
            for name, value in attributes.items()
            if name in ("href", "src", "poster")
        }


async def read(call: Caller, path: str, status: int = 200) -> Read:
    response = await call.http.get(path)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Read(response.text)


def filters(page: Read) -> dict[str, int]:
    """What the filters count."""
    found = re.findall(r"(all|waiting|rendering|done|failed|deleted) ([\d,]+)", page.text)
    return {word: int(number.replace(",", "")) for word, number in found}


def test_without_a_key_nothing_is_shown(tmp_path: Path) -> None:
    def basic(text: str) -> str:
        return "Basic " + base64.b64encode(text.encode()).decode()

    refused = [
        {},
        {"x-api-key": "other"},
        {"authorization": f"Bearer {KEY}x"},
        {"authorization": basic(f"{KEY}:")},
        {"authorization": basic(f"any:{KEY} ")},
        {"authorization": basic(KEY)},
        {"authorization": "Basic %%%"},
        {"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
        {"authorization": "Digest x"},
        {"cookie": f"key={KEY}"},
    ]
    taken = [
        {"x-api-key": KEY},
        {"authorization": f"Bearer {KEY}"},
        {"authorization": basic(f":{KEY}")},
        {"authorization": basic(f"me:{KEY}")},
    ]

    async def scene() -> None:
        async with studio(tmp_path) as call:
            await call.made({**AVATAR, "title": "Nobody else's"})
            del call.http.headers["x-api-key"]
            for path in PAGES:
                for headers in refused:
                    answer = await call.http.get(path, headers=headers)
                    assert answer.status_code == 401
                    assert answer.headers["www-authenticate"].startswith("Basic realm=")
                    assert "Nobody" not in answer.text
                    assert "$" not in answer.text
                    assert KEY not in answer.text
                for headers in taken:
                    assert (await call.http.get(path, headers=headers)).status_code in (200, 404)
            # A password is for the page, not for the API, which knows no such scheme.
            answer = await call.http.get("/v3/videos", headers={"authorization": basic(f":{KEY}")})
            assert answer.status_code == 401

    run(scene())


def test_a_key_with_any_characters_opens_it(tmp_path: Path) -> None:
    key = "schlüssel:mit ☃"

    async def scene() -> None:
        async with studio(tmp_path, key=key) as call:
            token = base64.b64encode(f"x:{key}".encode()).decode()
            answer = await call.http.get("/", headers={"authorization": f"Basic {token}"})
            assert answer.status_code == 200

    run(scene())


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8787", 200),
        ("127.8.9.1:1", 200),
        ("localhost:8787", 200),
        ("LocalHost", 200),
        ("studio.localhost", 200),
        ("[::1]:8787", 200),
        ("evil.test", 403),
        ("evil.test:8787", 403),
        ("localhost.evil.test", 403),
        ("127.0.0.1.evil.test", 403),
        ("evil.test:127.0.0.1", 403),
        ("10.0.0.1", 403),
        ("[::2]", 403),
        ("", 403),
        ("a b", 403),
    ],
)
def test_a_studio_open_to_all_answers_to_this_machines_names_alone(
    tmp_path: Path, host: str, status: int
) -> None:
    async def scene() -> None:
        async with Studio(data=tmp_path, render="simulated") as opened:
            transport = httpx.ASGITransport(app=local_names_only(opened.app))
            async with httpx.AsyncClient(transport=transport, base_url="http://studio") as http:
                for path in ("/", "/_studio/page/files/page.css"):
                    answer = await http.get(path, headers={"host": host})
                    assert answer.status_code == status
                headers = {"host": host, "x-api-key": "any"}
                answer = await http.get("/_studio/ledger", headers=headers)
                assert answer.status_code == status

    run(scene())


def test_the_served_studio_looks_at_the_name_too(tmp_path: Path) -> None:
    with served(tmp_path, "simulated") as (_, url), http_to(url) as http:
        assert http.get("/").status_code == 200
        refused = http.get("/v3/users/me", headers={"host": "evil.test"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/", "/_studio/page/ledger", "/?status=none"])
def test_every_page_is_bound_to_itself(tmp_path: Path, path: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            await call.made()
            answer = await call.http.get(path)
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; ")
            assert "unsafe" not in policy
            assert "http" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            page = Read(answer.text)
            assert page.all("html")[0]["lang"] == "en"
            assert all(link.startswith(("/", "#")) for link in page.links())
            assert not page.all("style")
            assert all("src" in script for script in page.all("script"))
            assert not any(name.startswith("on") for _, a in page.elements for name in a)
            ids = [a["id"] for _, a in page.elements if "id" in a]
            assert len(ids) == len(set(ids))
            for link in page.links():
                if link.startswith("/_studio/page/files/"):
                    assert (await call.http.get(link)).status_code == 200

    run(scene())


TEXTS = [
    "<script>alert('x')</script>",
    "</bdi></h2><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "&lt;b&gt; &amp; {{ 7 * 7 }} {% raw %}",
    "مرحبا بكم \u202e reversed",
    "עברית 🎬 👩‍👩‍👧",
    "' onmouseover='x",
]


def test_texts_are_texts(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            plain = await read(call, "/")
            for number, text in enumerate(TEXTS):
                body = {**AVATAR, "title": text, "script": text}
                video_id = await call.made(body, f"k{number}")
                for path in ("/", "/_studio/page/ledger", f"/_studio/page/videos/{video_id}"):
                    page = await read(call, path)
                    assert text in page.text
                    assert len(page.all("script")) == len(plain.all("script"))
                    assert not page.all("svg")
                    assert not any(n.startswith("on") for _, a in page.elements for n in a)

    run(scene())


@given(st.text())
def test_what_html_forbids_is_replaced(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", shown)
    assert printable(shown) == shown


def test_filters_count_and_choose(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, render_seconds=60, concurrency=99) as call:
            old = [await call.made({**AVATAR, "title": f"old {n}"}) for n in range(5)]
            await call.http.delete(f"/v3/videos/{old[0]}")
            call.clock.at += 60
            await call.made({**AVATAR, "title": "young"})
            page = await read(call, "/")
            counts = {"all": 5, "waiting": 1, "rendering": 0, "done": 4, "failed": 0, "deleted": 1}
            assert filters(page) == counts
            assert len(page.all("video")) == 4
            for status, shown, number in (
                ("pending", "young", 1),
                ("processing", "No video has this status", 0),
                ("completed", "old 4", 4),
                ("deleted", "old 0", 1),
            ):
                page = await read(call, f"/?status={status}")
                assert shown in page.text
                assert len(page.all("article")) == number
                assert filters(page) == counts
                [current] = [a for a in page.all("a") if a.get("aria-current") == "true"]
                assert current["href"] == f"/?status={status}"
            assert "No such status" in (await read(call, "/?status=<b>", 404)).text

    run(scene())


def test_thousands_are_paged(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, concurrency=9999) as call:
            for n in range(LEDGER_PAGE + 2):
                await call.made({**AVATAR, "title": f"number {n}."})
            for path, size in (("/", PAGE), ("/_studio/page/ledger", LEDGER_PAGE)):
                seen, here = [], path
                while here:
                    page = await read(call, here)
                    numbers = re.findall(r"number (\d+)\.", page.text)
                    assert len(numbers) <= size
                    seen += numbers
                    following = [a["href"] for a in page.all("a") if a.get("rel") == "next"]
                    here = f"{following[0]}" if following else ""
                assert seen == [str(n) for n in reversed(range(LEDGER_PAGE + 2))]
            for wrong in ("0", "-1", "x", "99999999999999", "٣", ""):
                assert (await call.http.get("/", params={"page": wrong})).status_code == 200
            assert "Page 5 of 5" in (await read(call, "/?page=7000")).text

    run(scene())


def test_a_video_is_shown_with_its_script_its_cost_and_its_neighbours(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, wallet=100) as call:
            ids = [await call.made({**AVATAR, "title": f"t{n}", "script": f"s{n}"}) for n in "abc"]
            page = await read(call, f"/_studio/page/videos/{ids[1]}")
            [job] = [j for j in (await call.ledger())["jobs"] if j["video_id"] == ids[1]]
            spent = sum(j["charged_usd"] for j in (await call.ledger())["jobs"])
            for text in ("tb", "sb", "done", dollars(job["charged_usd"]), dollars(100 - spent)):
                assert text in page.text
            neighbours = {a.get("rel"): a["href"] for a in page.all("a")}
            assert neighbours["prev"] == f"/_studio/page/videos/{ids[2]}"
            assert neighbours["next"] == f"/_studio/page/videos/{ids[0]}"
            [track] = page.all("track")
            assert track["kind"] == "captions"
            # Links need no key, as those of the API; without a signature they open nothing.
            del call.http.headers["x-api-key"]
            for link in sorted(page.links()):
                if link.startswith("/files/") or "/captions/" in link:
                    assert (await call.http.get(link)).status_code == 200
                    assert (await call.http.get(link.partition("?")[0])).status_code == 403
            captions = await call.http.get(str(track["src"]))
            assert captions.headers["content-type"].startswith("text/vtt")
            assert captions.text.startswith("WEBVTT\n\n00:00:00.000 --> ")
            call.clock.at += 8 * 24 * 3600
            assert (await call.http.get(str(track["src"]))).status_code == 403

    run(scene())


def test_a_spoken_text_is_in_the_ledger(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, wallet=100) as call:
            order = {"text": "word " * 900, "voice_id": "v"}
            assert (await call.http.post("/v3/voices/speech", json=order)).status_code == 200
            spent = (await call.ledger())["speeches"][0]["charged_usd"]
            page = await read(call, "/_studio/page/ledger")
            assert re.search(r"Texts spoken alone\s*1\s", page.text)
            assert dollars(spent) in page.text
            assert dollars(100 - spent) in page.text

    run(scene())


def test_what_is_gone_is_said(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            video_id = await call.made({**AVATAR, "title": "short lived"})
            [track] = (await read(call, f"/_studio/page/videos/{video_id}")).all("track")
            await call.http.delete(f"/v3/videos/{video_id}")
            page = await read(call, f"/_studio/page/videos/{video_id}")
            assert "deleted" in page.text
            assert not page.all("video")
            assert (await call.http.get(str(track["src"]))).status_code == 404
            assert "No such video" in (await read(call, "/_studio/page/videos/x", 404)).text
            for name in ("calls.py", "../app.py", "%2e%2e%2fapp.py", "videos.html"):
                assert (await call.http.get(f"/_studio/page/files/{name}")).status_code == 404

    run(scene())


def test_looking_is_no_call_of_the_api(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            await call.made()
            before = (await call.ledger())["requests"]
            for path in PAGES:
                await call.http.get(path)
            after = (await call.ledger())["requests"]
            assert after == before | {"GET /_studio/ledger": before["GET /_studio/ledger"] + 1}

    run(scene())


def test_simulated_renders_are_done_when_somebody_looks(tmp_path: Path) -> None:
    async def scene() -> None:
        turned = Clock()
        async with studio(tmp_path, turned, render_seconds=5) as call:
            await call.made()
            page = await read(call, "/")
            assert page.all("main")[0]["data-busy"] == "1"
            # Without a script the page loads itself while there is something to wait for.
            assert page.all("noscript")
            turned.at += 5
            page = await read(call, "/")
            assert page.all("main")[0]["data-busy"] == "0"
            assert not page.all("noscript")
            assert len(page.all("video")) == 1

    run(scene())


@pytest.mark.parametrize(
    ("srt", "vtt"),
    [
        ("", "WEBVTT\n"),
        (
            "1\n00:00:00,000 --> 00:00:01,500\nA\nB\n\n2\n00:00:02,000 --> 09:00:00,000\nB\n",
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nA\nB\n\n00:00:02.000 --> 09:00:00.000\nB\n",
        ),
        (
            "\ufeff1\r\n00:00:00,000 --> 00:00:01,000\r\na <b> & --> c\r\n",
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na &lt;b&gt; &amp; --&gt; c\n",
        ),
        ("nonsense\n\nmore", "WEBVTT\n"),
    ],
)
def test_captions_in_the_form_of_browsers(srt: str, vtt: str) -> None:
    assert webvtt(srt) == vtt


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "$0.00"),
        (0.04174, "$0.0417"),
        (1, "$1.00"),
        (-2.5, "-$2.50"),
        (99998.9158, "$99,998.92"),
    ],
)
def test_amounts(amount: float, words: str) -> None:
    assert dollars(amount) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00.0"), (4.41, "0:04.4"), (59.96, "1:00.0"), (221.4, "3:41.4"), (3600, "60:00.0")],
)
def test_lengths(seconds: float, words: str) -> None:
    assert clock(seconds) == words


def test_every_file_of_the_page_is_in_the_package() -> None:
    folder = Path(page_routes.__code__.co_filename).parent
    wanted = {"layout", "parts", "videos", "video", "ledger", "message"}
    assert {path.stem for path in folder.glob("*.html")} == wanted
