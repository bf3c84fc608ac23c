"""The calls about the account: who one is, what is left to spend, what was spent on."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.studio import speeches, store, videos
from vidbuild.studio.answers import answer, data, encode
from vidbuild.studio.desk import USERNAME, Desk


async def get_user(desk: Desk, _request: Request) -> Response:
    return data(
        {
            "username": USERNAME,
            "email": None,
            "first_name": None,
            "last_name": None,
            "billing_type": "wallet",
            "wallet": {
                "currency": "usd",
                "remaining_balance": store.balance(desk.db),
                "auto_reload": {"enabled": False},
            },
            "subscription": None,
            "usage_based": None,
        }
    )


async def get_ledger(desk: Desk, _request: Request) -> Response:
    """Every job ever taken and what it cost: not of the API, for tests and rehearsals."""
    spoken = [
        {
            "request_id": speech.speech_id,
            "request": speech.request,
            "seconds": speech.seconds,
            "charged_usd": speech.charged_usd,
            "created_at": int(speech.created_at),
        }
        for speech in speeches.all_speeches(desk.db)
    ]
    rest = encode({"speeches": spoken, "requests": store.request_counts(desk.db)})
    jobs = ",".join(videos.ledger(desk.db))
    return answer(f'{{"jobs":[{jobs}],{rest[1:]}')
