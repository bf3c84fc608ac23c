"""Templates that do not stand in quotes: what YAML makes of `{{` and `{%`, in words that help.

To YAML they open a mapping, or nothing at all, and its own message is of little use. Asked
only about a file that cannot be read: each suspect is put in quotes, and is guilty if the
file can then be read further.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems, Span
from vidbuild.source.plain import quoted

_TRIED = 8  # suspect lines above an error that are tried
_MOST = 20  # lines reported in one file
_LONGEST = 1_000_000  # characters of a file that is worth reading many times
_MARK = re.compile(r"\{[{%#]")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
# Blanks and list dashes, and one key with its colon.
_DASHES = re.compile(r"\s*(?:-\s+)*")
_KEY = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'\[{#&*!|>%@`-][^:#]*):(?:\s+|$)""")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")
_COMMENT = re.compile(r"\s+#\s.*\Z")
_IN_BRACKETS = re.compile(r"(?<=[}%#]\})[\]},]+\Z")  # behind a value, in a line inside brackets
_FLOW_TEXT = re.compile(r"[^,\[\]{}]*")
_FLOW_VALUE = re.compile(r"(?:(?!: )[^\s,\[\]{}\"'#])?(?:(?!: )[^,\[\]{}\"'#])*(?=\{[{%#])")

Values = list[tuple[int, int]]  # where values begin and end in a line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    """A line (0-based) with templates that begin values; `last` is the last line of the text."""

    line: int
    values: Values
    last: int

    def fixed(self, lines: list[str]) -> list[str]:
        """The lines with these values in quotes."""
        fixed = self.in_quotes(lines[self.line])
        return [
            *lines[: self.line],
            fixed,
            *[""] * (self.last - self.line),
            *lines[self.last + 1 :],
        ]

    def in_quotes(self, line: str) -> str:
        for start, end in reversed(self.values):
            line = line[:start] + quoted(line[start:end]) + line[end:]
        return line


def explained(problems: Problems, text: str, read: Callable[[str], Any]) -> Problems:
    """The problems of a file that `read` refuses, or those about templates behind them."""
    if len(text) > _LONGEST:
        return problems
    found: list[Diagnostic] = []
    lines, left = text.split("\n"), problems
    while len(found) < _MOST and (suspect := _guilty(left, lines, read)) is not None:
        found.append(_diagnostic(lines, suspect, _place(left).file))
        lines = suspect.fixed(lines)
        try:
            read("\n".join(lines))
        except Problems as rest:
            left = rest
        else:
            return Problems(found)
    return Problems([*found, *left.diagnostics]) if found else problems


def _place(problems: Problems) -> Span:
    return problems.diagnostics[0].span or Span(file="")


def _guilty(problems: Problems, lines: list[str], read: Callable[[str], Any]) -> _Suspect | None:
    """The suspect without which the file can be read, or read further."""
    if problems.diagnostics[0].code not in ("VB110", "VB117"):
        return None
    line = _place(problems).line
    for suspect in _suspects(lines, line - 1):
        try:
            read("\n".join(suspect.fixed(lines)))
        except Problems as rest:
            if _place(rest).line > max(line, suspect.line + 1):
                return suspect
        else:
            return suspect
    return None


def _suspects(lines: list[str], line: int) -> Iterator[_Suspect]:
    """Suspects at or above a line, the nearest first."""
    tried = 0
    for number in range(min(line, len(lines) - 1), -1, -1):
        if "{" in lines[number] and (values := _values(lines[number])):
            yield _Suspect(line=number, values=values, last=_last(lines, number, values))
            tried += 1
        if tried >= _TRIED:
            return


def _values(line: str) -> Values:
    at = _value_start(line)
    if _MARK.match(line, at):
        whole = _COMMENT.sub("", line.rstrip())
        brackets = _IN_BRACKETS.search(whole)
        return [(at, brackets.start() if brackets else len(whole))]
    return list(_in_flow(line, at)) if line[at : at + 1] in ("[", "{") else []


def _value_start(line: str) -> int:
    at = _end(_DASHES, line, 0)
    key = _KEY.match(line, at)
    return _end(_PROPERTIES, line, key.end() if key else at)


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    match = pattern.match(line, at)
    return match.end() if match else at


def _in_flow(line: str, at: int) -> Iterator[tuple[int, int]]:
    """Values inside brackets: after `[`, `{`, `,` and `: `."""
    begins = False
    while at < len(line):
        if begins and (string := _STRING.match(line, at)):
            at, begins = string.end(), False
        elif begins and line[at] != " " and (value := _FLOW_VALUE.match(line, at)):
            end = _template_end(line, value.end())
            yield at, end
            at, begins = end, False
        else:
            begins = line[at] in "[{," or (begins and line[at] == " ") or line[at - 1] == ":"
            at += 1


def _template_end(line: str, at: int) -> int:
    """Behind the templates and what is written up to the next sign of the brackets around."""
    while (mark := _MARK.match(line, at)) is not None:
        close = line.find(_CLOSING[mark[0]], at)
        if close < 0:
            return len(line)
        at = _end(_FLOW_TEXT, line, close + 2)
    return len(line[:at].rstrip())


def _last(lines: list[str], number: int, values: Values) -> int:
    """The last line of a text that goes on below: lines deeper than its key."""
    line = lines[number]
    depth = _end(_DASHES, line, 0)
    start, end = values[0]
    if len(values) > 1 or (_IN_BRACKETS.search(line.rstrip()) and end < len(line.rstrip())):
        return number
    alone = depth == start
    last = number
    for below in range(number + 1, len(lines)):
        blanks = len(lines[below]) - len(lines[below].lstrip())
        same = alone and blanks == depth > 0 and not _KEY.match(lines[below], blanks)
        if lines[below].strip() and not (blanks > depth or same):
            break
        last = below if lines[below].strip() else last
    return last


def _diagnostic(lines: list[str], suspect: _Suspect, file: str) -> Diagnostic:
    line, (start, end) = lines[suspect.line], suspect.values[0]
    message = "a template must stand in quotes"
    if not line[:start].strip() and re.search(r"\}\}:(\s|$)", line[start:end]):
        message, hint = (
            "a key cannot be a template",
            "give it a plain name; a video's `name` can be one",
        )
    elif suspect.last > suspect.line:
        key = line[:start].strip()
        where = f"write `{key} |`" if key else "write `|` behind the key above"
        hint = f"the text has several lines: {where} and put them below it, indented"
    else:
        hint = f"write {suspect.in_quotes(line).strip()}"
    span = Span(file=file, line=suspect.line + 1, column=start + 1)
    return Diagnostic(code="VB119", message=message, hint=hint, span=span)
