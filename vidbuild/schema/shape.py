"""Shape: one JSON Schema node of an OpenAPI document, resolved and ready to ask.

`$ref`, `allOf`, nullable unions, OpenAPI 3.0's own spellings and the overlay's `x-vidbuild-`
keys are worked out here, so that nobody else reads a raw schema. Sub-shapes are made when
first asked for: a schema that contains itself is no trouble, and a request of one variant
never pays for the others. Not for judging values; that is `validate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vidbuild.schema.resolve import resolve


class _Missing:
    """The type of `MISSING`, for a readable repr."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

_LIMITS = (
    "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "minItems", "maxItems", "minProperties", "maxProperties",
)  # fmt: skip
# Keywords that make more members than those under `properties` known.
_NAMING = frozenset({"patternProperties", "unevaluatedProperties", "if", "dependentSchemas"})
# Keywords whose meaning is in the other fields of a Shape, or that assert nothing.
_PLAIN = frozenset(
    [
        *_LIMITS, "type", "properties", "required", "items", "enum", "const", "default",
        "oneOf", "anyOf", "discriminator", "description", "title", "example", "examples",
        "deprecated", "readOnly", "writeOnly", "externalDocs", "xml", "$comment", "$schema",
        "$id", "$anchor", "$defs", "additionalProperties", "format", "contentEncoding",
        "contentMediaType", "nullable", "variants", "alternatives",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """What a value may be.

    `types` holds JSON types without "null" (empty: any). `closed` refuses members that are
    not in `properties`; `rest` is the shape of those an open object takes, if it says.
    `variants` holds the shapes of a union by the value of its `discriminator`; a shape can
    have a discriminator and no variants (one object whose other members depend on it).
    `alternatives` is a union that no member tells apart. `exclusive`, `rules`, `instead`
    and `text` come from the overlay; `asset` takes the id of an uploaded file. `limits` are
    the schema's own bounds, `exotic` its keywords that only a JSON Schema library knows.
    """

    types: frozenset[str] = frozenset()
    nullable: bool = False
    default: Any = MISSING
    enum: tuple[Any, ...] | None = None
    const: Any = MISSING
    properties: Mapping[str, Shape]
    required: frozenset[str] = frozenset()
    closed: bool = False
    parts: Mapping[str, Shape]
    discriminator: str | None = None
    variants: Mapping[str, Shape]
    alternatives: tuple[Shape, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    instead: Mapping[str, str]
    text: bool = False
    asset: bool = False
    limits: Mapping[str, Any]
    exotic: Mapping[str, Any]
    schema: Mapping[str, Any]

    @property
    def items(self) -> Shape | None:
        return self.parts.get("items")

    @property
    def rest(self) -> Shape | None:
        return self.parts.get("additionalProperties")

    @property
    def description(self) -> str:
        return str(self.schema.get("description", ""))

    def variant(self, value: Any) -> Shape | None:
        """The variant that a value's discriminator names; the shape itself without variants."""
        if not self.variants:
            return self
        if self.discriminator is None or not isinstance(value, (dict, Mapping)):
            return None
        tag = value.get(self.discriminator)
        return self.variants.get(tag) if isinstance(tag, str) else None

    def member(self, key: str, value: Any = None) -> Shape | None:
        """The shape of a member. In a union the value's discriminator picks the variant;
        without one, the first variant that has the member."""
        chosen = self.variant(value)
        if chosen is not None:
            return chosen.properties.get(key) or chosen.rest
        for shape in self.variants.values():
            if key in shape.properties:
                return shape.properties[key]
        return None


class _Lazy(Mapping[str, Shape]):
    """Shapes by name, each made when first asked for."""

    __slots__ = ("_made", "_make", "_nodes")

    def __init__(self, nodes: Mapping[str, Any], make: Callable[[str, Any], Shape]) -> None:
        self._nodes = nodes
        self._make = make
        self._made: dict[str, Shape] = {}

    def __getitem__(self, key: str) -> Shape:
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(key, self._nodes[key])
        return made

    def get(self, key: str, default: Any = None) -> Any:
        made = self._made.get(key)
        if made is not None:
            return made
        return self[key] if key in self._nodes else default

    def __contains__(self, key: object) -> bool:
        return key in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


def shape_of(document: Mapping[str, Any], node: Any, *, name: str = "") -> Shape:
    """The shape of a schema node. `name` is the member's, for fields known by their name.

    Raises `Problems` (VB275 to VB277) where a `$ref` leads nowhere or outside the document.
    """
    schema = resolve(document, node)
    suffix = document.get("x-vidbuild-asset-suffix")
    types = frozenset(schema["type"])
    properties = schema.get("properties", {})
    rest = schema.get("additionalProperties", _unsaid(schema))
    if rest is False and "additionalProperties" not in schema:
        properties = {
            **properties,
            **{n: {} for n in schema.get("required", ()) if n not in properties},
        }
    parts = {"items": schema["items"]} if "items" in schema else {}
    if isinstance(rest, Mapping) and rest:
        parts["additionalProperties"] = rest

    def make(key: str, value: Any) -> Shape:
        return shape_of(document, value, name=key)

    return Shape(
        types=types,
        nullable=schema["nullable"],
        default=schema.get("default", MISSING),
        enum=tuple(schema["enum"]) if "enum" in schema else None,
        const=schema.get("const", MISSING),
        properties=_Lazy(properties, make),
        required=frozenset(schema.get("required", ())),
        closed=rest is False,
        parts=_Lazy(parts, lambda _, value: shape_of(document, value)),
        discriminator=schema.get("discriminator"),
        variants=_Lazy(schema.get("variants", {}), lambda _, value: shape_of(document, value)),
        alternatives=tuple(shape_of(document, each) for each in schema.get("alternatives", ())),
        exclusive=tuple(tuple(group) for group in schema.get("x-vidbuild-exclusive", ())),
        rules=tuple(schema.get("x-vidbuild-rules", ())),
        instead=schema.get("x-vidbuild-instead", {}),
        text=bool(schema.get("x-vidbuild-text", False)),
        asset=bool(suffix) and name.endswith(str(suffix)) and types <= {"string"},
        limits={key: schema[key] for key in _LIMITS if key in schema},
        exotic={key: value for key, value in schema.items() if _is_exotic(key)},
        schema=schema,
    )


def _unsaid(schema: Mapping[str, Any]) -> bool:
    """Whether an object takes other members where its schema says nothing of it. JSON Schema
    takes any; a spec that names members means those, and what else there is was misspelt."""
    return not schema.get("properties") or not schema.keys().isdisjoint(_NAMING)


def _is_exotic(keyword: str) -> bool:
    return keyword not in _PLAIN and not keyword.startswith("x-")
