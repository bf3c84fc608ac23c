"""The avatars, looks, voices and glossaries that the studio lists, from `catalogue.json`.

Small, made up, and with one of everything: every kind of avatar, every engine, what is still
in training or was refused, a voice for each language of the speech engine. Ids that are not
in it are accepted all the same; nothing is known of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`kind` is the API's `avatar_type`; `matting` tells who can be cut out."""

    id: str
    name: str
    group: str
    kind: str
    gender: str
    engines: tuple[str, ...]
    width: int
    height: int
    orientation: str
    voice: str | None
    matting: bool
    status: str | None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A figure with its looks; `consent` None where nobody has to agree."""

    id: str
    name: str
    kind: str
    gender: str
    consent: str | None
    voice: str | None
    looks: tuple[Look, ...]

    @property
    def private(self) -> bool:
        return any(look.status is not None for look in self.looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """`code` is the speech engine's for the language; `clone` how far a private voice is."""

    voice_id: str
    name: str
    language: str
    code: str
    gender: str
    engine: str
    clone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything by its id, in the order in which it is listed."""

    groups: Mapping[str, Group]
    looks: Mapping[str, Look]
    voices: Mapping[str, Voice]
    glossaries: tuple[Mapping[str, str], ...]


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    read = json.loads(Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8"))
    groups = {entry["id"]: _group(entry) for entry in read["groups"]}
    return Catalogue(
        groups=groups,
        looks={look.id: look for group in groups.values() for look in group.looks},
        voices={entry["voice_id"]: Voice(**entry) for entry in read["voices"]},
        glossaries=tuple(read["glossaries"]),
    )


def language_of(voice_id: str) -> str | None:
    """The speech engine's code for what a voice of the catalogue speaks by itself."""
    voice = catalogue().voices.get(voice_id)
    return None if voice is None else voice.code


def kind_of(request: Mapping[str, Any]) -> str | None:
    """The kind of avatar in a video, where the catalogue has all of its looks and they agree."""
    known = catalogue().looks
    found = {known[i].kind if i in known else None for i in _avatars(request)}
    return found.pop() if len(found) == 1 else None


def _avatars(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        given = node.get("avatar_id")
        yield from [given] if isinstance(given, str) else given if isinstance(given, list) else ()
        for value in node.values():
            yield from _avatars(value)
    elif isinstance(node, list):
        for item in node:
            yield from _avatars(item)


def _group(entry: Mapping[str, Any]) -> Group:
    looks = tuple(
        Look(
            **{
                **look,
                "group": entry["id"],
                "kind": entry["kind"],
                "gender": entry["gender"],
                "engines": tuple(look["engines"]),
                "tags": tuple(look.get("tags", ())),
            }
        )
        for look in entry["looks"]
    )
    return Group(**{**entry, "looks": looks})
