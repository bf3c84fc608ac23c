"""Request bodies: every field with right and wrong values, and jsonschema as the judge."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.schema.schema_kit import at, bodies, places, put, without, wrong
from vidbuild.schema.api import load_api
from vidbuild.schema.finding import Finding, dotted
from vidbuild.schema.shape import Shape
from vidbuild.schema.validate import check

API = load_api()
BODIES = list(bodies(API.request))
RULES = {"VB211", "VB212", "VB213", "VB214", "VB215", "VB216"}


def of_schema(body: Any, **options: Any) -> list[Finding]:
    """What is wrong apart from rules between fields."""
    return [found for found in check(API, body, **options) if found.code not in RULES]


def fields() -> Iterator[Any]:
    """Each place of each sample body once."""
    seen = set()
    for body in BODIES:
        for path, shape in places(API.request, body):
            name = f"{body['type']}:{dotted(path)}:{id(shape.schema.get('properties'))}"
            if name not in seen:
                seen.add(name)
                yield pytest.param(body, path, shape, id=f"{body['type']}:{dotted(path)}")


FIELDS = list(fields())


def test_the_samples_cover_every_variant() -> None:
    assert {body["type"] for body in BODIES} == set(API.request.variants)
    scenes = {scene["type"] for body in BODIES for scene in body.get("scenes", ())}
    assert scenes == {"avatar_video", "image", "video"}
    assert len(FIELDS) > 150


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["type"])
def test_a_body_with_every_field_is_accepted(body: dict[str, Any]) -> None:
    assert of_schema(body) == []


@pytest.mark.parametrize(("body", "path", "shape"), FIELDS)
def test_a_wrong_value_is_refused_at_its_place(body: Any, path: Any, shape: Shape) -> None:
    for value in wrong(shape):
        if path == ("type",) and isinstance(value, str):
            continue  # another variant, see below
        found = of_schema(put(body, path, value))
        assert found, value
        assert found[0].path[: len(path)] == path
        assert found[0].code in {
            "VB202", "VB203", "VB204", "VB205", "VB206", "VB207", "VB208",
        }  # fmt: skip
        assert found[0].hint


@pytest.mark.parametrize(("body", "path", "shape"), FIELDS)
def test_null_is_taken_where_the_spec_says_so(body: Any, path: Any, shape: Shape) -> None:
    assert bool(of_schema(put(body, path, None))) is not shape.nullable


@pytest.mark.parametrize(("body", "path", "shape"), FIELDS)
def test_a_required_field_is_missed_and_an_optional_one_is_not(
    body: Any, path: Any, shape: Shape
) -> None:
    if isinstance(path[-1], int):
        return
    holder = API.request
    for depth, part in enumerate(path[:-1]):
        value = at(body, path[: depth + 1])
        above = at(body, path[:depth])
        inner = holder.items if isinstance(part, int) else holder.member(part, above)
        assert inner is not None, value
        holder = inner
    chosen = holder.variant(at(body, path[:-1])) or holder
    found = of_schema(without(body, path))
    if path[-1] in chosen.required:
        assert [(each.path, each.code) for each in found] == [(path, "VB202")]
    else:
        assert found == []


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["type"])
def test_an_unknown_member_is_refused_at_every_depth(body: dict[str, Any]) -> None:
    for path, _ in [((), API.request), *places(API.request, body)]:
        if isinstance(at(body, path), dict):
            here = (*path, "zzz")
            found = of_schema(put(body, here, 1))
            assert [(each.path, each.code) for each in found] == [(here, "VB201")]


def validator(body: dict[str, Any]) -> Draft202012Validator:
    reference = API.document["components"]["schemas"]["CreateVideoRequest"]["discriminator"]
    schema = {
        "$ref": reference["mapping"][body["type"]],
        "components": API.document["components"],
    }
    return Draft202012Validator(schema)


VALIDATORS = {body["type"]: validator(body) for body in BODIES}
JUNK = st.sampled_from(
    [None, True, 0, 1, -1, 0.5, 2, 16, 301, 1.0, "", "x", "avatar", "image", "color", "url", "#fff",
     "#fffff", "https://a", "16:9", [], ["a"], ["a"] * 4, [1], {}, {"type": "color"},
     {"type": "image", "url": "u"}, {"type": "url", "url": "https://a/b"}, {"zzz": 1}]
)  # fmt: skip


@st.composite
def edited(draw: st.DrawFn) -> dict[str, Any]:
    """A sample body after a few edits: values replaced, members dropped or added."""
    body: dict[str, Any] = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(1, 4))):
        spots = [path for path, _ in walk(body) if path != ("type",)]
        path = draw(st.sampled_from(spots))
        match draw(st.sampled_from(["replace", "drop", "add"])):
            case "replace":
                body = put(body, path, draw(JUNK))
            case "drop" if isinstance(path[-1], str):
                body = without(body, path)
            case _:
                if isinstance(at(body, path), dict):
                    name = draw(st.sampled_from(["zzz", "type", "script", "url", "value"]))
                    body = put(body, (*path, name), draw(JUNK))
    return body


def walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*path, key), inner
        if isinstance(inner, dict | list):
            yield from walk(inner, (*path, key))


@settings(max_examples=300, deadline=None)
@given(edited())
def test_the_verdict_is_that_of_a_json_schema_validator(body: dict[str, Any]) -> None:
    assert bool(of_schema(body)) is not VALIDATORS[body["type"]].is_valid(body)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        JUNK,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "script", "scenes", "x"]), inner)
        ),
    )
)
def test_any_json_is_judged_without_an_exception(body: Any) -> None:  # fmt: skip
    for found in check(API, body):
        assert found.message
        assert found.code.startswith("VB2")


@pytest.mark.parametrize(
    ("change", "code", "message", "hint"),
    [
        ({"scrip": "x"}, "VB201", "scrip is not a field of type avatar", "did you mean `script`?"),
        ({"voice": "x"}, "VB201", "voice is not a field", "did you mean `voice_id`?"),
        ({"speed": 1}, "VB201", "speed is not", "did you mean `voice_settings.speed`?"),
        ({"prompt": "x"}, "VB209", "cinematic_avatar has it", "or use `type: cinematic_avatar`"),
        ({"type": "avtar"}, "VB204", "allowed: avatar, image, cinematic_avatar, studio",
         "did you mean `avatar`?"),
        ({"resolution": "1080"}, "VB204", "allowed: 4k, 1080p, 720p", "did you mean `1080p`?"),
        ({"aspect_ratio": "3:2"}, "VB204", "16:9, 9:16, 4:5, 5:4, 1:1, auto", "use "),
        ({"voice_settings": {"speed": 3}}, "VB205",
         "voice_settings.speed is 3; allowed: from 0.5 to 1.5", "default 1"),
        ({"voice_settings": {"speed": "fast"}}, "VB203", 'has to be a number, not "fast"',
         "without quotes"),
        ({"title": 2024}, "VB203", "title has to be text, not 2024", 'quotes: "2024"'),
        ({"script": "x" * 5001}, "VB206", "script has 5001 characters; allowed: at least 1 and",
         "shorten it"),
        ({"background": {"type": "color", "value": "red"}}, "VB207",
         'background.value is "red", which is not a hex colour', "#101820"),
        ({"background": "#101820"}, "VB203", "has to be a mapping", None),
        ({"background": {"type": "image", "url": "u", "file": "a.png"}}, "VB201", "background.file",
         "write `asset_id: {file: …}`"),
        ({"watermark": {"image": {"file": "a.png"}}}, "VB202", "watermark.image.type is missing",
         "write `{type: asset_id, asset_id: {file: …}}`"),
        ({"watermark": {"image": {"type": "url", "url": "https://a/b"}, "scale": 0}}, "VB205",
         "more than 0 and at most 2", "use"),
    ],
)  # fmt: skip
def test_words(change: dict[str, Any], code: str, message: str, hint: str | None) -> None:
    body = {"type": "avatar", "avatar_id": "a", "script": "Hello.", **change}
    (found,) = of_schema(body)
    assert found.code == code
    assert message in found.message
    assert hint is None or hint in (found.hint or "")


def test_a_right_body_needs_no_json_schema_library() -> None:
    program = (
        "import sys; from vidbuild.schema.api import load_api;"
        "from vidbuild.schema.validate import check;"
        "assert not check(load_api(), {'type': 'avatar', 'avatar_id': 'a', 'script': 's'});"
        "assert check(load_api(), {'type': 'avatr'});"
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("body", [None, [], "text", 5, True])
def test_what_is_no_mapping_is_no_request(body: Any) -> None:
    (found,) = check(API, body)
    assert (found.path, found.code) == ((), "VB203")
    assert found.message.startswith("the request has to be a mapping")


def test_a_missing_type_is_guessed_from_the_other_fields() -> None:
    (found,) = check(API, {"scenes": [{"type": "video"}]})
    assert (found.path, found.code, found.hint) == (("type",), "VB202", "add `type: studio`")


@pytest.mark.parametrize("field", ["script", "motion_prompt", "title"])
def test_no_text_of_the_users_is_quoted(field: str) -> None:
    secret = "the secret words"
    body = {"type": "avatar", "avatar_id": "a", "script": "Hello.", field: [secret]}
    long = {"type": "avatar", "avatar_id": "a", "script": secret * 1000}
    assert all(secret not in f"{f.message} {f.hint}" for f in check(API, body) + check(API, long))


@pytest.mark.parametrize("path", [("audio_asset_id",), ("background", "asset_id")])
def test_a_local_file_stands_in_for_an_uploaded_one(path: tuple[str, ...]) -> None:
    body: dict[str, Any] = {"type": "avatar", "avatar_id": "a", "background": {"type": "image"}}
    here = put(body, path, {"sha256": "0" * 64})
    assert path not in [found.path for found in check(API, here, local_files=True)]
    assert (path, "VB203") in [(found.path, found.code) for found in check(API, here)]
    near = put(body, path, {"sha256": "0" * 63})
    assert path in [found.path for found in check(API, near, local_files=True)]


def test_a_local_file_is_no_script() -> None:
    body = {"type": "avatar", "avatar_id": "a", "script": {"sha256": "0" * 64}}
    assert [found.code for found in check(API, body, local_files=True)] == ["VB203"]
