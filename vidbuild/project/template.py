"""Jinja templates, sandboxed: same sources, same text. No clock, no chance, no environment.

Errors come out as `TemplateFault` with the template's name and line; `render` (the room's
caller) turns that into a place in a project file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateNotFound, Undefined
from jinja2.exceptions import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from vidbuild.diagnostics import Problems, nearest

MAX_OUTPUT = 1_000_000  # characters; the longest script is 5,000
MAX_REPEAT = 100_000
SCOPE = "\0scope"  # no template can spell it
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Omit:
    """The value of `omit`: a layer that holds it says nothing."""


OMIT = Omit()


class TemplateFault(Exception):
    """`template` is the name of the one at fault, `line` 1-based in it; `word` what to point at."""

    def __init__(
        self, message: str, *, template: str | None, line: int, word: str | None = None,
        hint: str | None = None, code: str = "VB302",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.message, self.template, self.line = message, template, line
        self.word, self.hint, self.code = word, hint, code


class Unprintable(TemplateError):
    """Something other than text or a number stands where text is made."""


class MissingName(StrictUndefined):
    """A name or member that does not exist: an error wherever it is used."""


class MissingCell(Undefined):
    """An empty cell: false in a test, caught by `default`, an error where it is printed."""

    def __init__(self, hint: str, name: str) -> None:
        super().__init__(hint=hint, name=name)

    # The documented way to a strict undefined, here without `__bool__` and `__eq__`.
    __str__ = __len__ = __iter__ = Undefined._fail_with_undefined_error  # noqa: SLF001


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
        return self.read(template), template, lambda: True


class Templates(ImmutableSandboxedEnvironment):
    """The environment. `read` gives a project file's text by its shown name."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, read: Callable[[str], str]) -> None:
        super().__init__(
            undefined=MissingName,
            loader=_Loader(read),
            finalize=_printable,
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
        del self.filters["random"]  # the same sources always make the same requests
        self._inline: dict[tuple[str, str], Template] = {}

    def join_path(self, template: str, parent: str) -> str:
        """A path in `{% include %}` is relative to the file that names it."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(parent), template))

    def _compiled(self, source: str, name: str) -> Template:
        key = (source, name)
        if key not in self._inline:
            try:
                code = self.compile(source, name, name)
            except TemplateSyntaxError as error:
                raise _syntax(error) from None
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

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise Unprintable("`**` is not available in templates")
        texts = (str, list, tuple)
        if operator == "*" and (isinstance(left, texts) or isinstance(right, texts)):
            count = right if isinstance(left, texts) else left
            sequence = left if isinstance(left, texts) else right
            if isinstance(count, int) and count * max(len(sequence), 1) > MAX_REPEAT:
                raise Unprintable("the repeated text is too long")
        return super().call_binop(context, operator, left, right)

    def render_inline(self, source: str, name: str, scope: Scope) -> str:
        """The text of a template that stands in the project file `name`, compiled once."""
        return self.render(self._compiled(source, name), scope)

    def render(self, template: Template, scope: Scope) -> str:
        """The template's text. Raises `TemplateFault`."""
        try:
            context = template.new_context({SCOPE: scope})
            parts: list[str] = []
            length = 0
            for part in template.root_render_func(context):
                parts.append(part)
                length += len(part)
                if length > MAX_OUTPUT:
                    raise Unprintable(f"the text grows past {MAX_OUTPUT:,} characters")
            return "".join(parts)
        except (TemplateFault, Problems):
            raise
        except Exception as error:  # noqa: BLE001 - a template can raise anything, all of it the user's
            raise fault(error, scope) from None

    def evaluate(self, expression: str, scope: Scope) -> Any:
        """The value of a Jinja expression (not text). Raises `TemplateFault`."""
        return self._result(expression, scope, _defined)

    def holds(self, expression: str, scope: Scope) -> bool:
        """Whether an expression is true; an empty cell is false. Raises `TemplateFault`."""
        return bool(self._result(expression, scope, bool))

    def _result(self, expression: str, scope: Scope, finish: Callable[[Any], Any]) -> Any:
        try:
            template = self._compiled("{% set result = (" + expression + "\n) %}", EXPRESSION)
            context = template.new_context({SCOPE: scope})
            for _ in template.root_render_func(context):
                pass
            return finish(context.vars["result"])
        except (TemplateFault, Problems):
            raise
        except Exception as error:  # noqa: BLE001 - as in `render`
            raise fault(error, scope) from None

    def file(self, name: str) -> Template:
        """The template in the project file `name`. Raises `TemplateFault`, `Problems`."""
        try:
            return self.get_template(name)
        except TemplateSyntaxError as error:
            raise _syntax(error) from None


def _defined(value: Any) -> Any:
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()  # noqa: SLF001 - words what is missing
    return value


def _printable(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Undefined)):
        kind = "None" if value is None else f"a {_KINDS.get(type(value), type(value).__name__)}"
        raise Unprintable(f"{kind} cannot be printed into a text")
    return value


_KINDS = {
    bool: "true or false value", list: "list", tuple: "list", dict: "mapping", Omit: "`omit`",
}  # fmt: skip


def fault(error: Exception, scope: Scope) -> TemplateFault:
    """What went wrong, with the innermost template's line."""
    if isinstance(error, TemplateSyntaxError):
        return _syntax(error)
    template, line = _place(error)
    if isinstance(error, RecursionError):
        return TemplateFault("the templates include each other without end", template=template,
                             line=line, code="VB303")  # fmt: skip
    if isinstance(error, UndefinedError):
        return _undefined(str(error), template, line, scope)
    if isinstance(error, TemplateNotFound):
        return TemplateFault(f"the template {error.name} does not exist", template=template,
                             line=line, word=str(error.name), code="VB305")  # fmt: skip
    if isinstance(error, TemplateError):
        return TemplateFault(error.message or "the template cannot be rendered",
                             template=template, line=line, code="VB303")  # fmt: skip
    message = f"the template fails: {error or type(error).__name__}"
    return TemplateFault(message, template=template, line=line, code="VB304")


def _syntax(error: TemplateSyntaxError) -> TemplateFault:
    return TemplateFault(
        f"template syntax: {error.message}", template=error.name, line=error.lineno, code="VB301"
    )


def _place(error: Exception) -> tuple[str | None, int]:
    name, line = None, 1
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            name, line = template.name, template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return name, line


def _undefined(message: str, template: str | None, line: int, scope: Scope) -> TemplateFault:
    quoted = message.split("'")
    if message.endswith("is undefined") and len(quoted) >= 3:
        name = quoted[1]
        close = nearest(name, scope.names())
        hint = f"did you mean {close}?" if close else "define it under `vars`"
        return TemplateFault(f"{name!r} is not defined", template=template, line=line, word=name,
                             hint=hint)  # fmt: skip
    word = quoted[-2] if len(quoted) >= 3 else None
    if "has no attribute" in message and word:
        message = f"there is no {word!r} here"
    return TemplateFault(message, template=template, line=line, word=word)
