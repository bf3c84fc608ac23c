"""The words for what is wrong with a request: which field, what is allowed, what was meant.

Values are quoted short; the texts of a script or prompt never, they may be private.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vidbuild.diagnostics import nearest
from vidbuild.schema.finding import Finding, Path, dotted, either, kind, shown, words
from vidbuild.schema.shape import MISSING, Shape

_LISTED = 12


def about(path: Path, text: str) -> str:
    """A sentence about a field; about the request itself where there is no path."""
    return f"{dotted(path)} {text}" if path else f"the request {text}"


def wrong_type(shape: Shape, value: Any, path: Path) -> Finding:
    types = shape.types or {t for each in shape.alternatives for t in each.types}
    found = shown(value, text=shape.text)
    return Finding(
        path=path,
        code="VB203",
        message=about(path, f"has to be {words(types)}, not {found}"),
        hint=_retyped(shape, types, value, path),
    )


def _retyped(shape: Shape, types: Iterable[str], value: Any, path: Path) -> str:
    """What to do about a value of the wrong type."""
    simple = not isinstance(value, list | Mapping)
    if value is None:
        return f"give a value, or remove `{path[-1]}`" if path else "give a mapping"
    if "string" in types and simple:
        return f'put it in quotes: "{str(value).lower()}"'
    if "array" in types and isinstance(value, str) and not shape.text:
        return f"write it as a list: [{shown(value)}]"
    if "object" in types and shape.variants:
        tags = either(f"`{shape.discriminator}: {tag}`" for tag in shape.variants)
        return f"give a mapping with {tags}"
    if isinstance(value, str) and set(types) & {"number", "integer", "boolean"}:
        return f"give {words(types)}, without quotes"
    return f"give {words(types)}"


def not_listed(shape: Shape, value: Any, allowed: Iterable[Any], path: Path) -> Finding:
    values = list(allowed) or [None]
    texts = [each for each in values if isinstance(each, str)]
    near = nearest(value, texts) if isinstance(value, str) else None
    return Finding(
        path=path,
        code="VB204",
        message=about(
            path, f"is {shown(value, text=shape.text)}; allowed: {', '.join(map(_plain, values))}"
        ),
        hint=f"did you mean `{near}`?" if near else f"use {either(map(_plain, values))}",
    )


def no_variant(shape: Shape, value: Mapping[str, Any], path: Path) -> Finding:
    """The member that decides what an object is: missing or unknown."""
    tag = str(shape.discriminator)
    here = (*path, tag)
    if tag in value:
        return not_listed(shape, value[tag], tuple(shape.variants), here)
    fitting = [name for name, each in shape.variants.items() if set(value) <= set(each.properties)]
    hint = f"add `{tag}: {fitting[0]}`" if len(fitting) == 1 else f"add `{tag}`"
    if "file" in value:
        hint = next((f"write `{{{tag}: {name}, {_file(each)}}}`"
                     for name, each in shape.variants.items() if _file(each)), hint)  # fmt: skip
    return Finding(
        path=here,
        code="VB202",
        message=f"{dotted(here)} is missing; allowed: {', '.join(shape.variants)}",
        hint=hint,
    )


def missing(shape: Shape, key: str, path: Path) -> Finding:
    member = shape.member(key)
    description = member.description if member else ""
    return Finding(
        path=(*path, key),
        code="VB202",
        message=f"{dotted((*path, key))} is missing",
        hint=f"add `{key}`: {description}" if description else f"add `{key}`",
    )


def unknown(union: Shape, chosen: Shape, value: Mapping[str, Any], key: str, path: Path) -> Finding:
    """A member that the object does not have: misspelt, misplaced, or another variant's."""
    here = (*path, key)
    tag = union.discriminator
    of = f" of {tag} {value[tag]}" if tag and tag in value else ""
    having = [name for name, each in union.variants.items() if key in each.properties]
    if having and key not in chosen.instead:
        return Finding(
            path=here,
            code="VB209",
            message=f"{dotted(here)} is not a field{of}; {either(having)} has it",
            hint=f"remove `{key}`, or use `{tag}: {having[0]}`",
        )
    return Finding(
        path=here,
        code="VB201",
        message=f"{dotted(here)} is not a field{of}" if of else f"unknown field {dotted(here)}",
        hint=_instead(chosen, key),
    )


def _instead(shape: Shape, key: str) -> str:
    right = shape.instead.get(key) or nearest(key, shape.properties)
    if right:
        return f"did you mean `{right}`?"
    for name, member in shape.properties.items():
        inner = [member, *member.variants.values()]
        if any(key in each.properties for each in inner):
            return f"did you mean `{name}.{key}`?"
    if key == "file" and _file(shape):
        return f"write `{_file(shape)}`"
    names = list(shape.properties)
    rest = ", …" if len(names) > _LISTED else ""
    return f"known fields: {', '.join(names[:_LISTED])}{rest}"


def _file(shape: Shape) -> str:
    """How an object takes a local file; empty where it takes none."""
    name = next((name for name, member in shape.properties.items() if member.asset), None)
    return f"{name}: {{file: …}}" if name else ""


def out_of_range(shape: Shape, value: Any, path: Path) -> Finding:
    limits = shape.limits
    low, high = limits.get("minimum"), limits.get("maximum")
    above, below = limits.get("exclusiveMinimum"), limits.get("exclusiveMaximum")
    parts = [
        f"{word} {_plain(bound)}"
        for word, bound in (
            ("at least", low), ("more than", above), ("at most", high), ("less than", below),
        )
        if bound is not None
    ]  # fmt: skip
    span = (
        f"from {_plain(low)} to {_plain(high)}"
        if len(parts) == 2 and None not in (low, high)
        else " and ".join(parts)
    )
    default = "" if shape.default in (MISSING, None) else f" (default {_plain(shape.default)})"
    return Finding(
        path=path,
        code="VB205",
        message=about(path, f"is {_plain(value)}; allowed: {span}"),
        hint=f"use a number {span}{default}",
    )


def wrong_size(value: Any, path: Path, least: int | None, most: int | None) -> Finding:
    unit, code = {"string": ("characters", "VB206"), "array": ("entries", "VB208")}.get(
        kind(value), ("members", "VB208")
    )
    bounds = (("at least", least), ("at most", most))
    parts = [f"{word} {bound}" for word, bound in bounds if bound is not None]
    if not value:
        return Finding(
            path=path, code=code, message=about(path, "is empty"), hint=f"give at least {least}"
        )
    change = "shorten" if most is not None and len(value) > most else "lengthen"
    return Finding(
        path=path,
        code=code,
        message=about(path, f"has {len(value)} {unit}; allowed: {' and '.join(parts)}"),
        hint=f"{change} it" if unit == "characters" else f"give {' and '.join(parts)}",
    )


def wrong_form(shape: Shape, value: str, path: Path) -> Finding:
    form = shape.schema.get("x-vidbuild-form")
    wanted = form or f"text that matches {shape.limits['pattern']}"
    return Finding(
        path=path,
        code="VB207",
        message=about(path, f"is {shown(value, text=shape.text)}, which is not {wanted}"),
        hint=f"give {wanted}",
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)
