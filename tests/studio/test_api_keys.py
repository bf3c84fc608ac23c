"""Keys with scopes; every path of the spec with every method; what a body says that it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studio.studio_kit import AVATAR, KEY, assert_by_the_spec, error, run, studio
from tests.studio.test_api_files import PNG, upload
from vidbuild.schema.api import METHODS, load_api
from vidbuild.studio.app import CALLS


def described() -> Iterator[tuple[str, str, str, str]]:
    """Method, path, operation and tag of everything that the spec has."""
    for path, item in load_api().document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]["operationId"], item[method]["tags"][0]


OPERATIONS = list(described())
PATHS = sorted({path for _, path, _, _ in OPERATIONS})


def test_the_studio_has_every_operation_of_the_spec() -> None:
    assert set(CALLS) == {name for _, _, name, _ in OPERATIONS}


@pytest.mark.parametrize("path", PATHS)
def test_any_other_method_is_refused_with_those_that_there_are(tmp_path: Path, path: str) -> None:
    known = {method for method, each, _, _ in OPERATIONS if each == path}

    async def scene() -> None:
        async with studio(tmp_path) as call:
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - known:
                refused = await call.http.request(method, path)
                assert error(refused) == (405, "method_not_allowed")
                assert set(refused.headers["allow"].split(", ")) == known

    run(scene())


@pytest.mark.parametrize(
    ("method", "path", "name", "tag"), OPERATIONS, ids=[o[2] for o in OPERATIONS]
)
def test_a_key_with_scopes_has_no_others(
    tmp_path: Path, method: str, path: str, name: str, tag: str
) -> None:
    scope = f"{tag}:{'read' if method == 'GET' else 'write'}"
    other = "videos:read" if scope != "videos:read" else "videos:write,voices:read"

    async def scene() -> None:
        async with studio(tmp_path) as call:
            for header in ("x-api-key", "authorization"):
                call.http.headers.pop("x-api-key", None)
                scheme = "Bearer " if header == "authorization" else ""
                headers = {header: f"{scheme}{KEY}+{other}"}
                refused = await call.http.request(method, path, headers=headers)
                if tag == "users":
                    assert refused.status_code == 200
                else:
                    assert error(refused) == (403, "forbidden")
                    assert scope in refused.json()["error"]["message"]
                    assert_by_the_spec(name, refused.json(), 403)
                headers = {header: f"{scheme}{KEY}+{other},{scope}"}
                taken = await call.http.request(method, path, headers=headers)
                assert taken.status_code in (200, 400, 404)
                wrong = {header: f"{scheme}wrong+{scope}"}
                assert error(await call.http.request(method, path, headers=wrong))[0] == 401

    run(scene())


@pytest.mark.parametrize(
    ("own", "given", "status"),
    [
        (None, "any+videos:read", 200),
        (None, "any+voices:read", 403),
        (None, "any+thing", 200),
        (None, "+videos:read", 200),  # no key before it: a key of that name
        ("a+videos:write", "a+videos:write", 200),  # the key itself, whatever it looks like
        ("a+videos:write", "a", 401),
        ("a", "a+videos:read+voices:read", 401),
        ("a", "a+videos:delete", 401),
    ],
)
def test_what_is_a_scope_and_what_a_key(
    tmp_path: Path, own: str | None, given: str, status: int
) -> None:
    async def scene() -> None:
        async with studio(tmp_path, key=own) as call:
            answer = await call.http.get("/v3/videos", headers={"x-api-key": given})
            assert answer.status_code == status

    run(scene())


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (None, 200),
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/merge-patch+json", 200),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
        ("multipart/form-data; boundary=x", 400),
    ],
)
def test_a_body_that_says_to_be_no_json_is_not_read_as_such(
    tmp_path: Path, kind: str | None, status: int
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            headers = {} if kind is None else {"content-type": kind}
            body = json.dumps(AVATAR).encode()
            answer = await call.http.post("/v3/videos", content=body, headers=headers)
            assert answer.status_code == status
            assert status == 200 or answer.json()["error"]["param"] == "Content-Type"

    run(scene())


def test_a_repeat_has_to_be_a_request_that_the_spec_allows(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            key = {"Idempotency-Key": "k1"}
            first = await upload(call, PNG, key="k1")
            for files in ({"other": ("a", b"x")}, {"file": ("empty", b"")}):
                wrong = await call.http.post("/v3/assets", files=files, headers=key)
                assert error(wrong) == (400, "invalid_parameter")
            other = await upload(call, PNG + b"more", key="k1")
            assert (other.status_code, other.text) == (200, first.text)

    run(scene())
