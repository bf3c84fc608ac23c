"""Spec files of the user's: chosen operations, other editions, and files of no use."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from vidbuild.diagnostics import Problems
from vidbuild.schema.api import load_api
from vidbuild.schema.canonical import content
from vidbuild.schema.rates import as_of, price
from vidbuild.schema.validate import check

BODY: dict[str, Any] = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["script"],
                "properties": {
                    "script": {"type": "string"},
                    "title": {"type": "string"},
                    "size": {"type": "integer", "minimum": 1, "nullable": True, "default": 2},
                    "logo_asset_id": {"type": "string"},
                    "callback_id": {"type": "string"},
                },
            }
        }
    }
}


def spec(**paths: Any) -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {"title": "t", "version": "7"}, "paths": paths}


def one(body: Any = BODY, path: str = "/make", **operation: Any) -> dict[str, Any]:
    return spec(**{path: {"post": {"requestBody": body, "responses": {}, **operation}}})


def written(folder: Path, document: Any, name: str = "spec.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def test_the_bundled_edition() -> None:
    api = load_api()
    assert (api.edition, api.operation, api.path) == ("2026-07-21", "POST /v3/videos", "/v3/videos")
    assert api.metadata == {"title", "callback_url", "callback_id"}
    assert api.callbacks == {"callback_url", "callback_id"}
    assert api.title == "title"
    assert load_api() is api


def test_another_api_altogether(tmp_path: Path) -> None:
    api = load_api(written(tmp_path, one()))
    assert (api.edition, api.operation) == ("7", "POST /make")
    body = {"script": "s", "size": 2, "title": "t", "callback_id": "c",
            "logo_asset_id": {"sha256": "0" * 64}}  # fmt: skip
    assert check(api, body, local_files=True) == []
    assert content(api, body) == {"script": "s", "logo_asset_id": {"sha256": "0" * 64}}
    assert [found.code for found in check(api, {"size": 0})] == ["VB202", "VB205"]
    assert api.request.properties["script"].text
    assert price(api, body, 10) is None
    assert as_of(api)


def test_an_edition_with_a_field_more_is_no_other_program(tmp_path: Path) -> None:
    document = copy.deepcopy(dict(load_api().document))
    fields = document["components"]["schemas"]["CreateVideoFromAvatar"]["properties"]
    fields["brand_glossary_id"] = {"type": ["string", "null"], "default": None}
    for key in [key for key in document if key.startswith("x-")]:
        del document[key]
    body = {"type": "avatar", "avatar_id": "a", "script": "s", "brand_glossary_id": "g"}
    assert [found.code for found in check(load_api(), body)] == ["VB201"]
    api = load_api(written(tmp_path, document))
    assert check(api, body) == []
    assert content(api, body) == body


def test_yaml_and_a_byte_order_mark(tmp_path: Path) -> None:
    body = "{content: {application/json: {schema: {type: object}}}}"
    text = f"\ufeffopenapi: 3.1.0\npaths:\n  /a:\n    post:\n      requestBody: {body}\n"
    assert load_api(written(tmp_path, text, "spec.yaml")).operation == "POST /a"


@pytest.mark.parametrize("wanted", ["makeVideo", "POST /make"])
def test_an_operation_by_id_or_by_method_and_path(tmp_path: Path, wanted: str) -> None:
    document = one(operationId="makeVideo")
    document["paths"]["/other"] = {"post": {"operationId": "other"}}
    assert load_api(written(tmp_path, document), wanted).operation == "POST /make"


def test_the_usual_operation_needs_no_name(tmp_path: Path) -> None:
    document = one(path="/v3/videos")
    document["paths"]["/other"] = {"post": {}}
    assert load_api(written(tmp_path, document)).path == "/v3/videos"


def test_a_body_by_reference(tmp_path: Path) -> None:
    document = one({"$ref": "#/components/requestBodies/Make"})
    document["components"] = {"requestBodies": {"Make": BODY}}
    assert load_api(written(tmp_path, document)).request.required == {"script"}


TWO = spec(**{"/a": {"post": {}}, "/b": {"post": {}}})
FORM = {"content": {"multipart/form-data": {"schema": {"type": "object"}}}}


@pytest.mark.parametrize(
    ("document", "operation", "code", "words"),
    [
        ("{", None, "VB270", "not JSON"),
        ("[]", None, "VB271", "not an OpenAPI"),
        ({"swagger": "2.0"}, None, "VB271", "not an OpenAPI"),
        ({"openapi": "2.9"}, None, "VB271", "not an OpenAPI"),
        ({"openapi": "3.1.0"}, None, "VB272", "no POST"),
        ({"openapi": "3.1.0", "paths": [1]}, None, "VB272", "no POST"),
        (one(operationId="makeVideo"), "makeVideos", "VB272", "did you mean `makeVideo`?"),
        (one(), "GET /nothing/like/it", "VB272", "POST /make"),
        (TWO, None, "VB273", "POST /a, POST /b"),
        (one({}), None, "VB274", "no JSON body"),
        (one(FORM), None, "VB274", "no JSON body"),
        (one({"$ref": "#/components/nowhere"}), None, "VB275", "#/components/nowhere"),
        (one({"content": {"application/json": {"schema": {"$ref": "#/a"}}}}), None, "VB275", "#/a"),
        (one({"content": {"application/json": {"schema": {"$ref": "b.yaml"}}}}), None, "VB276",
         "b.yaml"),
    ],
)  # fmt: skip
def test_files_of_no_use(
    tmp_path: Path, document: Any, operation: str | None, code: str, words: str
) -> None:
    with pytest.raises(Problems) as caught:
        load_api(written(tmp_path, document), operation)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert words in f"{found.message} {found.hint}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        load_api(tmp_path / "none.yaml")
    (found,) = caught.value.diagnostics
    assert found.code == "VB270"
    assert found.message.endswith("none.yaml cannot be read: no such file or directory")


@pytest.mark.parametrize(
    ("member", "code", "words"),
    [
        ({"$ref": "#/components/schemas/Nowhere"}, "VB275", "Nowhere"),
        ({"type": "array", "items": {"$ref": "x.yaml"}}, "VB276", "x.yaml"),
        ({"oneOf": [{}], "discriminator": {"propertyName": "t", "mapping": {"a": "Gone"}}}, "VB275",
         "Gone"),
        ({"type": "string", "pattern": "("}, "VB277", "the request.deep"),
        ({"type": "object", "properties": []}, "VB278", "the request.deep has a `properties`"),
        ({"type": "object", "properties": {"in": 5}}, "VB278", "the request.deep.in is no schema"),
        ({"anyOf": [{"enum": "a"}]}, "VB278", "a `enum` of the wrong type"),
        ({"type": "number", "minimum": "1"}, "VB278", "a `minimum`"),
    ],
)  # fmt: skip
def test_a_schema_of_no_use_deep_inside(
    tmp_path: Path, member: dict[str, Any], code: str, words: str
) -> None:
    body = copy.deepcopy(BODY)
    body["content"]["application/json"]["schema"]["properties"]["deep"] = member
    with pytest.raises(Problems) as caught:
        load_api(written(tmp_path, one(body)))
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert words in found.message


def test_a_schema_that_contains_itself_is_sound(tmp_path: Path) -> None:
    body = copy.deepcopy(BODY)
    schema = body["content"]["application/json"]["schema"]
    pointer = "#/paths/~1make/post/requestBody/content/application~1json/schema"
    schema["properties"]["inner"] = {"$ref": pointer}
    api = load_api(written(tmp_path, one(body)))
    found = check(api, {"script": "s", "inner": {"script": "s", "inner": {"script": 5}}})
    assert [each.path for each in found] == [("inner", "inner", "script")]


def test_keywords_that_only_a_library_knows(tmp_path: Path) -> None:
    body = copy.deepcopy(BODY)
    body["content"]["application/json"]["schema"]["properties"]["tags"] = {
        "type": "array", "uniqueItems": True, "items": {"type": "string"},
    }  # fmt: skip
    api = load_api(written(tmp_path, one(body)))
    assert check(api, {"script": "s", "tags": ["a", "b"]}) == []
    (found,) = check(api, {"script": "s", "tags": ["a", "a"]})
    assert (found.path, found.code) == (("tags",), "VB217")


# The create call as published in April 2026: one object, no union, fewer choices.
OLD = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "2026-04-06"},
    "paths": {"/v3/videos": {"post": {"requestBody": {"content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/CreateVideoFromAvatar"}}}}}}},
    "components": {"schemas": {
        "Size": {"type": "string", "enum": ["1080p", "720p"]},
        "BackgroundSetting": {"type": "object", "required": ["type"], "properties": {
            "type": {"type": "string", "enum": ["color", "image"]},
            **{key: {"type": ["string", "null"], "default": None}
               for key in ("value", "url", "asset_id")}}},
        "CreateVideoFromAvatar": {"type": "object", "required": ["type", "avatar_id"],
            "properties": {
                "type": {"type": "string", "const": "avatar"},
                "avatar_id": {"type": "string"},
                "resolution": {"anyOf": [{"$ref": "#/components/schemas/Size"}, {"type": "null"}],
                               "default": None},
                "background": {"anyOf": [{"$ref": "#/components/schemas/BackgroundSetting"},
                                         {"type": "null"}], "default": None},
                **{key: {"type": ["string", "null"], "default": None} for key in (
                    "title", "script", "voice_id", "audio_url", "audio_asset_id", "callback_url",
                    "callback_id")}}},
    }},
}  # fmt: skip


def test_the_first_edition(tmp_path: Path) -> None:
    api = load_api(written(tmp_path, OLD))
    body = {"type": "avatar", "avatar_id": "a", "script": "s", "resolution": "720p", "title": "t",
            "background": {"type": "color", "value": "#101820"}}  # fmt: skip
    assert check(api, body) == []
    assert content(api, body) == {key: body[key] for key in body if key != "title"}
    assert [found.code for found in check(api, {**body, "resolution": "4k"})] == ["VB204"]
    assert [found.code for found in check(api, {**body, "audio_url": "u"})] == ["VB211"]
    assert [found.code for found in check(api, {**body, "type": "image"})] == ["VB204"]
    assert api.request.exclusive == (("script", "audio_url", "audio_asset_id"),)
    assert api.request.properties["background"].discriminator == "type"
    assert price(api, body, 10) == pytest.approx((0.5, 0.667))
