"""Where the key comes from, in which order, and which address may have it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.provider.provider_kit import KEY
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_USAGE, Problems
from vidbuild.provider.credentials import (
    Credential,
    api_base,
    find_credential,
    login_warning,
    shown,
)

FRESH = "2999-01-01T00:00:00Z"
STALE = "2000-01-01T00:00:00Z"


def found(tmp_path: Path, environ: dict[str, str], key_env: str | None = None) -> Credential:
    return find_credential(environ, key_env=key_env, home=tmp_path)


def stored(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / ".heygen" / "credentials"
    path.parent.mkdir(exist_ok=True)
    data = content if isinstance(content, bytes | str) else json.dumps(content)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def lacks(tmp_path: Path, environ: dict[str, str], key_env: str | None = None) -> str:
    with pytest.raises(Problems) as raised:
        found(tmp_path, environ, key_env)
    assert raised.value.exit_code == EXIT_CREDENTIALS
    [diagnostic] = raised.value.diagnostics
    assert diagnostic.code == "VB601"
    assert diagnostic.hint
    return diagnostic.message


def test_the_named_variable_then_the_usual_one_then_the_file(tmp_path: Path) -> None:
    stored(tmp_path, {"api_key": "from-file"})
    usual = {"HEYGEN_API_KEY": " from-env\n", "ACME": "from-acme"}
    assert found(tmp_path, usual, "ACME").secret == "from-acme"
    assert found(tmp_path, usual).secret == "from-env"
    assert found(tmp_path, {"HEYGEN_API_KEY": " "}).secret == "from-file"
    assert found(tmp_path, {}).origin == str(tmp_path / ".heygen" / "credentials")


def test_a_named_variable_that_is_not_set_is_not_replaced_by_another_key(tmp_path: Path) -> None:
    message = lacks(tmp_path, {"HEYGEN_API_KEY": "another", "ACME": ""}, "ACME")
    assert "ACME" in message
    assert "another" not in message


def test_the_folder_can_be_moved(tmp_path: Path) -> None:
    stored(tmp_path, "moved")
    other = tmp_path / "other"
    (tmp_path / ".heygen").rename(other)
    assert found(tmp_path, {"HEYGEN_CONFIG_DIR": str(other)}).secret == "moved"
    assert str(tmp_path) in lacks(tmp_path, {})


@pytest.mark.parametrize(
    ("content", "secret", "bearer"),
    [
        ("plain-key\n", "plain-key", False),
        ("  plain-key  \r\n", "plain-key", False),
        ({"api_key": "k"}, "k", False),
        ({"api_key": "k", "future": {"x": 1}}, "k", False),
        ({"oauth": {"access_token": "t", "expires_at": FRESH}}, "t", True),
        ({"oauth": {"access_token": "t"}}, "t", True),
        ({"oauth": {"access_token": "t", "expires_at": "not a date"}}, "t", True),
        ({"oauth": {"access_token": "t", "expires_at": 7}}, "t", True),
        ({"oauth": {"access_token": "t", "expires_at": "2999-01-01T00:00:00"}}, "t", True),
        ({"api_key": "k", "oauth": {"access_token": "t", "expires_at": FRESH}}, "k", False),
        ({"api_key": "k", "oauth": {"access_token": "t", "expires_at": STALE}}, "k", False),
        ({"api_key": " ", "oauth": {"access_token": "t"}}, "t", True),
    ],
)
def test_the_file_of_heygens_own_client_is_read(
    tmp_path: Path, content: Any, secret: str, bearer: bool
) -> None:
    stored(tmp_path, content)
    credential = found(tmp_path, {})
    assert (credential.secret, credential.bearer) == (secret, bearer)
    [(name, value)] = credential.headers.items()
    assert (name, value) == (
        ("Authorization", f"Bearer {secret}") if bearer else ("x-api-key", secret)
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("{broken", "not valid JSON"),
        ("{" * 5000, "not valid JSON"),
        ({}, "neither"),
        ({"api_key": 7}, "neither"),
        ({"oauth": "x"}, "neither"),
        ({"oauth": {"access_token": ""}}, "neither"),
        ({"oauth": {"access_token": "t", "expires_at": STALE}}, "expired"),
        ("two\nlines", "a blank or a character"),
        ("schlüssel", "a blank or a character"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_file_that_is_no_use_says_why_and_not_what(
    tmp_path: Path, content: Any, says: str
) -> None:
    path = stored(tmp_path, content)
    message = lacks(tmp_path, {})
    assert says in message
    assert str(path) in message


def test_a_login_is_told_before_it_pays_and_a_key_is_not(tmp_path: Path) -> None:
    stored(tmp_path, {"oauth": {"access_token": "t"}})
    said = login_warning(found(tmp_path, {}))
    assert said is not None
    assert (said.code, said.severity) == ("VB613", "warning")
    assert "web plan" in said.message
    assert "HEYGEN_API_KEY" in str(said.hint)
    assert login_warning(found(tmp_path, {"HEYGEN_API_KEY": "k"})) is None


def test_an_expired_login_says_both_ways_on(tmp_path: Path) -> None:
    stored(tmp_path, {"oauth": {"access_token": "t", "expires_at": STALE}})
    with pytest.raises(Problems) as raised:
        found(tmp_path, {})
    hint = str(raised.value.diagnostics[0].hint)
    assert "log in again" in hint
    assert "HEYGEN_API_KEY" in hint


def test_a_user_without_a_home_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(Problems) as raised:
        find_credential({})
    assert raised.value.exit_code == EXIT_CREDENTIALS
    assert find_credential({"HEYGEN_API_KEY": "k"}).secret == "k"


def test_a_folder_in_the_files_place_is_told(tmp_path: Path) -> None:
    (tmp_path / ".heygen" / "credentials").mkdir(parents=True)
    assert "cannot be read" in lacks(tmp_path, {})


def test_a_secret_is_not_shown_by_its_record(tmp_path: Path) -> None:
    credential = Credential(secret=KEY, origin="x")
    assert KEY not in repr(credential)
    assert KEY not in lacks(tmp_path, {"HEYGEN_API_KEY": f"{KEY} {KEY}"})


@pytest.mark.parametrize(
    ("environ", "base"),
    [
        ({}, "https://api.heygen.com"),
        ({"HEYGEN_API_BASE": ""}, "https://api.heygen.com"),
        ({"HEYGEN_API_BASE": "https://proxy.test/heygen/"}, "https://proxy.test/heygen"),
        ({"HEYGEN_API_BASE": "http://127.0.0.1:8787"}, "http://127.0.0.1:8787"),
        ({"HEYGEN_API_BASE": "http://localhost:1/"}, "http://localhost:1"),
        ({"HEYGEN_API_BASE": "http://[::1]:1"}, "http://[::1]:1"),
        ({"HEYGEN_API_BASE": "http://a.test", "HEYGEN_ALLOW_HTTP": "1"}, "http://a.test"),
    ],
)
def test_the_address_is_the_specs_or_the_variables(environ: dict[str, str], base: str) -> None:
    assert api_base(environ) == base


@pytest.mark.parametrize(
    "environ",
    [
        {"HEYGEN_API_BASE": "http://api.heygen.com"},
        {"HEYGEN_API_BASE": "http://api.heygen.com", "HEYGEN_ALLOW_HTTP": "0"},
        {"HEYGEN_API_BASE": "http://127.0.0.1.evil.test"},
        {"HEYGEN_API_BASE": "http://10.0.0.1"},
        {"HEYGEN_API_BASE": "api.heygen.com"},
        {"HEYGEN_API_BASE": "ftp://api.heygen.com"},
        {"HEYGEN_API_BASE": "https://"},
        {"HEYGEN_API_BASE": "https://host?x=1"},
        {"HEYGEN_API_BASE": "https://host:port"},
        {"HEYGEN_API_BASE": "https://[::1"},
        {"HEYGEN_API_BASE": f"https://user:{KEY}@host"},
    ],
)
def test_an_address_that_could_leak_the_key_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(Problems) as raised:
        api_base(environ)
    [diagnostic] = raised.value.diagnostics
    assert (diagnostic.code, raised.value.exit_code) == ("VB610", EXIT_USAGE)
    assert diagnostic.hint
    assert KEY not in diagnostic.message


def test_a_shown_url_has_no_secrets() -> None:
    url = f"https://user:{KEY}@host:1/path?signature={KEY}#{KEY}"
    assert shown(url) == "https://host:1/path"
    assert not re.search(KEY, shown(url))
