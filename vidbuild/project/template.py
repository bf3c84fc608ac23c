"""Jinja templates, sandboxed: same sources, same text. No clock, no chance, no environment.

Errors come out as `TemplateFault` with the template's name and line; `rendering` turns that
into a place in a project file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from jinja2 import BaseLoader, Template, TemplateNotFound, Undefined, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from vidbuild.diagnostics import Problems
from vidbuild.project.bounds import (
    PADDING,
    STEPS,
    BoundedGenerator,
    Budget,
    bounded_filter,
    check_format,
    check_length,
    check_operation,
    counting_loops,
)
from vidbuild.project.faults import TemplateFault, fault, syntax_fault
from vidbuild.project.simple import simple_text
from vidbuild.project.values import MissingName, defined, printable

SCOPE = "\0scope"  # no template can spell it
# An include at the end of a line; its length is bounded, so that no text takes long to look at.
_INCLUDE = re.compile(r"(\{%[-+]?\s{0,9}include\b(?:[^%\n]|%(?!\})){0,300}?)(?<![-+])%\}(?=\r?\n)")
EXPRESSION = "<expression>"  # the name of templates that are one expression


class Scope(Protocol):
    """Where a template's names come from."""

    def lookup(self, name: str) -> Any:
        """The value of a name; `jinja2.utils.missing` where there is none."""
        ...

    def names(self) -> list[str]: ...

    def used(self, file: str) -> None:
        """Told of each template file that takes part."""
        ...


class ScopeContext(Context):
    """Asks the scope for every name, so that vars are evaluated only when used."""

    def resolve_or_missing(self, key: str) -> Any:
        if key in self.vars:
            return self.vars[key]
        scope = self.parent.get(SCOPE)  # none in a template imported without context
        value = missing if scope is None else scope.lookup(key)
        return self.environment.globals.get(key, missing) if value is missing else value


class _Loader(BaseLoader):
    """`{% include %}`: the file through the project's own rules, named by its path."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self.read = read

    def get_source(self, environment: Any, template: str) -> tuple[str, str, Any]:  # noqa: ARG002
        try:
            return self.read(template), template, lambda: True
        except Problems as problems:
            if problems.diagnostics[0].code == "VB101":
                raise TemplateNotFound(template) from None
            raise


class Templates(ImmutableSandboxedEnvironment):
    """The environment. `read` gives a file's text by its shown name; `named` the shown name of
    what a template refers to, given the reference and the template's own name."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})
    code_generator_class = BoundedGenerator

    def __init__(self, read: Callable[[str], str], named: Callable[[str, str], str]) -> None:
        super().__init__(
            undefined=MissingName,
            loader=_Loader(read),
            finalize=printable,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            autoescape=False,
            cache_size=-1,
            auto_reload=False,
        )
        self.context_class = ScopeContext
        for name in ("lipsum", "cycler", "joiner"):
            del self.globals[name]
        for name in ("random", "center", "indent", "wordwrap", "pprint"):
            del self.filters[name]  # chance, and ways to fill memory with blanks
        self.filters = {name: bounded_filter(each) for name, each in self.filters.items()}
        self.filters[STEPS] = self._steps
        self._named = named
        self._inline: dict[tuple[str, str], Template] = {}
        self._scopes: list[Scope] = []  # of the renderings under way, innermost last
        self._budget = Budget()

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """Text moved to a file of its own keeps its line: an include that ends a line leaves the
        line's end, while other blocks swallow it."""
        source = super().preprocess(source, name, filename)
        return _INCLUDE.sub(r"\1+%}", source) if "include" in source else source

    def join_path(self, template: str, parent: str) -> str:
        """A path in `{% include %}` is relative to the file that names it."""
        return self._named(template, parent)

    def _load_template(self, name: str, globals: Any) -> Template:  # noqa: A002 - jinja2's name
        template = super()._load_template(name, globals)
        if self._scopes:
            self._scopes[-1].used(name)
        return template

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return counting_loops(super()._parse(source, name, filename))

    def _steps(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._budget.spend()
            yield item

    def joined(self, values: tuple[Any, ...]) -> str:
        """`~` in templates."""
        texts = [str(value) for value in values]
        check_length(sum(map(len, texts)))
        return "".join(texts)

    def _compiled(self, source: str, name: str) -> Template:
        key = (source, name)
        if key not in self._inline:
            try:
                code = self.compile(source, name, name)
            except TemplateSyntaxError as error:
                raise syntax_fault(error) from None
            except (SyntaxError, RecursionError, ValueError, MemoryError) as error:
                raise _too_deep(name, error) from None
            self._inline[key] = self.template_class.from_code(self, code, self.make_globals(None))
        return self._inline[key]

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return self.getitem(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            try:
                return obj[argument]
            except (KeyError, TypeError):
                lookup = getattr(obj, "missing", None)
                if lookup is not None:
                    return lookup(argument)
        return super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in PADDING:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        return MissingName(f"templates cannot reach {attribute!r}", obj, attribute)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        self._budget.spend()
        method = getattr(obj, "__wrapped__", obj)  # the sandbox's own `format` wraps the text's
        owner = getattr(method, "__self__", None)
        if isinstance(owner, str) and method.__name__ in ("format", "format_map"):
            check_format(owner)
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        check_operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def render_inline(self, source: str, name: str, scope: Scope) -> str:
        """The text of a template that stands in the project file `name`, compiled once."""
        text = simple_text(source, scope.lookup)
        return self.render(self._compiled(source, name), scope) if text is None else text

    def render(self, template: Template, scope: Scope) -> str:
        """The template's text. Raises `TemplateFault`."""
        return "".join(self._run(template, scope)[1])

    def _run(self, template: Template, scope: Scope) -> tuple[Context, list[str]]:
        """The context a template leaves and the pieces of its text. Raises `TemplateFault`."""
        if not self._scopes:
            self._budget = Budget()
        self._scopes.append(scope)
        try:
            # As `new_context` does, without the copy of all globals: `ScopeContext` finds them.
            context = self.context_class(self, {SCOPE: scope}, template.name, template.blocks)
            parts: list[str] = []
            length = 0
            for part in template.root_render_func(context):
                parts.append(part)
                length += len(part)
                check_length(length)
        except Exception as error:  # noqa: BLE001 - a template can raise anything, all of it the user's
            raise _known(error, scope) from None
        finally:
            self._scopes.pop()
        return context, parts

    def evaluate(self, expression: str, scope: Scope) -> Any:
        """The value of a Jinja expression (not text). Raises `TemplateFault`."""
        return self._result(expression, scope, defined)

    def holds(self, expression: str, scope: Scope) -> bool:
        """Whether an expression is true; an empty cell is false. Raises `TemplateFault`."""
        return bool(self._result(expression, scope, bool))

    def _result(self, expression: str, scope: Scope, finish: Callable[[Any], Any]) -> Any:
        template = self._compiled("{% set result = (" + expression + "\n) %}", EXPRESSION)
        context, _ = self._run(template, scope)
        try:
            return finish(context.vars["result"])
        except Exception as error:  # noqa: BLE001 - as in `_run`
            raise _known(error, scope) from None

    def file(self, name: str) -> Template:
        """The template in the project file `name`. Raises `TemplateFault`, `Problems`."""
        try:
            return self.get_template(name)
        except TemplateSyntaxError as error:
            raise syntax_fault(error) from None
        except (SyntaxError, RecursionError, ValueError, MemoryError) as error:
            raise _too_deep(name, error) from None


def _known(error: Exception, scope: Scope) -> Exception:
    """A fault or placed problems as they are; everything else as a fault."""
    if isinstance(error, TemplateFault):
        return error
    if isinstance(error, Problems) and all(d.span for d in error.diagnostics):
        return error
    return fault(error, scope)


def _too_deep(name: str, error: BaseException) -> TemplateFault:
    """Valid Jinja that Python cannot compile: loops or brackets inside each other without end."""
    return TemplateFault(f"not a valid template: nested too deep ({type(error).__name__})",
                         template=name, line=1, code="VB301")  # fmt: skip
