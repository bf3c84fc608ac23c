"""Rules between fields: a small interpreter for the overlay's `x-vidbuild-rules`.

The rules are data; nothing here knows a field by name. Their form is described at the head of
the overlay file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vidbuild.schema.finding import Finding, Path, same, shown

Rule = Mapping[str, Any]


def broken(
    rule: Rule, value: Mapping[str, Any], path: Path, *, text: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """What is wrong by one rule with one object at `path`. `text` are members never quoted."""
    if not _applies(rule, value):
        return
    if "exactly_one_of" in rule:
        yield from _count(rule, value, path, rule["exactly_one_of"], least=1)
    elif "at_most_one_of" in rule:
        yield from _count(rule, value, path, rule["at_most_one_of"], least=0)
    elif "required" in rule:
        yield from _required(rule, value, path)
    elif "forbidden" in rule:
        yield from _forbidden(rule, value, path)
    elif "allowed" in rule:
        yield from _allowed(rule, value, path, text)
    else:
        yield from _total(rule, value, path)


def at(value: Any, field: str) -> Any:
    """The value at a dotted field; None where there is none."""
    if "." not in field:
        return value.get(field) if isinstance(value, (dict, Mapping)) else None
    for part in field.split("."):
        if value is None:
            return None
        value = value.get(part) if isinstance(value, (dict, Mapping)) else None
    return value


def fits(value: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one, or one of a list of them."""
    return any(same(value, each) for each in (wanted if isinstance(wanted, list) else [wanted]))


def _applies(rule: Rule, value: Mapping[str, Any]) -> bool:
    return (
        all(at(value, field) is not None for field in rule.get("with", ()))
        and all(at(value, field) is None for field in rule.get("without", ()))
        and all(fits(at(value, field), wanted) for field, wanted in rule.get("when", {}).items())
    )


def _gates(rule: Rule, path: Path) -> tuple[Path, ...]:
    """The fields that make a rule apply: the other half of what is wrong."""
    fields = [*rule.get("with", ()), *rule.get("when", {})]
    return tuple((*path, *field.split(".")) for field in fields)


def _finding(rule: Rule, code: str, path: Path, others: tuple[Path, ...], **fill: str) -> Finding:
    message = str(rule["message"])
    for key, word in fill.items():
        message = message.replace("{" + key + "}", word)
    return Finding(
        path=path,
        code="VB249" if rule.get("warning") else code,
        message=message,
        hint=rule.get("hint"),
        others=others,
    )


def _count(
    rule: Rule, value: Mapping[str, Any], path: Path, fields: list[str], *, least: int
) -> Iterator[Finding]:
    given = [field for field in fields if value.get(field) is not None]
    if len(given) > 1:
        *first, last = given
        word = f"{', '.join(first)} and {last} are given"
        others = tuple((*path, field) for field in first)
        yield _finding(rule, "VB211", (*path, last), others, given=word)
    elif len(given) < least:
        yield _finding(rule, "VB212", (*path, fields[0]), _gates(rule, path), given="none is given")


def _required(rule: Rule, value: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    if at(value, rule["required"]) is None:
        where = (*path, *rule["required"].split("."))
        yield _finding(rule, "VB213", where, _gates(rule, path))


def _forbidden(rule: Rule, value: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    if at(value, rule["forbidden"]) is not None:
        where = (*path, *rule["forbidden"].split("."))
        cause = [at(value, field) for field in rule.get("when", {})]
        word = str(cause[0]) if cause else ""
        yield _finding(rule, "VB214", where, _gates(rule, path), value=word)


def _allowed(
    rule: Rule, value: Mapping[str, Any], path: Path, text: frozenset[str]
) -> Iterator[Finding]:
    for field, wanted in rule["allowed"].items():
        found = at(value, field)
        if found is not None and not fits(found, wanted):
            where = (*path, *field.split("."))
            word = shown(found, text=field in text)
            yield _finding(rule, "VB215", where, _gates(rule, path), value=word)


def _total(rule: Rule, value: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    fields = rule["total"]["fields"]
    lists = [at(value, field) for field in fields]
    count = sum(len(each) for each in lists if isinstance(each, list))
    if count > rule["total"]["at_most"]:
        *first, last = [(*path, *field.split(".")) for field in fields]
        yield _finding(rule, "VB216", last, tuple(first), value=str(count))
