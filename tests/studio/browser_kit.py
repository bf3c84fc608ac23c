"""Debian's Chromium for tests of the page, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ABSENT = "no Chromium on this machine; on Debian: apt-get update && apt-get install -y chromium"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser; the test fails where the machine has none."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.fail(_ABSENT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """A page whose every request must go to `url` and succeed, without a word on the console."""
    wrong: list[str] = []

    def see_request(request: Request) -> None:
        if not _same(request.url, url):
            wrong.append(f"a request to {request.url}")

    def see_response(response: Response) -> None:
        if response.status >= 400:
            wrong.append(f"{response.status} for {response.url}")

    def see_words(message: ConsoleMessage) -> None:
        wrong.append(f"console: {message.text}")

    context = browser.new_context(base_url=url, **options)
    try:
        page = context.new_page()
        page.on("request", see_request)
        page.on("response", see_response)
        page.on("console", see_words)
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        yield page
        assert wrong == []
    finally:
        context.close()


def _same(one: str, other: str) -> bool:
    return urlsplit(one)[:2] == urlsplit(other)[:2] or one.startswith(("data:", "blob:"))
