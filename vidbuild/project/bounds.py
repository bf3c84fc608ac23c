"""Bounds on what a template may do: lengths of texts, steps of loops, widths of formats.

A sandbox keeps a template from reaching out; this keeps it from filling memory and time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

from vidbuild.project.faults import TooMuch

MAX_OUTPUT = 1_000_000  # characters; the longest script is 5,000
MAX_STEPS = 50_000  # rounds of loops and calls of functions in one rendering

PADDING = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})
STEPS = "\0steps"  # a filter that no template can spell
_WIDE = re.compile(r"\*|\{[^{}]*\{|\d{4,}")  # a width in a format that only fills memory


class Budget:
    """The steps left in one rendering."""

    def __init__(self) -> None:
        self.left = MAX_STEPS

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooMuch(f"the template takes more than {MAX_STEPS:,} steps")


class BoundedGenerator(CodeGenerator):
    """Compiles `~` to a call of the environment, which looks at lengths first."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - jinja2's name
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


def counting_loops(tree: nodes.Template) -> nodes.Template:
    """The template with every loop counting its rounds."""
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, STEPS, [], [], None, None, lineno=loop.lineno)
    return tree


@functools.cache
def bounded_filter(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing numbers that could only be meant to fill memory."""

    @functools.wraps(filter_)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if isinstance(value, int):
                check_length(value)
        if getattr(filter_, "__name__", "") == "do_format":
            check_format(str(args[0]))
        return filter_(*args, **kwargs)

    return bounded


def check_length(length: int) -> None:
    """Raises `TooMuch` for a text or list of so many characters or items."""
    if length > MAX_OUTPUT:
        raise TooMuch(f"the text grows past {MAX_OUTPUT:,} characters")


def check_format(pattern: str) -> None:
    """Raises `TooMuch` for a format with a field that only fills memory."""
    if _WIDE.search(pattern):
        raise TooMuch("a format with so wide a field is not available in templates")


def check_operation(operator: str, left: Any, right: Any) -> None:
    """Raises `TooMuch` for an operation whose result would be huge."""
    if operator == "**":
        raise TooMuch("`**` is not available in templates")
    if operator == "%" and isinstance(left, str):
        check_format(left)
    elif operator == "+" and isinstance(left, (str, list)) and isinstance(right, (str, list)):
        check_length(len(left) + len(right))
    elif operator == "*":
        _check_product(left, right)


def _check_product(left: Any, right: Any) -> None:
    for value, count in ((left, right), (right, left)):
        if isinstance(value, (str, list, tuple)) and isinstance(count, int):
            check_length(count * max(len(value), 1))
    if isinstance(left, int) and isinstance(right, int):
        check_length(left.bit_length() + right.bit_length())
