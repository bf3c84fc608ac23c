"""A download that breaks off goes on where it was, or begins anew; it never mixes two files."""

from __future__ import annotations

import hashlib
import json
import re
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.provider.provider_kit import (
    START,
    Clock,
    Reply,
    answer,
    client,
    line,
    run,
    trouble,
    wire,
)
from vidbuild.diagnostics import Problems
from vidbuild.provider import download as download_module
from vidbuild.provider import saving
from vidbuild.provider.download import download
from vidbuild.provider.model import Downloaded
from vidbuild.provider.partial import Partial, keep, left_of, mark_of, validator
from vidbuild.provider.saving import Broken

MOVIE = bytes(range(256)) * 400
OTHER = b"another film" * 9_000
TAG = '"one"'
LONG_AGO = formatdate(START - 3600, usegmt=True)
JUST_NOW = formatdate(START - 5, usegmt=True)


@dataclass
class Files:
    """A server of one file: honours ranges, and ends each answer after `cuts` bytes."""

    data: bytes = MOVIE
    headers: Mapping[str, str] = field(default_factory=lambda: {"etag": TAG})
    cuts: list[int] = field(default_factory=list)
    sent: int = 0
    asked: list[str | None] = field(default_factory=list)

    def __call__(self, request: bytes) -> bytes:
        asked = _header(request, "range")
        self.asked.append(asked)
        same = _header(request, "if-range") in self.headers.values()
        start = int(asked[6:-1]) if asked and same else 0
        body = self.data[start:]
        headers = [*self.headers.items()]
        if start:
            headers.append(
                ("content-range", f"bytes {start}-{len(self.data) - 1}/{len(self.data)}")
            )
        whole = answer(206 if start else 200, body, headers, kind="video/mp4")
        if not self.cuts:
            self.sent += len(body)
            return whole
        cut = min(self.cuts.pop(0), len(body))
        self.sent += cut
        return whole[: len(whole) - len(body) + cut]


def _header(request: bytes, name: str) -> str | None:
    found = re.search(rf"^{name}: (.*?)\r?$".encode(), request, re.MULTILINE | re.IGNORECASE)
    return found[1].decode() if found else None


def got(target: Path, *replies: Reply) -> tuple[Downloaded, list[bytes]]:
    """One download by a client of its own."""

    async def scene() -> tuple[Downloaded, list[bytes]]:
        async with wire(*replies) as server, client(server.url, Clock()) as heygen:
            return await heygen.download(server.url + "/v.mp4", target), server.received

    return run(scene())


def is_whole(target: Path, found: Downloaded, data: bytes = MOVIE) -> bool:
    """The file is this one, nothing is left beside it, and the digest is of all of it."""
    assert target.read_bytes() == data
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    return found == Downloaded(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def test_what_is_there_is_not_asked_for_again(tmp_path: Path) -> None:
    files = Files(cuts=[60_000, 30_000])
    found, _ = got(tmp_path / "v", files)
    assert is_whole(tmp_path / "v", found)
    assert files.asked == [None, "bytes=60000-", "bytes=90000-"]
    assert files.sent == len(MOVIE)


def test_another_process_goes_on(tmp_path: Path) -> None:
    files = Files(cuts=[50_000], headers={"last-modified": LONG_AGO})
    with pytest.raises(Problems):
        got(tmp_path / "v", files, None)  # all that follows is silence
    assert left_of(tmp_path / "v") == Partial(bytes=50_000, total=len(MOVIE), validator=LONG_AGO)
    found, _ = got(tmp_path / "v", files)
    assert is_whole(tmp_path / "v", found)
    assert files.asked == [None, "bytes=50000-"]


def test_what_does_not_come_any_more_is_there_already(tmp_path: Path) -> None:
    """All bytes had come; then something else went wrong."""
    target = tmp_path / "v"
    target.write_bytes(MOVIE + b"what a kill left behind the mark")
    keep(target, Partial(bytes=len(MOVIE), total=len(MOVIE), validator=TAG))
    found, received = got(target, None)
    assert is_whole(target, found)
    assert received == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 120_000), max_size=4))
def test_however_often_it_breaks_off_each_byte_comes_once(cuts: list[int]) -> None:
    with TemporaryDirectory() as folder:
        files = Files(cuts=list(cuts))
        found, _ = got(Path(folder) / "v", files)
        assert is_whole(Path(folder) / "v", found)
        assert files.sent == len(MOVIE)


def test_a_download_that_stalls_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "_STALL", 0.05)
    files = Files()
    whole = answer(200, MOVIE, [("etag", TAG)], kind="video/mp4")
    found, _ = got(tmp_path / "v", (whole[:-50_000], b""), files)
    assert is_whole(tmp_path / "v", found)
    assert files.asked == [f"bytes={len(MOVIE) - 50_000}-"]


def test_a_download_that_gets_on_is_not_given_up(tmp_path: Path) -> None:
    files = Files(data=MOVIE * 100, cuts=[2 << 20] * 4 + [0] * 3 + [1 << 20])
    found, _ = got(tmp_path / "v", files)
    assert is_whole(tmp_path / "v", found, MOVIE * 100)
    assert len(files.asked) == 9
    with pytest.raises(Problems):  # five in vain are enough
        got(tmp_path / "w", Files(data=MOVIE * 100, cuts=[2 << 20] + [1 << 10] * 5))


def part(start: int, total: int | str, body: bytes, *more: tuple[str, str]) -> bytes:
    where = f"bytes {start}-{start + len(body) - 1}/{total}"
    return answer(206, body, [("content-range", where), *more], kind="video/mp4")


REST = MOVIE[50_000:]
WHOLE = answer(200, OTHER, [("etag", '"two"')], kind="video/mp4")
WRONG: dict[str, bytes] = {
    "another start": part(49_999, len(MOVIE), MOVIE[49_999:]),
    "another file's length": part(50_000, len(MOVIE) + 9, REST),
    "no length": part(50_000, "*", REST),
    "another file": part(50_000, len(MOVIE), REST, ("etag", '"two"')),
    "another coding": part(50_000, len(MOVIE), REST, ("content-encoding", "gzip")),
    "no place": answer(206, REST, kind="video/mp4"),
    "many parts": answer(206, REST, kind="multipart/byteranges; boundary=x"),
    "an end before its start": answer(206, REST, [("content-range", "bytes 50000-9/102400")]),
    "nothing": answer(416, b"", [("content-range", f"bytes */{len(MOVIE)}")]),
    "all of it": WHOLE,
}


@pytest.mark.parametrize("reply", WRONG.values(), ids=WRONG)
def test_an_answer_of_something_else_begins_anew(tmp_path: Path, reply: bytes) -> None:
    found, received = got(tmp_path / "v", Files(cuts=[50_000]), reply, WHOLE)
    assert is_whole(tmp_path / "v", found, OTHER)
    assert _header(received[1], "if-range") == TAG
    assert all(_header(request, "range") is None for request in received[2:])


def test_a_part_of_the_rest_is_taken(tmp_path: Path) -> None:
    some = part(50_000, len(MOVIE), MOVIE[50_000:70_000])
    files = Files(cuts=[50_000])
    found, _ = got(tmp_path / "v", files, some, files)
    assert is_whole(tmp_path / "v", found)
    assert files.asked == [None, "bytes=70000-"]


def test_a_refusal_in_between_costs_nothing_that_is_there(tmp_path: Path) -> None:
    files = Files(cuts=[50_000])
    page = answer(200, b"<html>Log in</html>", kind="text/html")
    found, _ = got(tmp_path / "v", files, trouble(503, "internal_error"), None, page, files)
    assert is_whole(tmp_path / "v", found)
    assert files.asked == [None, "bytes=50000-"]


VALIDATORS: list[tuple[dict[str, str], str | None]] = [
    ({"etag": '"x"'}, '"x"'),
    ({"etag": '"x"', "last-modified": LONG_AGO}, '"x"'),
    ({"etag": 'W/"x"'}, None),
    ({"etag": 'W/"x"', "last-modified": LONG_AGO}, LONG_AGO),
    ({"etag": "x"}, None),
    ({"etag": '"a"b"'}, None),
    ({"etag": '"a\x7f"'}, None),
    ({"last-modified": LONG_AGO}, LONG_AGO),
    ({"last-modified": JUST_NOW}, None),
    ({"last-modified": "yesterday"}, None),
    ({"etag": '"x"', "accept-ranges": "none"}, None),
    ({"etag": '"x"', "content-encoding": "gzip"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "expected"), VALIDATORS)
def test_what_a_file_may_be_continued_by(headers: dict[str, str], expected: str | None) -> None:
    assert validator({"date": formatdate(START, usegmt=True), **headers}) == expected
    if "etag" not in headers:
        assert validator(headers) is None  # no date to compare with


NONE = [h for h, known in VALIDATORS if known is None and "content-encoding" not in h]


@pytest.mark.parametrize("headers", NONE)
def test_without_a_validator_nothing_is_kept(tmp_path: Path, headers: dict[str, str]) -> None:
    files = Files(cuts=[50_000], headers=headers)
    found, _ = got(tmp_path / "v", files)
    assert is_whole(tmp_path / "v", found)
    assert files.asked == [None, None]


GOOD = {"bytes": 50_000, "total": len(MOVIE), "validator": TAG}
MARKS: list[Any] = [
    b"", b"{", b"\xff", b"[]", b"null", b"{}",
    {**GOOD, "bytes": 0}, {**GOOD, "bytes": -1}, {**GOOD, "bytes": 50_001},
    {**GOOD, "bytes": True}, {**GOOD, "bytes": "1"}, {**GOOD, "bytes": 1.5},
    {**GOOD, "total": 49_999}, {**GOOD, "total": None}, {**GOOD, "validator": 'W/"x"'},
    {**GOOD, "validator": None}, {**GOOD, "validator": '"x"\r\nx-api-key: y'}, {**GOOD, "more": 1},
]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS, ids=range(len(MARKS)))
def test_a_mark_that_is_none_is_not_believed(tmp_path: Path, mark: Any) -> None:
    target = tmp_path / "v"
    target.write_bytes(MOVIE[:50_000])
    mark_of(target).write_bytes(mark if isinstance(mark, bytes) else json.dumps(mark).encode())
    files = Files()
    found, _ = got(target, files)
    assert is_whole(target, found)
    assert files.asked == [None]


def test_bytes_behind_the_mark_do_not_count(tmp_path: Path) -> None:
    """A power cut may leave a file longer than what was ever written to it."""
    target = tmp_path / "v"
    target.write_bytes(MOVIE[:50_000] + b"\0" * 20_000)
    keep(target, Partial(bytes=50_000, total=len(MOVIE), validator=TAG))
    found, _ = got(target, Files())
    assert is_whole(target, found)


def test_a_kill_finds_a_mark_of_a_moment_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "_MARK_SECONDS", 0.0)
    marks: list[int] = []

    def noted(target: Path, left: Partial) -> None:
        marks.append(left.bytes)
        keep(target, left)

    monkeypatch.setattr(saving, "keep", noted)
    found, _ = got(tmp_path / "v", Files())
    assert is_whole(tmp_path / "v", found)
    assert marks == sorted(set(marks))
    assert 0 < marks[0] <= len(MOVIE)


def test_a_try_says_how_far_it_came(tmp_path: Path) -> None:
    files = Files(cuts=[50_000, 0, 20_000])

    async def scene() -> list[int]:
        gained = []
        async with wire(files) as server, line() as http:
            for _ in range(3):
                with pytest.raises(Broken) as raised:
                    await download(
                        http.send,
                        server.url + "/v",
                        tmp_path / "v",
                        base=server.url,
                    )
                gained.append(raised.value.gained)
        return gained

    assert run(scene()) == [50_000, 0, 20_000]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system lets no file grow past `size` bytes, as a full disk does not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_is_told_and_cleared(tmp_path: Path) -> None:
    with files_of_at_most(64_000), pytest.raises(Problems) as raised:
        got(tmp_path / "v", Files())
    [told] = raised.value.diagnostics
    assert told.code == "VB608"
    assert "cannot be written" in told.message
    assert list(tmp_path.iterdir()) == []
    found, _ = got(tmp_path / "v", Files())
    assert is_whole(tmp_path / "v", found)
