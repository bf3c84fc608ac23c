"""API fields as an editor should see them in a project file: JSON Schema from a Shape.

A layer of a project may hold a part of an object, so nothing is required in it and null
removes a field. What is no text may be a template, texts may come from a file, and uploaded
files may be named by their path. Inside a list objects are whole, so there the spec's
`required` holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any

from vidbuild.schema.resolve import BESIDE
from vidbuild.schema.shape import MISSING, Shape

Schema = dict[str, Any]
Forms = dict[str, list[Schema]]  # of a member, in each variant that has it

_TEMPLATE: Schema = {"$ref": "#/$defs/template"}
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")  # in a `$ref` they would have to be escaped
_NULL: Schema = {"type": "null"}
_BOUNDS = (
    "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "minItems", "maxItems",
)  # fmt: skip


class ProjectFields:
    """The schemas of an API's fields; `shared` collects the objects they refer to by name."""

    def __init__(self, request: Shape) -> None:
        self._request = request
        self._keys: dict[str, str] = {}  # of the shared objects, by what they are
        self._open: set[str] = set()  # the lists being made
        self.shared: dict[str, Schema] = {}
        self.fields: dict[str, Schema] = {}
        self._forms = self._members(request, whole=False)
        for name, forms in self._forms.items():
            self.fields[name] = _united(forms)

    def variants(self) -> Schema:
        """Conditions that give a video the fields of its own variant."""
        found = self._conditions(self._request, self._forms, sealed=True, whole=False)
        return {"allOf": found} if found else {}

    def _field(self, shape: Shape, *, whole: bool) -> Schema:
        """A member's schema with its description and default."""
        options = self._options(shape, whole=whole)
        if not whole or shape.nullable:
            options.append(_NULL)
        default = {} if shape.default in (MISSING, None) else {"default": shape.default}
        return {**_about(shape), **_any_of(options), **default}

    def _options(self, shape: Shape, *, whole: bool) -> list[Schema]:
        if shape.alternatives:
            return [o for each in shape.alternatives for o in self._options(each, whole=whole)]
        if shape.asset:
            return [{"type": "string"}, {"$ref": "#/$defs/media_file"}]
        if shape.text and shape.types <= {"string"}:
            return [{"type": "string"}, {"$ref": "#/$defs/text_file"}]
        if shape.variants or "object" in shape.types:
            return [self._shared(shape, whole=whole), _TEMPLATE]
        if "array" in shape.types:
            return [self._list(shape), _TEMPLATE]
        return _scalar(shape)

    def _list(self, shape: Shape) -> Schema:
        """A list; one inside itself gets a name to be referred to by."""
        what = _identity(shape, whole=True)
        if what in self._open:
            return self._named(shape, what, self._items, whole=True)
        self._open.add(what)
        made = self._items(shape, whole=True)
        self._open.discard(what)
        return made

    def _items(self, shape: Shape, *, whole: bool) -> Schema:
        items = {"items": self._field(shape.items, whole=whole)} if shape.items else {}
        return {"type": "array", **items, **_limits(shape)}

    def _shared(self, shape: Shape, *, whole: bool) -> Schema:
        """An object of the spec, written once under its name there, if it has one."""
        return self._named(shape, _identity(shape, whole=whole), self._object, whole=whole)

    def _named(
        self, shape: Shape, what: str, make: Callable[..., Schema], *, whole: bool
    ) -> Schema:
        if what not in self._keys:
            # Known from here on: a schema may contain itself.
            key = self._keys[what] = self._key(shape, whole=whole)
            self.shared[key] = {}
            self.shared[key] = make(shape, whole=whole)
        return {"$ref": f"#/$defs/{self._keys[what]}"}

    def _key(self, shape: Shape, *, whole: bool) -> str:
        """A name in `$defs` that nothing else has."""
        name = _UNSAFE.sub("-", str(shape.schema.get("x-vidbuild-name", "object")))
        names = (f"api.{name}{number or ''}" for number in count())
        keys = (f"{each}.whole" if whole else each for each in names)
        return next(key for key in keys if key not in self.shared)

    def _object(self, shape: Shape, *, whole: bool) -> Schema:
        members = self._members(shape, whole=whole)
        found: Schema = {
            "type": "object",
            "properties": {name: _united(forms) for name, forms in members.items()},
        }
        tag = [str(shape.discriminator)] if shape.variants else []
        if whole and (required := tag or _required(shape)):
            found["required"] = required
        if _knows_all(shape):
            found["additionalProperties"] = False
        elif shape.rest:
            found["additionalProperties"] = self._field(shape.rest, whole=whole)
        if shape.variants:
            sealed = _knows_all(shape)
            found["allOf"] = self._conditions(shape, members, sealed=sealed, whole=whole)
        return found

    def _conditions(self, shape: Shape, forms: Forms, *, sealed: bool, whole: bool) -> list[Schema]:
        """If the tag is this, the members are those of its variant. `sealed` where those that
        no variant has are refused already."""
        name, found = str(shape.discriminator), []
        for tag, variant in shape.variants.items():
            then: Schema = {"properties": self._own(variant, name, forms, whole=whole)}
            if variant.closed and not sealed:
                then["propertyNames"] = {"enum": [name, *variant.properties]}
            if whole and _required(variant):
                then["required"] = _required(variant)
            tagged = {"properties": {name: {"const": tag}}, "required": [name]}
            found.append({"if": tagged, "then": then})
        return found

    def _own(self, variant: Shape, tag: str, forms: Forms, *, whole: bool) -> Schema:
        """What a variant says of members that is not said of all variants alike."""
        found: Schema = {}
        for name, several in forms.items():
            if name == tag:
                continue
            if name not in variant.properties:
                found |= {name: False} if variant.closed else {}
            elif len({json.dumps(_bare(form), sort_keys=True) for form in several}) > 1:
                found[name] = _bare(self._field(variant.properties[name], whole=whole))
        return found

    def _members(self, shape: Shape, *, whole: bool) -> Forms:
        """The forms that each member takes, over all variants, in the order of the spec."""
        forms: Forms = {}
        if shape.variants:
            forms[str(shape.discriminator)] = [_tag(shape, whole=whole)]
        for variant in shape.variants.values() or [shape]:
            for name, member in variant.properties.items():
                if not shape.variants or name != shape.discriminator:
                    forms.setdefault(name, []).append(self._field(member, whole=whole))
        return forms


def _identity(shape: Shape, *, whole: bool) -> str:
    """The same text for objects that are the same, wherever the spec refers to them."""
    said = {k: v for k, v in shape.schema.items() if k not in BESIDE}
    return json.dumps([said, whole], sort_keys=True, default=str)


def _scalar(shape: Shape) -> list[Schema]:
    if shape.enum is not None:
        return [{"enum": list(shape.enum)}, _TEMPLATE]
    if shape.const is not MISSING:
        return [{"const": shape.const}, _TEMPLATE]
    if shape.types == {"string"}:
        pattern = shape.limits.get("pattern")
        return [{"type": "string", "pattern": pattern}, _TEMPLATE] if pattern else [_typed(shape)]
    return [_typed(shape), _TEMPLATE] if shape.types else [{}]


def _typed(shape: Shape) -> Schema:
    types = sorted(shape.types)
    return {"type": types[0] if len(types) == 1 else types, **_limits(shape)}


def _limits(shape: Shape) -> Schema:
    return {key: shape.limits[key] for key in _BOUNDS if key in shape.limits}


def _about(shape: Shape) -> Schema:
    return {"description": shape.description} if shape.description else {}


def _knows_all(shape: Shape) -> bool:
    variants = shape.variants.values()
    return shape.closed or (bool(variants) and all(each.closed for each in variants))


def _required(shape: Shape) -> list[str]:
    return list(dict.fromkeys(shape.schema.get("required", ())))


def _tag(shape: Shape, *, whole: bool) -> Schema:
    """The member that names the variant."""
    choices = [{"const": name, **_about(each)} for name, each in shape.variants.items()]
    ways = [*choices, _TEMPLATE] if whole else [*choices, _TEMPLATE, _NULL]
    return {"description": "The kind; it decides which other fields there are.", **_any_of(ways)}


def _bare(form: Schema) -> Schema:
    """A form without its words."""
    return {k: v for k, v in form.items() if k not in ("description", "default")}


def _united(forms: list[Schema]) -> Schema:
    """One schema for a member that several variants have; where they differ, any of its forms."""
    if len(forms) == 1:
        return forms[0]
    words = next(({"description": f["description"]} for f in forms if "description" in f), {})
    defaults = [f.get("default") for f in forms]
    same = defaults[0] is not None and all(each == defaults[0] for each in defaults)
    options: list[Schema] = []
    for form in forms:
        bare = _bare(form)
        options += bare["anyOf"] if bare.keys() == {"anyOf"} else [bare]
    return {**words, **_any_of(options), **({"default": defaults[0]} if same else {})}


def _any_of(options: list[Schema]) -> Schema:
    """One of several forms: doubles removed, bare types and bare choices joined."""
    types: list[str] = []
    choices: dict[str, Any] = {}  # by their JSON: true is not 1
    others: dict[str, Schema] = {}
    for option in options:
        if option.keys() == {"type"}:
            types += [option["type"]] if isinstance(option["type"], str) else option["type"]
        elif option.keys() == {"enum"}:
            choices |= {json.dumps(each): each for each in option["enum"]}
        else:
            others[json.dumps(option, sort_keys=True)] = option
    found: list[Schema] = [{"enum": list(choices.values())}] if choices else []
    found += others.values()
    if types:
        distinct = list(dict.fromkeys(types))
        found.append({"type": distinct[0] if len(distinct) == 1 else distinct})
    return found[0] if len(found) == 1 else {"anyOf": found}
