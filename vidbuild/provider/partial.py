"""What is left of a download that broke off, and whether another may go on with it.

Beside the file lies a mark: how much of it is surely on the disk, of how much, and the server's
validator (RFC 9110, 8.8), by which it knows the rest of the same file. Without a mark a file is
worth nothing. Not for asking: that is `download`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from vidbuild.files import write_atomic
from vidbuild.provider.retry import http_date

_STRONG = re.compile(r'"[\x21\x23-\x7e]*"')
# A file that was written in the second of the answer may have changed within it.
_SETTLED = 60.0
_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """The first `bytes` of a file of `total` bytes, as the server knows it by `validator`."""

    bytes: int
    total: int
    validator: str

    @property
    def headers(self) -> dict[str, str]:
        """Asks for the rest, or for all of it where the file is another one by now."""
        return {"range": f"bytes={self.bytes}-", "if-range": self.validator}


def mark_of(target: Path) -> Path:
    """Where the mark of a download lies."""
    return target.with_name(f"{target.name}.json")


def left_of(target: Path) -> Partial | None:
    """What an earlier download to `target` left that another may go on with."""
    try:
        body = json.loads(mark_of(target).read_bytes())
        left = Partial(**body)
        numbers = type(left.bytes) is int and type(left.total) is int
        if not numbers or not 0 < left.bytes <= min(left.total, target.stat().st_size):
            return None
    except (OSError, ValueError, TypeError):
        return None
    known = isinstance(left.validator, str) and _is_validator(left.validator)
    return left if known else None


def keep(target: Path, left: Partial) -> None:
    """Marks what has come: the file is on the disk before the mark says so. Raises OSError."""
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    write_atomic(mark_of(target), json.dumps(asdict(left), sort_keys=True).encode())


def forget(target: Path) -> None:
    """The file begins anew, or is whole: no mark holds any more. Raises OSError."""
    mark_of(target).unlink(missing_ok=True)


def discard(target: Path) -> None:
    """Removes the file and its mark. Raises OSError."""
    forget(target)
    target.unlink(missing_ok=True)


def validator(headers: Mapping[str, str]) -> str | None:
    """What an answer may be continued by (RFC 9110, 13.1.5): its strong tag, else a date of
    change that lies well before the answer."""
    tag, changed = headers.get("etag", ""), headers.get("last-modified", "")
    if headers.get("accept-ranges", "").strip().lower() == "none" or "content-encoding" in headers:
        return None
    if _STRONG.fullmatch(tag):
        return tag
    then, now = http_date(changed), http_date(headers.get("date"))
    settled = then is not None and now is not None and now - then >= _SETTLED
    return changed if settled else None


def continues(left: Partial, headers: Mapping[str, str]) -> bool:
    """Whether a 206 answer is the rest of the very file (RFC 9110, 14.4 and 15.3.7)."""
    found = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if found is None or "content-encoding" in headers:
        return False
    first, last, total = map(int, found.groups())
    if (first, total) != (left.bytes, left.total) or not first <= last < total:
        return False
    tag = headers.get("etag")
    return tag is None or tag == left.validator or not left.validator.startswith('"')


def _is_validator(text: str) -> bool:
    return _STRONG.fullmatch(text) is not None or http_date(text) is not None
