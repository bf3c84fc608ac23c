"""Any JSON for any call: what comes out is one of the client's own words, or `Problems`."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.provider.provider_kit import AVATAR, Clock, client, run
from vidbuild.diagnostics import Problems
from vidbuild.provider.answers import safe_id
from vidbuild.provider.client import HeyGen
from vidbuild.provider.errors import clean
from vidbuild.provider.model import Account, InProgress, Refused, Remote, Spoken, Taken, Unknown
from vidbuild.provider.retry import Policy
from vidbuild.state.times import stamp

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
DIGEST = hashlib.sha256(PNG).hexdigest()

# Words that mean something to somebody, so that answers are often nearly right.
WORDS = st.sampled_from(
    ["v_1", "completed", "failed", "processing", "not_found", "invalid_parameter", "../x", "error",
     "https://h.test/x", "file:///x", "2026-11-22T10:00:00Z", "usd", "\ud800", "\x1b[2J", "", "t"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["data", "error", "code", "message", "param", "errors", "detail", "path", "video_id", "id",
     "asset_id", "status", "title", "created_at", "completed_at", "duration", "video_url",
     "video_page_url", "failure_code", "failure_message", "username", "wallet", "currency",
     "remaining_balance", "next_token", "has_more", "items", "upload_url", "upload_headers",
     "max_bytes", "audio_url"]
)  # fmt: skip
NUMBERS = (
    st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 1e308, 2**63, 253402300800])
)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | WORDS
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=12,
)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 402, 403, 404, 409, 429, 500])
HEADERS = st.dictionaries(
    st.sampled_from(["date", "retry-after", "x-request-id", "location", "content-type"]),
    st.sampled_from(["", "nan", "-1", "1e999", "Fri, 31 Dec 9999 23:59:59 -2300", "\x7f", "x" * 900,
                     "Mon, 01 Jan 0001 00:00:00 GMT", "17", "https://evil.test/"]),
    max_size=3,
)  # fmt: skip


# Often in the form that the API has, rarely only that.
ENVELOPES: st.SearchStrategy[Any] = (
    JSON
    | st.fixed_dictionaries({"data": JSON})
    | st.fixed_dictionaries({"data": st.dictionaries(NAMES, LEAVES | JSON, max_size=8)})
    | st.fixed_dictionaries({"error": JSON})
    | st.fixed_dictionaries({"data": st.lists(JSON, max_size=3), "next_token": JSON})
)


def asked(call: Callable[[HeyGen], Awaitable[Any]], body: Any, status: int, headers: Any) -> Any:
    """What a call gives; its `Problems` where it raises them, and nothing else that it raises."""
    content = json.dumps(body).encode()

    async def scene() -> Any:
        async with mocked(status, content, headers, Policy(tries=2)) as heygen:
            try:
                found = await call(heygen)
            except Problems as problems:
                found = problems
            now = heygen.server_now
            assert now is None or stamp(now)
            return found

    found = run(scene())
    if isinstance(found, Problems):
        assert all(d.message and "\n" not in d.message for d in found.diagnostics)
        assert "\x1b" not in str(found)
    return found


@asynccontextmanager
async def mocked(
    status: int, content: bytes, headers: Any, policy: Policy
) -> AsyncIterator[HeyGen]:
    """A client that is always answered so."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=httpx.ByteStream(content), headers=headers)

    transport = httpx.MockTransport(answer)
    async with client("http://api.test", Clock(), transport=transport, policy=policy) as heygen:
        yield heygen


ANSWER = {"body": ENVELOPES, "status": STATUSES, "headers": HEADERS}


@given(**ANSWER)
@example({"data": {"video_id": "v_1"}, "error": {}}, 200, {})
@example({"error": {"code": "request_in_progress"}}, 409, {"retry-after": "nan"})
@example({"error": {"code": ["x"], "errors": [{"message": "m", "path": [{}]}]}}, 400, {})
def test_a_create_comes_to_one_of_four(body: Any, status: int, headers: Any) -> None:
    found = asked(lambda heygen: heygen.create(AVATAR, key="k"), body, status, headers)
    match found:
        case Taken():
            assert safe_id(found.video_id)
            assert status in (200, 201)
        case InProgress() | Unknown():
            assert found.retry_after is None or 0 <= found.retry_after < math.inf
        case Refused():
            assert 400 <= status < 500
            assert found.message == clean(found.message)
            assert found.message.encode()
        case _:
            raise AssertionError(found)


@given(**ANSWER)
@example({"data": {"id": "v_1", "created_at": 253402300800, "duration": 1e308}}, 200, {})
def test_a_video_is_one_that_can_be_recorded(body: Any, status: int, headers: Any) -> None:
    found = asked(lambda heygen: heygen.video("v_1"), body, status, headers)
    if isinstance(found, Remote):
        assert found.video_id == "v_1"
        for at in (found.created_at, found.completed_at):
            assert at is None or stamp(at)
        json.dumps([found.duration], allow_nan=False)
        texts = (found.page_url, found.failure_code, found.failure_message, found.title)
        for text in texts:
            assert text is None or text.encode()
        assert found.page_url is None or found.page_url.startswith("http")
    else:
        assert found is None or isinstance(found, Problems)


@given(**ANSWER)
def test_statuses_are_four_words(body: Any, status: int, headers: Any) -> None:
    found = asked(lambda heygen: heygen.statuses(["v_1", "v_2"]), body, status, headers)
    if not isinstance(found, Problems):
        assert set(found) == {"v_1", "v_2"}
        assert set(found.values()) <= {"submitted", "completed", "failed", "not_found"}


@given(**ANSWER)
def test_lists_end(body: Any, status: int, headers: Any) -> None:
    found = asked(lambda h: h.recent(title="t", since=0, until=9e9), body, status, headers)
    assert isinstance(found, Problems) or all(isinstance(video, Remote) for video in found)


@given(**ANSWER)
@example({"data": {"username": "\ud800\x1b[2J", "wallet": {"currency": "usd"}}}, 200, {})
def test_an_account_can_be_shown(body: Any, status: int, headers: Any) -> None:
    found = asked(lambda heygen: heygen.account(), body, status, headers)
    if isinstance(found, Account):
        assert len(found.hash) == 12
        assert found.username.encode()
        assert "\x1b" not in found.username
        json.dumps(found.balance_usd, allow_nan=False)
    else:
        assert found is None or isinstance(found, Problems)


@given(**ANSWER)
def test_a_deletion_is_done_or_not(body: Any, status: int, headers: Any) -> None:
    found = asked(lambda heygen: heygen.delete("v_1"), body, status, headers)
    assert isinstance(found, bool | Problems)


@given(**ANSWER)
def test_a_speech_has_a_length(body: Any, status: int, headers: Any) -> None:
    order = {"text": "Hello", "voice_id": "v"}
    found = asked(lambda heygen: heygen.speak(order), body, status, headers)
    assert isinstance(found, Spoken | Refused | Problems)
    assert not isinstance(found, Spoken) or 0 < found.seconds <= 1e6


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "a.png"
    path.write_bytes(PNG)
    return path


@given(**ANSWER)
def test_an_upload_has_an_id(picture: Path, body: Any, status: int, headers: Any) -> None:
    found = asked(
        lambda h: h.upload(picture, mime="image/png", sha256=DIGEST), body, status, headers
    )
    assert isinstance(found, Problems) or safe_id(found)


@given(st.binary(max_size=200), STATUSES)
def test_bytes_that_are_no_json_break_nothing(body: bytes, status: int) -> None:
    async def scene() -> None:
        async with mocked(status, body, {}, Policy(tries=1)) as heygen:
            found = await heygen.create(AVATAR, key="k")
            assert isinstance(found, Taken | InProgress | Unknown | Refused)

    run(scene())
