"""Requests of one form: judged, left out and encoded as each would be alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.schema.schema_kit import bodies, put, without, wrong
from vidbuild.request.build import Unsendable, body_of
from vidbuild.request.fingerprint import canonical_json, fingerprint, quick_json
from vidbuild.request.forms import Form, Forms
from vidbuild.request.model import Media
from vidbuild.schema.api import Api, load_api
from vidbuild.schema.canonical import content
from vidbuild.schema.shape import MISSING, Shape
from vidbuild.schema.validate import findings

# What the bundled edition does not have: open objects, a default that is text, tags that are
# plain texts, a union without a tag, rules about what stands deep inside.
OPEN: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {"/make": {"post": {"requestBody": {"content": {"application/json": {"schema": {
        "type": "object",
        "additionalProperties": True,
        "x-vidbuild-rules": [
            {"id": "a", "forbidden": "word", "when": {"deep.word": "text"}, "message": "m"},
            {"id": "b", "allowed": {"deep.deep.word": ["words"]}, "message": "m"},
        ],
        "properties": {
            "word": {"type": "string", "default": "words"},
            "mood": {"type": "string", "maxLength": 5},
            "size": {"type": "number", "default": 0.5},
            "deep": {"$ref": "#/components/schemas/Deep"},
            "kind": {
                "oneOf": [{"$ref": "#/components/schemas/Deep"},
                          {"type": "object", "additionalProperties": True,
                           "properties": {"n": {"type": "integer"}}}],
                "discriminator": {"propertyName": "word", "mapping": {
                    "words": "#/components/schemas/Deep", "text": "Other"}}},
            "either": {"anyOf": [{"type": "string", "maxLength": 4},
                                 {"type": "array", "items": {"type": "string"}}]},
        }}}}}}}},
    "components": {"schemas": {
        "Deep": {"type": "object", "additionalProperties": {"type": "string"}, "properties": {
            "word": {"type": "string"}, "deep": {"$ref": "#/components/schemas/Deep"}}},
        "Other": {"type": "object", "additionalProperties": True,
                  "properties": {"n": {"type": "integer", "default": 1}}},
    }},
}  # fmt: skip
OPEN_BODIES: list[dict[str, Any]] = [
    {"word": "text", "mood": "calm", "size": 0.5, "either": "four", "other": {"a": [1, None]},
     "deep": {"word": "text", "deep": {"word": "words", "more": "text"}},
     "kind": {"word": "words", "x": "text"}},
    {"either": ["words", "text"], "kind": {"word": "text", "n": 1, "m": {}}, "deep": {}},
    {"word": "calm", "deep": {"word": "calm", "deep": {"word": "words"}}, "mood": "text"},
]  # fmt: skip
WORDS = [
    "  words \n",
    " ",
    "\ud800",
    "words",
    "text",
    "calm",
    "four",
    "",
    "ünïcode 😀",
    "x" * 4999,
    "x" * 5001,
    "#101820",
]
VALUES: list[Any] = [
    *WORDS,
    None,
    True,
    0,
    1,
    1.0,
    0.5,
    2**60,
    {},
    [],
    {"sha256": "0" * 64},
    {"ü": 1},
]


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Api, list[Any]]]:
    file: Path = tmp_path_factory.mktemp("spec") / "spec.json"
    file.write_text(json.dumps(OPEN), encoding="utf-8")
    return [(load_api(), list(bodies(load_api().request))), (load_api(file), OPEN_BODIES)]


def spots(shape: Shape | None, value: Any, path: Any = ()) -> list[tuple[Any, Shape | None]]:
    """Every place of a body, those without a shape included."""
    found = [(path, shape)] if path else []
    chosen = shape and (shape.variant(value) or shape)
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, member in value.items() if isinstance(value, dict) else listed:
        below = chosen.member(key) if chosen and isinstance(key, str) else shape and shape.items
        found += spots(below, member, (*path, key))
    return found


def changed(draw: Any, api: Api, body: Any) -> Any:
    """The body with a few places changed: other words mostly."""
    for _ in range(draw(st.integers(0, 4))):
        path, shape = draw(st.sampled_from(spots(api.request, body)))
        own = list(wrong(shape)) if shape and draw(st.booleans()) else []
        default = [shape.default] if shape and shape.default is not MISSING else []
        if draw(st.integers(0, 3)) == 0:
            body = without(body, path)
            if not body:
                break
        else:
            body = put(body, path, draw(st.sampled_from(WORDS + VALUES + own + default)))
    return body


@pytest.mark.parametrize("which", [0, 1])
def test_a_form_tells_what_looking_tells_wherever_one_value_changes(
    apis: list[tuple[Api, list[Any]]], which: int
) -> None:
    api, samples = apis[which]
    forms = Forms(api)
    made: list[Any] = []
    for body in samples:
        for path, shape in spots(api.request, body):
            own = [shape.default] if shape and shape.default is not MISSING else []
            made += [without(body, path), *(put(body, path, value) for value in VALUES + own)]
    judged = [(body, list(findings(api, body, local_files=True))) for body in made]
    for body, found in judged:
        if not found and is_made(api, body):
            forms.learn(forms.outline(body), body)
    followed = [(body, found) for body, found in judged if forms.get(forms.outline(body))]
    assert len(followed) > 100
    for body in made:
        check_body(api, forms, body)
    for body, found in followed:
        assert found == []
        check_content(api, forms, body)


def check_body(api: Api, forms: Forms, fields: Any) -> None:
    form = forms.get(forms.outline(fields))
    body = form.body(fields) if form else None
    if body is not None:
        assert body == body_of(fields, api.request, (), no_media)
        assert list(findings(api, body, local_files=True)) == []


def is_made(api: Api, body: Any) -> bool:
    """Whether fields are made to this body: others never come so far that they are judged."""
    try:
        return bool(body == body_of(body, api.request, (), no_media))
    except Unsendable:
        return False


def no_media(name: str, path: Any) -> Media:
    raise AssertionError(name, path)


def check_content(api: Api, forms: Forms, body: Any) -> None:
    form = forms.get(forms.outline(body))
    made = forms.content(body, form)
    assert made == content(api, body)
    assert not (form and form.quick) or quick_json(made) == canonical_json(made)
    assert not (form and form.plain) or quick_json(body) == canonical_json(body)


@given(st.data())
def test_a_form_tells_what_looking_tells(
    apis: list[tuple[Api, list[Any]]], data: st.DataObject
) -> None:
    api, samples = data.draw(st.sampled_from(apis))
    start = data.draw(st.sampled_from(samples))
    forms = Forms(api)
    for _ in range(8):
        body = changed(data.draw, api, start)
        check_body(api, forms, body)
        outline = forms.outline(body)
        found = list(findings(api, body, local_files=True))
        if forms.get(outline) is not None:
            assert found == []
            check_content(api, forms, body)
        elif not found and is_made(api, body):
            forms.learn(outline, body)


def test_words_are_no_part_of_a_form() -> None:
    api = load_api()
    body = {"type": "avatar", "avatar_id": "a", "script": "One.", "title": "T", "voice_id": "v",
            "background": {"type": "color", "value": "#000000"}}  # fmt: skip
    other = {**body, "script": "Two.", "title": "Ü", "voice_id": "w",
             "background": {"type": "color", "value": "#ffffff"}}  # fmt: skip
    forms = Forms(api)
    assert forms.outline(body) == forms.outline(other) is not None
    forms.learn(forms.outline(body), body)
    assert forms.get(forms.outline(other)) == Form(
        silent=frozenset({"title"}), quick=True, plain=True, scripts=("script",)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"resolution": "4k"},
        {"type": "image"},
        {"background": {"type": "image", "value": "#000000"}},
        {"script": None},
        {"voice_settings": {"speed": 1}},
        {"remove_background": True},
        {"unknown": "x"},
    ],
)
def test_what_decides_is_part_of_a_form(change: dict[str, Any]) -> None:
    body = {"type": "avatar", "avatar_id": "a", "script": "One.",
            "background": {"type": "color", "value": "#000000"}}  # fmt: skip
    forms = Forms(load_api())
    assert forms.outline(body) != forms.outline({**body, **change})


@pytest.mark.parametrize(
    "change", [{"script": "x" * 5001}, {"background": {"type": "color", "value": "red"}}]
)
def test_words_past_a_limit_are_looked_at(change: dict[str, Any]) -> None:
    body = {"type": "avatar", "avatar_id": "a", "script": "One.", **change}
    assert Forms(load_api()).outline(body) is None


def test_the_quick_encoder_gives_the_same_fingerprint() -> None:
    for body in bodies(load_api().request):
        made = content(load_api(), body)
        if quick_json(made) == canonical_json(made):
            of = {"provider": "heygen", "operation": "POST /v3/videos", "revision": 3}
            quick = fingerprint(made, **of, encode=quick_json)  # type: ignore[arg-type]  # as below
            assert quick == fingerprint(made, **of)  # type: ignore[arg-type]  # of both types
