"""The idempotency keys of HTTP: one piece of work a key, one answer for every repeat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.studio import answers, asking, replays
from vidbuild.studio.answers import ApiError
from vidbuild.studio.desk import Desk
from vidbuild.studio.store import transaction

# Does the work's last step and gives the answer's body; it runs inside a transaction.
Commit = Callable[[], str]

# Busy and too many: what holds now, and says nothing about the request.
PASSING = frozenset({409, 429})


async def once(
    desk: Desk,
    request: Request,
    prepare: Callable[[str | None], Awaitable[Commit]],
    *,
    status: int = 200,
    judge: Callable[[Request], Awaitable[None]] = asking.judge,
) -> Response:
    """Answers a POST under its `Idempotency-Key`, if it has one; `status` says that it is done.

    `prepare` reads and checks the request and may take its time; what it returns is then
    carried out in the same transaction that records the answer, so that a kill leaves both
    or neither. A refusal frees the key, unless errors are replayed as well. A repeat has to be
    a request that the spec allows, which `judge` says; whether it is the same one is not asked.
    """
    key, scope = request.headers.get("idempotency-key"), scope_of(request)
    if key is None:
        commit = await prepare(None)
        with transaction(desk.db):
            body = commit()
        return answers.answer(body, status)
    if not replays.VALID_KEY.fullmatch(key):
        message = "Idempotency-Key must be 1 to 255 of A-Z a-z 0-9 _ : . -"
        raise ApiError(400, "invalid_parameter", message, param="Idempotency-Key")
    work = (scope, key)

    def alive(owner: str) -> bool:
        return work in desk.at_work if owner == desk.owner.name else desk.owner.alive(owner)

    held = replays.reserve(desk.db, scope, key, owner=desk.owner.name, now=desk.now, alive=alive)
    match held:
        case replays.Replay():
            if held.status < 300:
                await judge(request)
            return answers.answer(held.body, held.status)
        case replays.Busy():
            message = "The first request with this Idempotency-Key is still in progress."
            raise ApiError(409, "request_in_progress", message, retry_after=1)
    desk.at_work.add(work)
    try:
        commit = await prepare(key)
        with transaction(desk.db):
            body = commit()
            replays.keep(desk.db, scope, key, status=status, body=body)
    except BaseException as error:
        if desk.replay_errors and isinstance(error, ApiError) and error.status not in PASSING:
            said = answers.encode(error.body)
            replays.keep(desk.db, scope, key, status=error.status, body=said)
        else:
            replays.drop(desk.db, scope, key)
        raise
    finally:
        desk.at_work.discard(work)
    return answers.answer(body, status)


def scope_of(request: Request) -> str:
    """What a key is good for: one operation on one resource."""
    return f"{request.method} {request.url.path}"
