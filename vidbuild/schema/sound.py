"""Whether the schemas that a request can reach in a spec file are fit to be read.

The bundled edition is known to be; a file of the user's is walked once when it is loaded, so
that a broken `$ref` deep inside is told about as such and never met in the middle of a plan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vidbuild.diagnostics import problem
from vidbuild.schema.resolve import pointed, pointer_of

_FORMS: dict[str, tuple[type, ...]] = {
    "type": (str, list), "properties": (Mapping,), "required": (list,), "enum": (list,),
    "items": (Mapping, bool), "oneOf": (list,), "anyOf": (list,), "allOf": (list,),
    "discriminator": (Mapping,), "additionalProperties": (Mapping, bool), "$ref": (str,),
    "pattern": (str,), "minimum": (int, float), "maximum": (int, float), "minLength": (int,),
    "maxLength": (int,), "minItems": (int,), "maxItems": (int,), "description": (str,),
    "exclusiveMinimum": (int, float), "exclusiveMaximum": (int, float), "nullable": (bool,),
}  # fmt: skip


def require_sound(document: Mapping[str, Any], schema: Any) -> None:
    """Raises `Problems` (VB275 to VB278) for the first thing that cannot be read."""
    waiting: list[tuple[str, Any]] = [("the request", schema)]
    seen: set[int] = set()
    while waiting:
        where, node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            waiting += _inside(document, where, node)


def _inside(document: Mapping[str, Any], where: str, node: Any) -> list[tuple[str, Any]]:
    """The schemas right inside a schema, after a look at its own keywords."""
    if isinstance(node, bool):
        return []
    if not isinstance(node, Mapping):
        raise _malformed(where, "is no schema")
    for keyword, forms in _FORMS.items():
        if keyword in node and not isinstance(node[keyword], forms):
            raise _malformed(where, f"has a `{keyword}` of the wrong type")
    _try_pattern(where, node.get("pattern", ""))
    found = [(f"{where}.{name}", each) for name, each in node.get("properties", {}).items()]
    found += [(where, node[key]) for key in ("items", "additionalProperties") if key in node]
    found += [(where, each) for key in ("oneOf", "anyOf", "allOf") for each in node.get(key, ())]
    targets = [node["$ref"]] if "$ref" in node else []
    targets += map(pointer_of, node.get("discriminator", {}).get("mapping", {}).values())
    return [*found, *((target, pointed(document, target)) for target in targets)]


def _try_pattern(where: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise problem("VB277", f"{where} has a pattern that cannot be read: {error}") from None


def _malformed(where: str, what: str) -> Exception:
    return problem("VB278", f"the spec is malformed: {where} {what}", hint="correct the spec file")
