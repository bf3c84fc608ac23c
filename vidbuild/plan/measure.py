"""Measured lengths: what of a plan has to be spoken, and the plan once it has been.

Pure. Speaking itself, and remembering what was spoken, is the workspace's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import escape

from vidbuild.plan.build import summarise
from vidbuild.plan.changes import field_path, look_up
from vidbuild.plan.cost import estimate
from vidbuild.plan.model import Change, Estimate, Plan
from vidbuild.plan.paces import Paces
from vidbuild.plan.speech import Part, parts_of
from vidbuild.request.model import Request
from vidbuild.schema.api import Api

MOST_CHARACTERS = 5000  # of a text that the API speaks by itself
# What `voices/speech` speaks with; a voice sounds and lasts otherwise with another engine.
_ENGINE = "starfish"
_BREAK = re.compile(r"(<break\b[^<>]*>)", re.IGNORECASE)

NO_VOICE = "no voice_id"
TOO_LONG = f"longer than the {MOST_CHARACTERS:,} characters that are spoken at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A text and who speaks it: what the length depends on, and nothing else."""

    text: str
    voice_id: str
    speed: float = 1.0
    locale: str | None = None

    @property
    def order(self) -> dict[str, Any]:
        """The body of `voices/speech`. Only tags that pause are tags, as in a video's script."""
        tagged = _BREAK.search(self.text) is not None
        pieces = _BREAK.split(self.text) if tagged else [self.text]
        text = "".join(p if n % 2 or not tagged else escape(p) for n, p in enumerate(pieces))
        body: dict[str, Any] = {"text": text, "voice_id": self.voice_id}
        if tagged:
            body["input_type"] = "ssml"
        if self.speed != 1.0:
            body["speed"] = self.speed
        if self.locale is not None:
            body["locale"] = self.locale
        return body

    def key(self, speaker: str) -> str:
        """Names what is heard; `speaker` is whoever speaks, with edition and version."""
        told = json.dumps([speaker, self.order], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How long an utterance lasts; `audio` is the path of a recording, where one is kept."""

    seconds: float
    audio: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Why an utterance was not measured. `words` are the provider's, who may quote the text."""

    why: str
    words: str = ""


Ear = Callable[[Utterance], Heard | Unheard]


def utterances(api: Api, request: Request) -> Iterator[tuple[Part, Utterance | Unheard]]:
    """The spoken parts of a request, in order, and what has to be spoken to measure each."""
    for part in parts_of(api, request.body, request.media):
        if part.text is not None:
            yield part, _utterance(request.body, part, part.text)


def to_speak(api: Api, changes: Iterable[Change]) -> Iterator[tuple[Change, Part, Utterance]]:
    """What an apply would pay for and can be measured."""
    for change in changes:
        if change.pays and change.request is not None:
            for part, found in utterances(api, change.request):
                if isinstance(found, Utterance):
                    yield change, part, found


def measured(api: Api, plan: Plan, ear: Ear, paces: Paces) -> Plan:
    """The plan with the lengths that `ear` knows; what is not measured keeps its estimate, and
    says so. The digest is the same: it has neither seconds nor costs."""
    changes = tuple(
        replace(change, estimate=_measured(api, change.request, ear, paces))
        if change.pays and change.request is not None
        else change
        for change in plan.changes
    )
    return replace(plan, changes=changes, summary=summarise(changes))


def _measured(api: Api, request: Request, ear: Ear, paces: Paces) -> Estimate:
    heard: dict[str, Heard] = {}
    unmeasured: list[str] = []
    for part, found in utterances(api, request):
        told = ear(found) if isinstance(found, Utterance) else found
        if isinstance(told, Heard):
            heard[part.place] = told
        else:
            words = f" ({told.words})" if told.words and not request.private else ""
            unmeasured.append(f"{part.place}: {told.why}{words}")
    known = {place: each.seconds for place, each in heard.items()}
    found_out = estimate(api, request, paces, spoken=known)
    return replace(
        found_out,
        measured=bool(heard) and not unmeasured and found_out.seconds is not None,
        audio=() if request.private else tuple(e.audio for e in heard.values() if e.audio),
        unmeasured=tuple(unmeasured),
    )


def _utterance(body: Mapping[str, Any], part: Part, text: str) -> Utterance | Unheard:
    speaker = look_up(body, field_path(part.place)[:-1], {})
    voice = speaker.get("voice_id")
    if not isinstance(voice, str):
        return Unheard(why=NO_VOICE)
    engine = look_up(speaker, ("voice_settings", "engine_settings", "engine_type"))
    if engine not in (None, _ENGINE):
        return Unheard(why=f"spoken by the engine {engine}")
    found = Utterance(text=text, voice_id=voice, speed=part.speed, locale=part.locale)
    return Unheard(why=TOO_LONG) if len(found.order["text"]) > MOST_CHARACTERS else found
