"""Resolving one schema node of an OpenAPI document into a flat one, in one dialect.

In: a raw node with `$ref`, `allOf`, unions, and either OpenAPI 3.1 (JSON Schema 2020-12) or
3.0 spellings. Out: a plain dict in which `type` is a list without "null", `nullable` a
boolean, a tagged union is `discriminator` (the member's name) with `variants` (raw nodes by
tag), and any other union is `alternatives`. Members are left raw; a
component of the document has its name as `x-vidbuild-name`. Not for values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vidbuild.diagnostics import problem


def resolve(document: Mapping[str, Any], node: Any) -> dict[str, Any]:
    """The flat form of a node. Raises `Problems` where a `$ref` is of no use."""
    schema = _settle(_follow(document, node, ()))
    branches = schema.pop("oneOf", None) or schema.pop("anyOf", None)
    if branches:
        common = {key: schema[key] for key in schema.keys() & {"properties", "required"}}
        _unite(document, schema, branches, common)
    elif isinstance(schema.get("discriminator"), Mapping):
        _unite(document, schema, _heirs(document, schema), {})
    tag = schema.get("x-vidbuild-discriminator")
    if tag and "discriminator" not in schema:
        schema["discriminator"] = tag
    return schema


def pointed(document: Mapping[str, Any], reference: str) -> Any:
    """What a `$ref` points at; only references within the document are followed."""
    if not reference.startswith("#/"):
        raise problem(
            "VB276",
            f"the spec refers to another document: {reference}",
            hint="bundle the spec into one file first",
        )
    node: Any = document
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, Mapping) or key not in node:
            raise problem(
                "VB275",
                f"the spec refers to {reference}, which it does not contain",
                hint="add the missing schema to the spec, or correct the `$ref`",
            )
        node = node[key]
    return node


def pointer_of(target: Any) -> str:
    """What a discriminator's mapping names: a reference, or a schema by its bare name."""
    return str(target) if "/" in str(target) else f"#/components/schemas/{target}"


def _follow(document: Mapping[str, Any], node: Any, seen: tuple[str, ...]) -> dict[str, Any]:
    """The node with `$ref` and `allOf` merged in; what stands beside a `$ref` wins."""
    if not isinstance(node, Mapping):
        return {} if node is not False else {"enum": []}
    merged: dict[str, Any] = {}
    reference = node.get("$ref")
    if isinstance(reference, str):
        if reference in seen:
            raise problem("VB275", f"the spec's {reference} refers to itself and nothing else")
        merged = _follow(document, pointed(document, reference), (*seen, reference))
        merged["x-vidbuild-name"] = reference.rsplit("/", 1)[-1]
    parts = node.get("allOf", ())
    rest = {k: v for k, v in node.items() if k not in ("$ref", "allOf")}
    for part in parts:
        above = _follow(document, part, seen)
        if (len(parts) > 1 or "properties" in rest) and not above.keys() & {"oneOf", "anyOf"}:
            above.pop("discriminator", None)  # an heir is one kind, and no choice of kinds
        merged = _both(merged, above)
    if len(parts) > 1 or (parts and reference) or not rest.keys() <= BESIDE:
        merged.pop("x-vidbuild-name", None)
    return _both(merged, rest)


# What may stand beside a `$ref` without making another schema of it.
BESIDE = frozenset({
    "description", "default", "title", "example", "examples", "deprecated", "nullable",
    "x-vidbuild-text", "x-vidbuild-media",
})  # fmt: skip


def _both(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two nodes that both hold: members unite, the later word wins elsewhere."""
    merged = {**base, **over}
    if "properties" in base and "properties" in over:
        merged["properties"] = {**base["properties"], **over["properties"]}
    if "required" in base and "required" in over:
        merged["required"] = [*base["required"], *over["required"]]
    for key in ("x-vidbuild-rules", "x-vidbuild-exclusive"):
        if key in base and key in over:
            merged[key] = [*base[key], *over[key]]
    return merged


def _settle(node: dict[str, Any]) -> dict[str, Any]:
    """One spelling for what OpenAPI 3.0 and 3.1 spell differently."""
    schema = dict(node)
    kinds = schema.get("type", [])
    types = [kinds] if isinstance(kinds, str) else list(kinds)
    schema["nullable"] = "null" in types or schema.pop("nullable", False) is True
    schema["type"] = [kind for kind in types if kind != "null"]
    if None in schema.get("enum", ()):
        schema["nullable"] = True
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    for bound, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(strict), bool) and schema.pop(strict) and bound in schema:
            schema[strict] = schema.pop(bound)
    if "const" in schema and schema["const"] is None:
        schema["nullable"], schema["enum"] = True, []
        del schema["const"]
    if not types and not schema["nullable"] and ("properties" in schema or "required" in schema):
        schema["type"] = ["object"]
    return schema


def _unite(
    document: Mapping[str, Any],
    schema: dict[str, Any],
    branches: list[Any],
    common: dict[str, Any],
) -> None:
    """Works a union into the schema: null, a single branch, tagged variants, or the rest.
    `common` is what holds for all branches."""
    flat = list(_flat(document, branches, ()))
    solid = [(raw, each) for raw, each in flat if not _only_null(each)]
    if len(solid) < len(flat):
        schema["nullable"] = True
    given = schema.pop("discriminator", None)
    if not solid:
        return
    if len(solid) == 1 and not isinstance(given, Mapping):
        _absorb(document, schema, solid[0][0])
        return
    tag = given.get("propertyName") if isinstance(given, Mapping) else _common_tag(solid)
    mapping = given.get("mapping", {}) if isinstance(given, Mapping) else {}
    variants = {} if tag is None else _variants(document, tag, mapping, solid)
    if tag is None or not variants:
        schema["alternatives"] = [_with(raw, common) for raw, _ in solid]
        return
    schema["discriminator"] = tag
    schema["variants"] = {value: _with(raw, common) for value, raw in variants.items()}
    schema["type"] = ["object"]


def _flat(
    document: Mapping[str, Any], branches: list[Any], seen: tuple[Any, ...]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The branches of a union, those of unions inside it in their place: raw and followed."""
    for raw in branches:
        each = _settle(_follow(document, raw, ()))
        inner = each.get("oneOf") or each.get("anyOf")
        if not inner or "properties" in each or isinstance(each.get("discriminator"), Mapping):
            yield raw, each
        elif not any(inner is other for other in seen):
            yield from _flat(document, inner, (*seen, inner))


def _with(raw: Any, common: dict[str, Any]) -> Any:
    """A branch together with what stands beside the union and so holds for all of them."""
    return {"allOf": [common, raw]} if common else raw


def _heirs(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Any]:
    """For a discriminator without a union: what it maps to, or what is built on this schema."""
    mapping = schema["discriminator"].get("mapping", {})
    if mapping:
        return [{"$ref": pointer_of(target)} for target in mapping.values()]
    name, known = schema.get("x-vidbuild-name"), document.get("components", {}).get("schemas", {})
    reference = f"#/components/schemas/{name}"
    return [
        {"$ref": f"#/components/schemas/{other}"}
        for other, each in known.items()
        if isinstance(each, Mapping) and {"$ref": reference} in each.get("allOf", ())
    ]


def _only_null(schema: Mapping[str, Any]) -> bool:
    return bool(schema["nullable"]) and not schema["type"] and not schema.get("properties")


def _absorb(document: Mapping[str, Any], schema: dict[str, Any], raw: Any) -> None:
    """A union of one branch and null is that branch; what stands outside it wins."""
    try:
        inner = resolve(document, raw)
    except RecursionError:
        raise problem("VB275", f"the spec refers to itself and nothing else: {raw}") from None
    nullable = schema["nullable"] or inner["nullable"]
    outer = {k: v for k, v in schema.items() if k != "type" or v}
    schema.update({**inner, **outer, "nullable": nullable})


def _variants(
    document: Mapping[str, Any],
    tag: str,
    mapping: Mapping[str, Any],
    solid: list[tuple[Any, dict[str, Any]]],
) -> dict[str, Any]:
    if mapping:
        return {str(value): {"$ref": pointer_of(target)} for value, target in mapping.items()}
    found: dict[str, Any] = {}
    for raw, each in solid:
        values = _tags(document, each, tag)
        if not values and isinstance(raw, Mapping) and "$ref" in raw:
            values = [raw["$ref"].rsplit("/", 1)[-1]]
        found.update(dict.fromkeys(values, raw))
    return found


def _common_tag(solid: list[tuple[Any, dict[str, Any]]]) -> str | None:
    """The first member that is constant in every branch and different in each."""
    if len(solid) < 2 or not all("properties" in each for _, each in solid):
        return None
    for name in solid[0][1]["properties"]:
        values = [_tags({}, each, name) for _, each in solid]
        flat = [value for group in values for value in group]
        if all(values) and len(set(flat)) == len(flat):
            return str(name)
    return None


def _tags(document: Mapping[str, Any], schema: Mapping[str, Any], name: str) -> list[str]:
    """The constant texts that a member may have."""
    member = schema.get("properties", {}).get(name, {})
    if "$ref" in member and document:
        member = _follow(document, member, ())
    values = [member["const"]] if "const" in member else member.get("enum", [])
    return [value for value in values if isinstance(value, str)]
