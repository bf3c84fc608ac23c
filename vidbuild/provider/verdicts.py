"""What an exchange comes to: taken or refused, worth repeating or not, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from vidbuild.provider import retry
from vidbuild.provider.answers import member, safe_id
from vidbuild.provider.errors import Fault, fault, refused
from vidbuild.provider.model import CreateAnswer, InProgress, Refused, Taken, Unknown
from vidbuild.provider.wire import NO_JSON, Answer, Lost


def created(got: Answer | Lost, host: str) -> CreateAnswer:
    """What a create came to. Whatever leaves room for a job at the provider is unknown."""
    if isinstance(got, Lost):
        return Unknown(message=f"{host}: {got.message}", code=got.loss)
    if 200 <= got.status < 300:
        return _taken(got)
    said = _fault(got)
    if said.code == "request_in_progress":
        return InProgress(retry_after=wait(got))
    if got.status < 400 or retry.transient(got.status, said.code):
        return Unknown(
            message=said.message,
            code=said.code,
            retry_after=wait(got),
            request_id=got.request_id,
            limited=got.status == 429,
        )
    return refused(said)


def refusal_of_one(got: Answer | Lost) -> Refused | None:
    """What is refused for its own sake: another request may fare better."""
    if isinstance(got, Lost) or got.status < 400 or repeatable(got):
        return None
    said = refused(_fault(got))
    return None if said.stops else said


def good(got: Answer | Lost) -> TypeGuard[Answer]:
    """A JSON object with a 2xx, and no error hidden in it."""
    if isinstance(got, Lost):
        return False
    return 200 <= got.status < 300 and isinstance(got.body, Mapping) and not says_error(got)


def says_error(got: Answer) -> bool:
    """Whether the API itself speaks of an error, rather than something on the way."""
    return bool(member(got.body, "error"))


def reached(got: Answer | Lost) -> bool:
    """Whether there was somebody at the other end."""
    return not (isinstance(got, Lost) and got.loss == "unreachable")


def repeatable(got: Answer | Lost) -> bool:
    """Whether an exchange that was not good may be so the next time."""
    if isinstance(got, Lost):
        return got.loss != "tls"
    if 200 <= got.status < 300:
        return True
    code = member(got.body, "error", "code")
    known = code if isinstance(code, str) else None
    return known == "resource_not_ready" or retry.transient(got.status, known)


def wait(got: Answer | Lost) -> float | None:
    """The seconds that the server asks for."""
    return None if isinstance(got, Lost) else retry.retry_after(got.retry_after, got.date)


def told(got: Answer | Lost) -> Fault | Lost:
    """An exchange that was not good, in words."""
    if isinstance(got, Lost):
        return got
    if got.status >= 400 or says_error(got):
        return _fault(got)
    if got.status >= 300:
        message = "it redirects to another address, which is not followed with a key"
        return Lost(loss="nonsense", message=message)
    return Lost(loss="nonsense", message="its answer is not what this API answers")


def _taken(got: Answer) -> CreateAnswer:
    video_id = safe_id(member(got.body, "data", "video_id"))
    if video_id is not None:
        return Taken(video_id=video_id)
    if says_error(got):
        said = _fault(got)
        return Unknown(message=said.message, code=said.code, request_id=got.request_id)
    message = "the answer holds no video id that can be used"
    return Unknown(message=message, code="nonsense", request_id=got.request_id)


def _fault(got: Answer) -> Fault:
    return fault(got.status, None if got.body is NO_JSON else got.body, got.request_id)
