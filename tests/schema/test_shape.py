"""Shapes of one schema in the spellings of OpenAPI 3.0 and 3.1."""

from __future__ import annotations

from typing import Any

import pytest

from vidbuild.diagnostics import Problems
from vidbuild.schema.shape import MISSING, Shape, shape_of

SCHEMAS: dict[str, Any] = {
    "Size": {"type": "string", "enum": ["s", "m"]},
    "Dog": {"type": "object", "properties": {"kind": {"const": "dog"}, "bark": {}}},
    "Cat": {"type": "object", "properties": {"kind": {"enum": ["cat"]}, "meow": {}}},
    "Tree": {"type": "object", "properties": {"left": {"$ref": "#/components/schemas/Tree"}}},
    "Loop": {"$ref": "#/components/schemas/Loop"},
    "Alias": {"$ref": "#/components/schemas/Size"},
    "a/b~c": {"type": "integer"},
}


def shape(node: Any, **extra: Any) -> Shape:
    return shape_of({"components": {"schemas": SCHEMAS}, **extra}, node, name="field")


def to(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    "node",
    [
        {"type": ["string", "null"], "default": None, "enum": ["s", "m"]},
        {"type": "string", "nullable": True, "default": None, "enum": ["s", "m", None]},
        {"anyOf": [to("Size"), {"type": "null"}], "default": None},
        {"oneOf": [{"type": "null"}, to("Alias")], "default": None},
        {"allOf": [to("Size")], "nullable": True, "default": None},
        {"anyOf": [{"allOf": [to("Size")]}, {"type": "null"}], "default": None},
    ],
)
def test_one_meaning_in_many_spellings(node: dict[str, Any]) -> None:
    found = shape(node)
    assert found.types == {"string"}
    assert found.nullable
    assert found.enum == ("s", "m")
    assert found.default is None
    assert not found.variants
    assert not found.exotic


@pytest.mark.parametrize(
    ("node", "limits"),
    [
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"exclusiveMinimum": 1}, {"exclusiveMinimum": 1}),
        ({"maximum": 2, "exclusiveMaximum": True}, {"exclusiveMaximum": 2}),
    ],
)
def test_bounds_of_both_dialects(node: dict[str, Any], limits: dict[str, Any]) -> None:
    assert shape({"type": "number", **node}).limits == limits


@pytest.mark.parametrize(
    "node",
    [
        {"oneOf": [to("Dog"), to("Cat")], "discriminator": {"propertyName": "kind", "mapping": {
            "dog": "#/components/schemas/Dog", "cat": "Cat"}}},
        {"oneOf": [to("Dog"), to("Cat")], "discriminator": {"propertyName": "kind"}},
        {"oneOf": [to("Dog"), to("Cat")]},
        {"anyOf": [to("Dog"), to("Cat"), {"type": "null"}]},
        {"anyOf": [{"oneOf": [to("Dog"), to("Cat")]}, {"type": "null"}]},
    ],
)  # fmt: skip
def test_a_union_is_told_apart_by_its_tag(node: dict[str, Any]) -> None:
    found = shape(node)
    assert found.discriminator == "kind"
    assert list(found.variants) == ["dog", "cat"]
    assert found.variant({"kind": "cat"}) is found.variants["cat"]
    assert found.variant({"kind": "cow"}) is found.variant({}) is found.variant("x") is None
    assert found.member("bark", {"kind": "dog"}) is not None
    assert found.member("bark", {"kind": "cat"}) is None
    assert found.member("meow") is found.variants["cat"].properties["meow"]


def test_a_discriminator_without_mapping_goes_by_the_names_of_schemas() -> None:
    document = {"A": {"type": "object", "properties": {}}, "B": {"type": "object"}}
    node = {"oneOf": [to("A"), to("B")], "discriminator": {"propertyName": "t"}}
    found = shape_of({"components": {"schemas": document}}, node)
    assert list(found.variants) == ["A", "B"]


def test_a_union_without_a_tag_has_alternatives() -> None:
    found = shape({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]})
    assert [each.types for each in found.alternatives] == [{"string"}, {"integer"}]
    assert found.nullable


def test_parts_unite() -> None:
    found = shape({
        "allOf": [
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "string"}}, "required": ["b"]},
        ],
        "properties": {"c": {}},
    })  # fmt: skip
    assert list(found.properties) == ["a", "b", "c"]
    assert found.required == {"a", "b"}
    assert found.types == {"object"}


def test_words_beside_a_reference_win() -> None:
    found = shape({**to("Size"), "description": "How big.", "default": "m"})
    assert (found.description, found.default, found.enum) == ("How big.", "m", ("s", "m"))


def test_a_schema_that_contains_itself() -> None:
    found: Shape | None = shape(to("Tree"))
    for _ in range(50):
        assert found is not None
        found = found.member("left")
    assert found is not None
    assert found.types == {"object"}


def test_members_are_made_once() -> None:
    found = shape(to("Tree"))
    assert found.properties["left"] is found.properties["left"]


def test_a_pointer_is_unescaped() -> None:
    assert shape(to("a~1b~0c")).types == {"integer"}


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (to("Nowhere"), "VB275"),
        (to("Loop"), "VB275"),
        ({"$ref": "other.yaml#/Size"}, "VB276"),
    ],
)
def test_references_of_no_use(node: dict[str, Any], code: str) -> None:
    with pytest.raises(Problems) as caught:
        shape(node)
    assert caught.value.diagnostics[0].code == code


def test_open_closed_and_typed_rest() -> None:
    assert not shape({"type": "object"}).closed
    assert shape({"type": "object", "additionalProperties": False}).closed
    rest = shape({"type": "object", "additionalProperties": {"type": "integer"}}).rest
    assert rest is not None
    assert rest.types == {"integer"}


def test_what_only_a_library_knows_is_kept() -> None:
    assert shape({"type": "array", "uniqueItems": True}).exotic == {"uniqueItems": True}


def test_no_default_is_not_a_default_of_null() -> None:
    assert shape({"type": "string"}).default is MISSING
    assert shape({"type": "string", "default": None}).default is None


@pytest.mark.parametrize(
    ("name", "node", "asset"),
    [
        ("asset_id", {"type": "string"}, True),
        ("music_asset_id", {"type": ["string", "null"]}, True),
        ("asset_ids", {"type": "string"}, False),
        ("asset_id", {"type": "integer"}, False),
    ],
)
def test_fields_for_uploaded_files(name: str, node: dict[str, Any], asset: bool) -> None:
    document = {"x-vidbuild-asset-suffix": "asset_id"}
    assert shape_of(document, {"properties": {name: node}}).properties[name].asset is asset
