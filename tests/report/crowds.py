"""Plans of thousands of videos with every kind of change in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any

from tests.plan.worlds import entry, plan, render, request
from vidbuild.plan.model import FileState, Plan
from vidbuild.request.model import Request
from vidbuild.state.records import Entry, Render, Status

_FIELDS: list[dict[str, Any]] = [
    {"voice_id": "v2"},
    {"resolution": "720p"},
    {"fit": "cover"},
    {"background": {"type": "color", "value": "#ffffff"}},
    {"aspect_ratio": "9:16"},
    {"avatar_id": "Ben"},
    {"voice_settings": {"speed": 1.1}},
    {"engine": {"type": "avatar_iii"}},
    {"output_format": "webm"},
    {"caption": {"file_format": "srt"}},
]
_COUNTRIES = ["ar", "日本", "de", "fr", "नमस्ते"]


Case = Callable[[random.Random, Request], tuple[Request | None, Entry | None]]


def _created(_dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    return video, None


def _reworded(_dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    return request(video.name, video.body["script"].replace("Cloud", "Sky") + "Bye."), entry(video)


def _changed(dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    return request(video.name, video.body["script"], **dice.choice(_FIELDS)), entry(video)


def _failed(dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    made = {"failure_code": "rendering_failed", "attempt": dice.choice([1, 3])}
    return video, entry(video, Status.failed, made=made)


def _reverted(_dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    return video, entry(request(video.name, "Newer."), history=(render(video),))


def _titled(_dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    return request(video.name, video.body["script"], title="Another"), entry(video)


def _in_flight(dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    return video, entry(video, dice.choice([Status.submitted, Status.intent]))


def _orphaned(_dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    return None, entry(video)


def _unchanged(_dice: random.Random, video: Request) -> tuple[Request | None, Entry | None]:
    return video, entry(video)


CASES: list[Case] = [
    _created, _created, _reworded, _changed, _changed, _failed, _reverted, _titled, _in_flight,
    _orphaned, _unchanged,
]  # fmt: skip


@cache
def crowd(count: int, seed: int = 1) -> Plan:
    """`count` videos, the kinds of change at random and unevenly spread."""
    return special_crowd(count, seed=seed)


def special_crowd(count: int, *, seed: int = 1, **how: Any) -> Plan:
    """Such a crowd, planned otherwise."""
    dice = random.Random(seed)  # noqa: S311 - a spread of cases, no secret
    ours: dict[str, Entry] = {}
    wanted: list[Request] = []
    held: dict[str, str] = {}
    fetched: set[str] = set()
    for number in range(count):
        name = f"courses/{dice.choice(_COUNTRIES)}/lesson-{number:05}"
        script = f"Welcome to lesson {number} of Acme Cloud. " * dice.randint(1, 5)
        video = request(name, script, title=f"Lesson {number}", private=number % 41 == 0)
        special = dice.randint(0, 12)
        if special == 0:
            held[name] = dice.choice(["untranslated", "translation_stale"])
            continue
        if special == 1:  # renamed
            ours[f"old/{number}"] = entry(request(f"old/{number}", script))
        video_, before = (video, None) if special == 1 else dice.choice(CASES)(dice, video)
        if special == 2:
            fetched.add(name)
        wanted += [video_] if video_ is not None else []
        ours |= {name: before} if before is not None else {}

    def files(name: str, _render: Render) -> FileState:
        return FileState.missing if name in fetched else FileState.good

    return plan(wanted, ours, files=files, held=held, **how)
