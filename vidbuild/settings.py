"""Settings of one run: defaults < environment < flags, each outside value with its origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidbuild.diagnostics import EXIT_USAGE, Span, problem

VAR_PREFIX = "VIDBUILD_VAR_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the global options say. `outside` maps var names to values from outside."""

    directory: Path = Path()
    file: str | None = None
    profile: str | None = None
    outside: Mapping[str, Any] = field(default_factory=dict)


def outside_values(
    environ: Mapping[str, str], *, var_files: Sequence[Path], vars_: Sequence[str]
) -> dict[str, Any]:
    """Values for vars: files, then `VIDBUILD_VAR_<name>`, then `name=value`; later wins.

    Raises `Problems` for a file that cannot be read and (wrong usage) a var without `=`.
    """
    values: dict[str, Any] = {}
    for path in var_files:
        values |= _from_file(path)
    for name, value in environ.items():
        if name.startswith(VAR_PREFIX) and len(name) > len(VAR_PREFIX):
            values[name.removeprefix(VAR_PREFIX)] = value
    for given in vars_:
        name, equals, value = given.partition("=")
        if not equals or not name:
            raise problem("VB720", f"--var {given!r} has no `=`", hint="write --var name=value",
                          exit_code=EXIT_USAGE)  # fmt: skip
        values[name.strip()] = value
    return values


def _from_file(path: Path) -> dict[str, Any]:
    """The values of a JSON or YAML file; JSON by its name, everything else is YAML."""
    from vidbuild import files
    from vidbuild.source import yaml
    from vidbuild.source.tables import read_data

    text = files.read_text(path)
    as_json = path.suffix.lower() == ".json"
    value = read_data(text, file=str(path)) if as_json else yaml.load(text, file=str(path))
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise problem("VB254", f"{path} must hold a mapping of names to values",
                      hint="write lines such as `product: Acme`",
                      span=Span(file=str(path)))  # fmt: skip
    return value
