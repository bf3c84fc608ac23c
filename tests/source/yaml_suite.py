"""The public YAML test suite against the YAML reader.

    python -m tests.source.yaml_suite DIR

DIR holds the suite's `src` files. A case agrees when the reader gives the value that the suite
states as JSON, or refuses what the suite calls invalid. Whatever differs has to be listed with
its reason in `yaml-suite-deviations.yaml`, and whatever is listed there has to differ still, in
the same way: the list can only shrink. Prints the figures; exits with 1 where the list is wrong.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidbuild.diagnostics import Problems
from vidbuild.source import yaml

LIST = Path(__file__).with_name("yaml-suite-deviations.yaml")

AGREES = "agrees"
OPEN = "no value stated"  # valid YAML that JSON cannot hold, such as a mapping as a key
_INHERITED = ("yaml", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One text of the suite; `values` are those of its documents, None where it states none."""

    name: str
    text: str
    values: tuple[Any, ...] | None
    invalid: bool


def cases(folder: Path) -> Iterator[Case]:
    """All cases of a folder. Later cases of a file say only what differs from the one before."""
    for file in sorted(folder.rglob("*.yaml")):
        listed = yaml.load(file.read_text(encoding="utf-8"), file=file.name)
        known: dict[str, Any] = {}
        for number, item in enumerate(listed):
            known |= {key: item[key] for key in _INHERITED if key in item}
            invalid = bool(item.get("fail"))
            yield Case(
                name=file.stem if len(listed) == 1 else f"{file.stem}-{number}",
                text=unmarked(known["yaml"]),
                values=None if invalid else _values(known.get("json")),
                invalid=invalid,
            )


def unmarked(text: str) -> str:
    """A text of the suite with its visible marks made what they stand for."""
    text = re.sub("—*»", "\t", text.replace("␣", " ").replace("←", "\r"))
    return re.sub("∎\n?\\Z", "", text.replace("⇔", "\ufeff").replace("↵", ""))


def _values(stated: str | None) -> tuple[Any, ...] | None:
    """The JSON texts of a stream's documents, one behind the other."""
    if stated is None:
        return None
    values, rest = [], stated.strip()
    while rest:
        value, end = json.JSONDecoder().raw_decode(rest)
        values.append(value)
        rest = rest[end:].strip()
    return tuple(values)


def outcome(case: Case) -> str:
    """`AGREES`, `OPEN`, or in a word how the reader differs: a code, `accepted`, `other value`."""
    try:
        value = yaml.load(case.text, file=case.name)
    except Problems as problems:
        if case.invalid:
            return AGREES
        return OPEN if case.values is None else problems.diagnostics[0].code
    if case.invalid:
        return "accepted"
    if case.values is None:
        return OPEN
    return AGREES if _equal(case.values or (None,), (value,)) else "other value"


def _equal(stated: tuple[Any, ...], found: tuple[Any, ...]) -> bool:
    """Equal as JSON: true is not 1."""
    return json.dumps(stated, sort_keys=True) == json.dumps(found, sort_keys=True)


def listed(groups: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The outcome that the list gives for each case it names."""
    return {name: group["gives"] for group in groups for name in group["cases"]}


def disagreements(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """What is wrong with the list, a line each."""
    lines = [
        f"{name}: {result}, listed as {expected.get(name, 'nothing')}"
        for name, result in found.items()
        if result not in (AGREES, OPEN) and expected.get(name) != result
    ]
    lines += [f"{name}: {found[name]}; take it off the list"
              for name in expected if found.get(name) in (AGREES, OPEN)]  # fmt: skip
    return lines + [f"{name}: there is no such case" for name in expected if name not in found]


def main(folder: Path) -> int:
    found = {case.name: outcome(case) for case in cases(folder)}
    if not found:
        sys.stdout.write(f"no cases in {folder}\n")
        return 1
    wrong = disagreements(found, listed(yaml.load(LIST.read_text("utf-8"), file=LIST.name)))
    counts = Counter(r if r in (AGREES, OPEN) else "listed as deviating" for r in found.values())
    figures = ", ".join(f"{count} {result}" for result, count in counts.most_common())
    sys.stdout.writelines(f"{line}\n" for line in [*wrong, f"{len(found)} cases: {figures}"])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
