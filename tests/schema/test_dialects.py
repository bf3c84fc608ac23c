"""Whatever OpenAPI 3.0 and 3.1 can say: small specs, what they take, and what is underlined."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from vidbuild.diagnostics import Problems
from vidbuild.schema.api import Api, load_api
from vidbuild.schema.canonical import content
from vidbuild.schema.project_schema import project_schema
from vidbuild.schema.validate import check
from vidbuild.source import yaml

Spec = dict[str, Any]


def document(body: Spec, components: Spec, version: str = "3.1.0") -> Spec:
    content_of = {"application/json": {"schema": body}}
    return {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": {"/make": {"post": {"requestBody": {"content": content_of}, "responses": {}}}},
        "components": {"schemas": components},
    }


def read(spec: Spec, name: str = "spec.json") -> Api:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(json.dumps(spec), encoding="utf-8")
        return load_api(path)


def editor(api: Api) -> Draft202012Validator:
    """The judge that an editor has, after a look at what the spec decides in its schema."""
    schema = project_schema(api)
    decided = {key: each for key, each in schema["$defs"].items() if key.startswith("api.")}
    fields = schema["$defs"]["fields"]
    Draft202012Validator.check_schema({"$defs": {"fields": fields, **decided}})
    return Draft202012Validator(schema)


def project(**fields: Any) -> Spec:
    return {"vidbuild": 1, "project": "p", "videos": {"a": fields}}


FILE = Path(__file__).with_name("dialects.yaml")
CASES: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), file=FILE.name)


def spec_of(case: Spec) -> Spec:
    body = {"type": "object", "properties": referring(case["properties"])}
    return document(body, referring(case.get("components", {})), case.get("version", "3.1.0"))


def referring(node: Any) -> Any:
    """The node with bare `$ref`s made references to components."""
    if isinstance(node, list):
        return [referring(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: referring(each) for key, each in node.items()}
    if isinstance(name := node.get("$ref"), str) and not name.startswith("#"):
        made["$ref"] = f"#/components/schemas/{name}"
    return made


@pytest.mark.parametrize("name", CASES)
def test_what_a_spec_takes_the_editor_takes(name: str) -> None:
    case = CASES[name]
    api = read(spec_of(case))
    judge = editor(api)
    for value in case["right"]:
        assert check(api, {"v": value}) == [], value
        assert [e.message for e in judge.iter_errors(project(v=value))] == [], value
    for value in case["wrong"]:
        assert check(api, {"v": value}), value
        assert not judge.is_valid(project(v=value)), value
    assert judge.is_valid(project(v="{{ each.v }}"))
    assert not judge.is_valid(project(vv=1))


@pytest.mark.parametrize("name", CASES)
def test_the_same_spec_in_yaml(name: str) -> None:
    spec = spec_of(CASES[name])
    assert project_schema(read(spec, "spec.yaml")) == project_schema(read(spec))


ONLY_THEMSELVES = [
    "A: {$ref: A}",
    "{A: {$ref: B}, B: {$ref: A}}",
    "A: {allOf: [{$ref: A}]}",
    "A: {anyOf: [{$ref: A}, {type: 'null'}]}",
    "A: {oneOf: [{$ref: A}]}",
    "A: {anyOf: [{$ref: A}, {type: string}, {type: integer}]}",
    "{A: {anyOf: [{$ref: B}, {type: string}]}, B: {anyOf: [{$ref: A}, {type: integer}]}}",
    "A: {oneOf: [{$ref: A}], discriminator: {propertyName: t}}",
    "A: {discriminator: {propertyName: t, mapping: {a: A}}}",
]


@pytest.mark.parametrize("components", ONLY_THEMSELVES)
def test_a_schema_that_is_only_itself_is_no_endless_walk(components: str) -> None:
    case = {"properties": {"v": {"$ref": "A"}}, "components": yaml.load(components, file="c")}
    codes = ["VB275"]
    try:
        api = read(spec_of(case))
        editor(api)
        check(api, {"v": {"t": "a", "n": 1}})
    except Problems as problems:
        codes = [found.code for found in problems.diagnostics]
    assert codes == ["VB275"]


class Named(dict[str, Any]):
    """A value of an object that takes the members it names and no others."""


# Any small schema, with a value that it takes.
names = st.sampled_from(["alpha", "beta", "gamma", "delta_asset_id", "script", "a/b~c"])


def nullable(draw: Any, schema: Spec, value: Any) -> tuple[Spec, Any]:
    """The schema as it is, or with null in one of the ways of writing that."""
    way = draw(st.sampled_from(["no", "no", "3.0", "any", "one", "list"]))
    none = draw(st.booleans())
    if way == "no" or "discriminator" in schema or "oneOf" in schema:
        return schema, value
    if way == "list" and isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}, None if none else value
    if way == "3.0" and "type" in schema and "enum" not in schema:
        return {**schema, "nullable": True}, None if none else value
    union = "oneOf" if way == "one" else "anyOf"
    return {union: [schema, {"type": "null"}]}, None if none else value


@st.composite
def scalars(draw: Any) -> tuple[Spec, Any]:
    choices: list[tuple[Spec, Any]] = [
        ({"type": "string"}, "words"),
        ({"type": "string", "minLength": 2, "maxLength": 9}, "words"),
        ({"type": "string", "enum": ["one", "two"]}, "two"),
        ({"type": "string", "enum": ["only"]}, "only"),
        ({"const": "only"}, "only"),
        ({"type": "integer", "minimum": 1, "default": 3}, 4),
        ({"type": "number", "maximum": 1}, 0.5),
        ({"type": "boolean", "default": False}, True),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, 5),
        ({}, "anything"),
    ]
    return nullable(draw, *draw(st.sampled_from(choices)))


@st.composite
def objects(draw: Any, inner: Any) -> tuple[Spec, Any]:
    members = draw(st.dictionaries(names, inner, min_size=1, max_size=3))
    schema: Spec = {
        "type": "object",
        "properties": {name: each for name, (each, _) in members.items()},
        "required": draw(st.lists(st.sampled_from(sorted(members)), unique=True)),
    }
    if draw(st.booleans()):
        schema["additionalProperties"] = False
    if draw(st.booleans()):
        schema["properties"]["again"] = {"$ref": "#/components/schemas/Loop"}
    return schema, Named({name: value for name, (_, value) in members.items()})


@st.composite
def unions(draw: Any, inner: Any) -> tuple[Spec, Any]:
    """A union of objects by a tag, with or without a discriminator."""
    branches = draw(st.lists(inner, min_size=2, max_size=3))
    tagged = []
    for number, (schema, value) in enumerate(branches):
        tag = {"enum": [f"t{number}"]} if draw(st.booleans()) else {"const": f"t{number}"}
        tagged.append((
            {"type": "object", "required": ["kind"],
             "properties": {"kind": {"type": "string", **tag}, "held": schema}},
            Named(kind=f"t{number}", held=value),
        ))  # fmt: skip
    union: Spec = {"oneOf": [schema for schema, _ in tagged]}
    if draw(st.booleans()):
        union["discriminator"] = {"propertyName": "kind"}
    return union, draw(st.sampled_from([value for _, value in tagged]))


@st.composite
def grown(draw: Any, inner: Any) -> tuple[Spec, Any]:
    """A larger schema of a smaller one."""
    schema, value = draw(inner)
    match draw(st.sampled_from(["list", "map", "all", "object", "union"])):
        case "list":
            made: tuple[Spec, Any] = {"type": "array", "items": schema}, [value, value]
        case "map":
            made = {"type": "object", "additionalProperties": schema}, {"any": value}
        case "all" if isinstance(value, dict) and "properties" in schema:
            more = {"properties": {"more": {"type": "integer"}}}
            base = {k: v for k, v in schema.items() if k != "additionalProperties"}
            made = {"allOf": [base, more]}, Named({**value, "more": 1})
        case "union":
            made = draw(unions(inner))
        case _:
            made = draw(objects(inner))
    return nullable(draw, *made)


schemas = st.recursive(scalars(), grown, max_leaves=6)


@st.composite
def specs(draw: Any) -> tuple[Spec, Spec, Any]:
    """A spec with a request, some of it behind references, and a body that it takes."""
    members = draw(st.dictionaries(names, schemas, min_size=1, max_size=3))
    components: Spec = {"Loop": {"type": "object", "properties": {
        "again": {"$ref": "#/components/schemas/Loop"}, "n": {"type": "integer"}}}}  # fmt: skip
    properties: Spec = {}
    for number, (name, (schema, _)) in enumerate(members.items()):
        properties[name] = schema
        for link in range(draw(st.integers(0, 2))):
            target = f"Part{number}{'x' * link}"
            components[target] = properties[name]
            properties[name] = {"$ref": f"#/components/schemas/{target}"}
    body = {"type": "object", "properties": properties}
    version = draw(st.sampled_from(["3.0.3", "3.1.0"]))
    return document(body, components, version), body, {n: v for n, (_, v) in members.items()}


def misspelt(value: Any) -> Iterator[Any]:
    """The value with one member more, in each of the objects in it that name theirs."""
    if isinstance(value, Named):
        yield {**value, "alpah": 1}
    if isinstance(value, dict):
        for name, member in value.items():
            yield from ({**value, name: wrong} for wrong in misspelt(member))
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from ([*value[:place], wrong, *value[place + 1 :]] for wrong in misspelt(item))


@given(specs())
def test_any_small_spec(made: tuple[Spec, Spec, Any]) -> None:
    spec, _, body = made
    api = read(spec)
    judge = editor(api)
    given_members = {name: value for name, value in body.items() if value is not None}
    assert check(api, given_members) == []
    assert [e.message for e in judge.iter_errors(project(**body))] == []
    for wrong in misspelt(Named(given_members)):
        assert check(api, wrong), wrong
        assert not judge.is_valid(project(**wrong)), wrong
    assert content(api, given_members).keys() <= given_members.keys()
    for name in body:
        assert judge.is_valid(project(**{**body, name: "{{ each.cell }}"}))
