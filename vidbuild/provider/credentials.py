"""Where the API key comes from and which host may have it.

The file is the store that HeyGen's own command-line client writes: one line with a key, or
`{"api_key": ..., "oauth": {"access_token": ..., "expires_at": ...}}`.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_USAGE, Diagnostic, Problems, problem
from vidbuild.provider.errors import clean
from vidbuild.schema.api import load_api

KEY = "HEYGEN_API_KEY"
BASE = "HEYGEN_API_BASE"
FOLDER = "HEYGEN_CONFIG_DIR"
ALLOW_HTTP = "HEYGEN_ALLOW_HTTP"

_HINT = (
    f"set {KEY}, or log in with HeyGen's own client; `-p draft` renders drafts without an account"
)


_LOGIN = (
    f"log in again with HeyGen's own client, or set {KEY}: a login is billed to the web plan and "
    "ends after a while, a key to the API wallet"
)

# Characters from which on a key is a secret and not the studio's placeholder for one.
_SECRET = 8


# Every secret that this process has found: what shows a bug takes them out of its text.
given_out: set[str] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A secret and how it is sent. `origin` says where it was found; the secret is never shown."""

    secret: str = field(repr=False)
    origin: str
    bearer: bool = False

    @property
    def headers(self) -> dict[str, str]:
        if self.bearer:
            return {"Authorization": f"Bearer {self.secret}"}
        return {"x-api-key": self.secret}

    def scrub(self, text: str) -> str:
        """A server may repeat what it was sent. A word too short for a key is left alone."""
        return text.replace(self.secret, "***") if len(self.secret) >= _SECRET else text


def find_credential(
    environ: Mapping[str, str], *, key_env: str | None = None, home: Path | None = None
) -> Credential:
    """The key that the provider's `key_env` names; without one HEYGEN_API_KEY, then the file.

    A `key_env` that is not set is an error: another key might belong to another account, and
    would be billed there. Raises `Problems` with exit code 3.
    """
    if key_env is not None:
        if not environ.get(key_env, "").strip():
            raise _lacking(f"the variable {key_env} (key_env) is not set", f"set {key_env}")
        return _credential(environ[key_env], key_env)
    if environ.get(KEY, "").strip():
        return _credential(environ[KEY], KEY)
    try:
        folder = Path(environ[FOLDER]) if environ.get(FOLDER) else (home or Path.home()) / ".heygen"
    except RuntimeError:  # a user without a home, as in some containers
        raise _lacking(f"there is no API key: {KEY} is not set") from None
    return _from_file(folder / "credentials")


def login_warning(credential: Credential) -> Diagnostic | None:
    """What to know before anything is paid for with a login instead of a key."""
    if not credential.bearer:
        return None
    return Diagnostic(
        code="VB613",
        severity="warning",
        message=f"{credential.origin} holds a login and no API key: it is billed to the web plan, "
        "not to the API wallet, fewer videos run at once, and it ends after a while",
        hint=f"set {KEY} to render from the API wallet",
    )


def api_base(environ: Mapping[str, str]) -> str:
    """The API's own address: HEYGEN_API_BASE, or the server that the bundled spec names.

    Another spec in a project may describe other fields, never another host for the key.
    """
    base = environ.get(BASE, "").strip()
    if not base:
        return str(load_api().document["servers"][0]["url"]).rstrip("/")
    parts = _parts(base)
    if parts is None:  # which may be anything, a key included
        raise _bad_base(f"{BASE} is not an address", "use https://host")
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise _bad_base(f"{BASE} is not an address: {shown(base)}", "use https://host")
    if parts.username is not None or parts.password is not None:
        raise _bad_base(f"{BASE} must not hold a user or a password", f"put the key into {KEY}")
    allowed = environ.get(ALLOW_HTTP, "") not in ("", "0")
    if parts.scheme == "http" and not allowed and not loopback(parts.hostname or ""):
        raise _bad_base(
            f"{BASE} would send the key unencrypted to {parts.hostname}",
            f"use https, or set {ALLOW_HTTP}=1 if that is meant",
        )
    return base.rstrip("/")


def loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """A URL without user, password and query, for messages."""
    parts = _parts(url)
    if parts is None:
        return "an address that is none"
    netloc = parts.netloc.rpartition("@")[2]
    return clean(parts._replace(netloc=netloc, query="", fragment="").geturl())


def _parts(url: str) -> SplitResult | None:
    """The parts of a URL with a host; None for anything else."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _from_file(path: Path) -> Credential:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise _lacking(f"there is no API key: {KEY} is not set and {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise _lacking(f"the credentials in {path} cannot be read: {reason.lower()}") from None
    if not text:
        raise _lacking(f"{path} is empty")
    if not text.startswith("{"):
        return _credential(text, str(path))
    try:
        store = json.loads(text)
    except (ValueError, RecursionError):
        raise _lacking(f"{path} is not valid JSON") from None
    return _from_store(store, path)


def _from_store(store: Any, path: Path) -> Credential:
    """The key before the token: a token ends after an hour and is not ours to renew."""
    key = store.get("api_key")
    if isinstance(key, str) and key.strip():
        return _credential(key, str(path))
    oauth = store.get("oauth")
    token = oauth.get("access_token") if isinstance(oauth, dict) else None
    if not isinstance(token, str) or not token.strip():
        raise _lacking(f"{path} holds neither an api_key nor an access token")
    if _over(oauth.get("expires_at")):
        raise _lacking(f"{path} holds no API key, and its login has expired", _LOGIN)
    return _credential(token, str(path), bearer=True)


def _over(expires_at: Any) -> bool:
    try:
        moment = datetime.fromisoformat(expires_at)
    except (TypeError, ValueError):
        return False  # the server knows
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware <= datetime.now(UTC)


def _credential(text: str, origin: str, *, bearer: bool = False) -> Credential:
    secret = text.strip()
    if not all("!" <= character <= "~" for character in secret):
        raise _lacking(
            f"the API key in {origin} holds a blank or a character that no key has",
            "copy the key again, alone, in one line",
        )
    given_out.add(secret)
    return Credential(secret=secret, origin=origin, bearer=bearer)


def _lacking(message: str, hint: str = _HINT) -> Problems:
    return problem("VB601", message, hint=hint, exit_code=EXIT_CREDENTIALS)


def _bad_base(message: str, hint: str) -> Problems:
    return problem("VB610", message, hint=hint, exit_code=EXIT_USAGE)
