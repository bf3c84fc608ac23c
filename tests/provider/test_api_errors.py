"""The API's errors: read from whatever came, worded for the user, classed for the run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.provider.answers import number, remote, safe_id, status
from vidbuild.provider.errors import ADVICE, MAX_MESSAGE, advice, clean, fault, hint, refused

ENVELOPES: list[tuple[int, Any, str, str, str | None]] = [
    (
        400,
        {"error": {"code": "invalid_parameter", "message": "Bad", "param": "script"}},
        "invalid_parameter",
        "Bad",
        "script",
    ),
    (401, {"error": {"code": "unauthorized", "message": "No"}}, "unauthorized", "No", None),
    (404, {"error": "gone"}, "http_404", "gone", None),
    (400, {"code": "old_code", "message": "Old"}, "old_code", "Old", None),
    (422, {"detail": "Unprocessable"}, "http_422", "Unprocessable", None),
    (418, {"error": {"code": "error", "message": "tea"}}, "http_418", "tea", None),
    (400, {"error": {"code": 7, "message": ["x"], "param": {}}}, "http_400", "HTTP 400", None),
    (400, {"error": None}, "http_400", "HTTP 400", None),
    (500, None, "http_500", "HTTP 500", None),
    (502, "Bad gateway", "http_502", "Bad gateway", None),
    (400, ["x"], "http_400", "HTTP 400", None),
]


@pytest.mark.parametrize(("code", "body", "name", "message", "param"), ENVELOPES)
def test_an_error_is_read_from_any_form(
    code: int, body: Any, name: str, message: str, param: str | None
) -> None:
    said = fault(code, body, "req_1")
    assert (said.status, said.code, said.message, said.param) == (code, name, message, param)
    assert said.request_id == "req_1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.integers(100, 999), JSON | st.dictionaries(st.sampled_from(["error", "message"]), JSON))
def test_no_error_answer_breaks_the_reading(code: int, body: Any) -> None:
    said = fault(code, body)
    assert said.code
    assert said.message
    assert refused(said).status == code


CLASSES = [
    (401, "unauthorized", True, True),
    (401, "authentication_failed", True, True),
    (401, "whatever", True, True),
    (403, "forbidden", True, True),
    (402, "insufficient_credit", True, False),
    (402, "something_new", True, False),
    (402, "trial_limit_exceeded", True, False),
    (402, "subscription_required", True, False),
    (429, "quota_exceeded", True, False),
    (403, "voice_not_usable", False, False),
    (403, "resource_access_denied", False, False),
    (404, "avatar_not_found", False, False),
    (400, "invalid_parameter", False, False),
    (400, "content_policy_violation", False, False),
    (413, "http_413", False, False),
    (400, "something_new", False, False),
]


@pytest.mark.parametrize(("code", "name", "stops", "credentials"), CLASSES)
def test_what_a_refusal_means_for_the_others(
    code: int, name: str, stops: bool, credentials: bool
) -> None:
    found = refused(fault(code, {"error": {"code": name, "message": "m"}}))
    assert (found.stops, found.credentials) == (stops, credentials)


# Every code that the API, its documentation or its users have told of, with its status.
CODES: dict[str, int] = {
    "unauthorized": 401,
    "authentication_failed": 401,
    "insufficient_credit": 402,
    "trial_limit_exceeded": 402,
    "plan_upgrade_required": 402,
    "subscription_required": 402,
    "forbidden": 403,
    "resource_access_denied": 403,
    "ai_vendor_access_restricted": 403,
    "voice_not_usable": 403,
    "phone_verification_required": 403,
    "not_found": 404,
    "resource_not_found": 404,
    "video_not_found": 404,
    "avatar_not_found": 404,
    "avatar_group_not_found": 404,
    "voice_not_found": 404,
    "template_not_found": 404,
    "webhook_not_found": 404,
    "asset_not_found": 404,
    "asset_not_available": 400,
    "invalid_parameter": 400,
    "content_policy_violation": 400,
    "avatar_not_usable": 400,
    "avatar_consent_required": 400,
    "avatar_expired": 400,
    "voice_unavailable": 400,
    "voice_expired": 400,
    "script_too_short": 400,
    "tts_text_invalid": 400,
    "download_failed": 400,
    "resource_limit_reached": 400,
    "resource_limit_exceeded": 400,
    "unlimited_mode_disabled": 400,
    "no_audio_track": 400,
    "video_too_long": 400,
    "ephemeral_upload_disabled": 400,
    "payload_too_large": 413,
    "conflict": 409,
    "resource_not_ready": 409,
    "request_in_progress": 409,
    "rate_limit_exceeded": 429,
    "quota_exceeded": 429,
    "internal_error": 500,
    "video_delete_failed": 500,
    "voice_provider_error": 503,
    "service_unavailable": 503,
    "gateway_timeout": 504,
    "rendering_failed": 500,
}
KEYS = {"unauthorized", "authentication_failed", "forbidden"}
STOPS = KEYS | {
    "insufficient_credit",
    "trial_limit_exceeded",
    "plan_upgrade_required",
    "subscription_required",
    "phone_verification_required",
    "unlimited_mode_disabled",
    "quota_exceeded",
}


@pytest.mark.parametrize("code", CODES)
def test_each_code_of_the_api_says_what_to_do_and_stops_what_it_has_to(code: str) -> None:
    known = advice(code, CODES[code])
    assert code in ADVICE, "told by its status alone"
    assert known.hint
    assert (known.stops, known.credentials) == (code in STOPS, code in KEYS)


def test_no_code_has_advice_that_the_table_does_not_know() -> None:
    assert set(ADVICE) == set(CODES)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503, 599])
def test_a_code_that_nobody_knows_is_told_by_its_status(status: int) -> None:
    assert advice("brand_new", status).hint


DETAILED: list[tuple[Any, str, str | None]] = [
    (
        {
            "error": {
                "code": "x",
                "message": "Bad",
                "errors": [{"message": "too long", "path": "a"}],
            }
        },
        "Bad; a: too long",
        "a",
    ),
    ({"error": {"message": "too long", "errors": [{"message": "too long"}]}}, "too long", None),
    ({"error": {"errors": [{"message": f"m{n}"} for n in range(9)]}}, "m0; m1; m2", None),
    (
        {"error": {"param": "b", "errors": [{"message": "m", "path": ["body", "scenes", 0, "x"]}]}},
        "scenes.0.x: m",
        "b",
    ),
    ({"detail": [{"loc": ["body", "script"], "msg": "missing"}]}, "script: missing", "script"),
    ({"detail": [7, {"msg": 7}, {}]}, "HTTP 422", None),
    ({"error": {"errors": "x"}}, "HTTP 422", None),
    ({"error": {"errors": [{"message": "m", "path": {"a": 1}}]}}, "m", None),
]


@pytest.mark.parametrize(("body", "message", "param"), DETAILED)
def test_single_errors_are_told_with_their_fields(
    body: Any, message: str, param: str | None
) -> None:
    said = fault(422, body)
    assert (said.message, said.param) == (message, param)


def test_every_known_code_says_what_to_do() -> None:
    for code, known in ADVICE.items():
        assert known.hint
        assert hint(code) == known.hint
        assert known.stops or not known.credentials
    assert hint("never_heard_of") is None
    assert advice("never_heard_of", 401).credentials


@given(st.text())
def test_a_message_is_one_bounded_line_that_steers_no_terminal(text: str) -> None:
    line = clean(text)
    assert len(line) <= MAX_MESSAGE
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)
    assert clean(line) == line


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        ("v_1", True),
        ("0f3a-B.c:d", True),
        ("-x", True),
        ("", False),
        (".", False),
        ("..", False),
        ("../x", False),
        ("a/b", False),
        ("a,b", False),
        ("a b", False),
        ("a\n", False),
        ("ä", False),
        ("a%2fb", False),
        ("a" * 200, True),
        ("a" * 201, False),
        (7, False),
        (None, False),
        (["v"], False),
    ],
)
def test_an_id_is_taken_only_where_it_can_do_no_harm(value: Any, safe: bool) -> None:
    assert safe_id(value) == (value if safe else None)


@pytest.mark.parametrize("word", ["waiting", "pending", "queued", "generating", "new", None, 7, []])
def test_any_word_that_is_not_an_end_means_going_on(word: Any) -> None:
    assert status(word) == "submitted"
    assert status("completed") == "completed"
    assert status("failed") == "failed"


def test_a_video_keeps_what_is_right_and_drops_what_is_not() -> None:
    found = remote(
        {
            "id": "v_1",
            "status": "failed",
            "title": 7,
            "created_at": "2026-11-22T10:00:00Z",
            "completed_at": 1_800_000_000,
            "duration": -1,
            "video_url": "",
            "failure_code": "tts\x1b[31m",
            "failure_message": "a\nb",
            "something": "new",
        }
    )
    assert found is not None
    assert found.title is None
    assert found.created_at == 1_795_341_600.0
    assert found.completed_at == 1_800_000_000.0
    assert found.duration is None
    assert found.video_url is None
    assert found.failure_code == "tts [31m"
    assert found.failure_message == "a b"


@given(JSON | st.fixed_dictionaries({"id": st.just("v") | JSON, "status": JSON, "duration": JSON}))
def test_no_video_breaks_the_reading(item: Any) -> None:
    found = remote(item)
    assert found is None or safe_id(found.video_id)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1, 1.0),
        (1.5, 1.5),
        (0, 0.0),
        (-1, None),
        (True, None),
        ("1", None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_a_number_is_finite_and_not_negative(value: Any, found: float | None) -> None:
    assert number(value) == found
