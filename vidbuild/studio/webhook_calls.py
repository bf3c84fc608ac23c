"""The calls about webhooks: who is told, of what, and what has been told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.studio import asking, webhooks
from vidbuild.studio.answers import ApiError, data, encode, listing
from vidbuild.studio.delivery_address import Unreachable, parse
from vidbuild.studio.desk import Desk
from vidbuild.studio.once import Commit, once
from vidbuild.studio.store import transaction
from vidbuild.studio.webhooks import Webhook

# Behind every row.
_END = 2**63 - 1

_WHEN = {
    "success": "It is done.",
    "fail": "It has failed.",
    "finished": "Everything in it has ended, well or not.",
    "validation_failed": "What was given cannot be used.",
    "download_failed": "What was given cannot be fetched.",
}


async def create_endpoint(desk: Desk, request: Request) -> Response:
    async def prepare(_key: str | None) -> Commit:
        body = await _body(request)
        webhook = Webhook(
            endpoint_id=desk.mint(),
            url=_address(body["url"]),
            events=body.get("events"),
            entity_id=body.get("entity_id"),
            secret=webhooks.new_secret(),
            created_at=desk.now,
        )
        return lambda: _keep(desk, webhook)

    return await once(desk, request, prepare)


async def list_endpoints(desk: Desk, request: Request) -> Response:
    asked = asking.query(request)
    before = asking.place("webhooks", asked["token"])
    found = webhooks.page(
        desk.db, limit=asked["limit"] + 1, before=_END if before is None else before
    )
    page = found[: asked["limit"]]
    more = asking.token("webhooks", page[-1].seq) if len(found) > len(page) else None
    return listing([_shown(each) for each in page], more)


async def update_endpoint(desk: Desk, request: Request) -> Response:
    """A field that is left out, or null, stays as it is."""
    known = _known(desk, request)
    body = await _body(request)
    url = known.url if body.get("url") is None else _address(body["url"])
    events = known.events if body.get("events") is None else body["events"]
    webhooks.change(desk.db, known.endpoint_id, url=url, events=events)
    return data(_shown(_known(desk, request)))


async def delete_endpoint(desk: Desk, request: Request) -> Response:
    known = _known(desk, request)
    with transaction(desk.db):
        webhooks.remove(desk.db, known.endpoint_id)
    return data({"endpoint_id": known.endpoint_id, "deleted": True})


async def rotate_secret(desk: Desk, request: Request) -> Response:
    async def prepare(_key: str | None) -> Commit:
        known, secret = _known(desk, request), webhooks.new_secret()

        def commit() -> str:
            webhooks.change_secret(desk.db, known.endpoint_id, secret)
            return encode({"data": {"endpoint_id": known.endpoint_id, "secret": secret}})

        return commit

    return await once(desk, request, prepare)


async def list_event_types(desk: Desk, _request: Request) -> Response:
    """Those of the spec; the studio itself has videos and batches to tell about."""
    kinds = desk.api.document["components"]["schemas"]["WebhookEventType"]["enum"]
    return listing([{"event_type": kind, "description": _description(kind)} for kind in kinds])


async def list_events(desk: Desk, request: Request) -> Response:
    asked = asking.query(request)
    before = asking.place("events", asked["token"])
    found = webhooks.event_page(
        desk.db,
        limit=asked["limit"] + 1,
        before=_END if before is None else before,
        kind=asked["event_type"],
        entity_id=asked["entity_id"],
    )
    page = found[: asked["limit"]]
    more = asking.token("events", page[-1].seq) if len(found) > len(page) else None
    entries = [
        {
            "event_id": event.event_id,
            "event_type": event.event_type,
            "event_data": event.event_data,
            "created_at": _iso(event.created_at),
        }
        for event in page
    ]
    return listing(entries, more)


async def _body(request: Request) -> dict[str, Any]:
    """What a receiver on this machine is spared: to have a certificate for its address."""
    read = await asking.json_body(request)
    url = read.get("url")
    if isinstance(url, str) and url.startswith("http://") and _fault(url) is None:
        asking.refuse_body(request, {**read, "url": f"https{url[4:]}"})
    else:
        asking.refuse_body(request, read)
    return read


def _keep(desk: Desk, webhook: Webhook) -> str:
    webhooks.add(desk.db, webhook)
    return encode({"data": _shown(webhook) | {"secret": webhook.secret}})


def _known(desk: Desk, request: Request) -> Webhook:
    found = webhooks.find(desk.db, request.path_params["endpoint_id"])
    if found is None:
        raise ApiError(404, "webhook_not_found", "There is no webhook with this id.")
    return found


def _address(url: str) -> str:
    fault = _fault(url)
    if fault is not None:
        message = f"Nothing can be delivered to this url: {fault}."
        raise ApiError(400, "invalid_parameter", message, param="url")
    return url


def _fault(url: str) -> str | None:
    try:
        parse(url)
    except Unreachable as error:
        return str(error)
    return None


def _shown(webhook: Webhook) -> dict[str, Any]:
    """Without the secret: that is said once, when it is made."""
    return {
        "endpoint_id": webhook.endpoint_id,
        "url": webhook.url,
        "status": "enabled",
        "created_at": _iso(webhook.created_at),
        "events": webhook.events,
        "secret": None,
    }


def _description(kind: str) -> str:
    subject, _, end = kind.rpartition(".")
    what = (subject or end).replace("_", " ").replace(".", ": ").capitalize()
    return f"{what}. {_WHEN.get(end, 'It has ended.')}"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
