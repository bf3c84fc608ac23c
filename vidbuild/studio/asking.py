"""What a caller asks for, read and checked by the spec: the query, the body, the page."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from vidbuild.schema.finding import Finding
from vidbuild.schema.shape import MISSING
from vidbuild.schema.validate import check
from vidbuild.studio.answers import ApiError, parse_object, read_body
from vidbuild.studio.operations import Operation

_INTEGER = re.compile(r"-?[0-9]{1,9}")
_BOOLEANS = {"true": True, "false": False}


def query(request: Request) -> dict[str, Any]:
    """Every parameter that the operation knows; None, or its default, where it is not given."""
    operation = _operation(request)
    members = operation.query.properties
    given = {
        name: _value(text, shape.types)
        for name, shape in members.items()
        if (text := request.query_params.get(name)) is not None
    }
    refuse(check(replace(operation.api, request=operation.query), given))
    absent = {
        name: None if shape.default is MISSING else shape.default for name, shape in members.items()
    }
    return absent | given


async def body(request: Request) -> dict[str, Any]:
    """The JSON body, as the operation wants it."""
    read = await json_body(request)
    refuse_body(request, read)
    return read


def refuse_body(request: Request, read: Any) -> None:
    """400 for a body that is not as the operation wants it."""
    operation = _operation(request)
    if operation.body is not None:
        refuse(check(replace(operation.api, request=operation.body), read))


async def judge(request: Request) -> None:
    """Refuses a request whose JSON body the spec does not allow."""
    if _operation(request).body is not None:
        await body(request)


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON body, an object that is not looked into."""
    declared = request.headers.get("content-type", "").split(";")[0].strip().lower()
    raw = await read_body(request)
    if not raw and not _operation(request).body_required:
        return {}
    if declared and declared != "application/json" and not declared.endswith("+json"):
        message = f"The body has to be application/json, not {declared}."
        raise ApiError(400, "invalid_parameter", message, param="Content-Type")
    return parse_object(raw)


def refuse(findings: Sequence[Finding]) -> None:
    """400 with every problem, the first one in front; nothing where there is none."""
    if findings:
        first, errors = findings[0], [_entry(each) for each in findings]
        raise ApiError(
            400, "invalid_parameter", _wording(first), param=_dotted(first), errors=errors
        )


def ids(asked: str | None) -> list[str]:
    """The ids of a list with commas."""
    return [word.strip() for word in (asked or "").split(",") if word.strip()]


def token(kind: str, place: int) -> str:
    """What stands for the rest of a list after `place`; it fits no other kind of list."""
    return base64.urlsafe_b64encode(f"{kind}:{place}".encode()).decode().rstrip("=")


def place(kind: str, given: str | None) -> int | None:
    """The place that a token of ours means; None without a token."""
    if given is None:
        return None
    try:
        text = base64.b64decode(given + "=" * (-len(given) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    name, _, number = text.partition(":")
    if name != kind or not (number.isascii() and number.isdecimal() and len(number) < 18):
        message = "token is none that this list has given."
        raise ApiError(400, "invalid_parameter", message, param="token")
    return int(number)


def _operation(request: Request) -> Operation:
    operation: Operation = request.state.operation
    return operation


def _value(text: str, types: frozenset[str]) -> Any:
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    return _BOOLEANS.get(text, text) if "boolean" in types else text


def _entry(finding: Finding) -> dict[str, Any]:
    path = _dotted(finding)
    said = {"code": "invalid_parameter", "message": _wording(finding)}
    return said if path is None else {**said, "path": path}


def _dotted(finding: Finding) -> str | None:
    return ".".join(str(part) for part in finding.path) or None


def _wording(finding: Finding) -> str:
    return f"{finding.message} ({finding.hint})" if finding.hint else finding.message
