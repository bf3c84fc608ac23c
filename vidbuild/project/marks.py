"""Templates whose text says where each piece of it comes from: file, line, expression.

Each piece begins with a private-use character that stands for its place; an expression's ends
with one too. They flow through macros, includes and blocks with the text. A template that looks
at its own text (its length, say) may then print another one: whoever asks compares what is left
without marks with the real text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Template, nodes, pass_context

from vidbuild.project.scope import VideoScope
from vidbuild.project.simple import name_parts
from vidbuild.project.template import Templates

_FIRST, _END = 0xF0000, "\U0010fffd"
_MARK = re.compile("([\U000f0000-\U0010fffd])")
_MOST = 0x1FFF0  # marks; templates beyond them have none
_VISIT = "\0visit"  # a filter that no template can spell
_BODIES = (
    nodes.Template, nodes.Block, nodes.If, nodes.For, nodes.Macro, nodes.CallBlock,
    nodes.FilterBlock, nodes.With, nodes.AssignBlock,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ref:
    """A name in an expression and the members taken of it: constants, or further names."""

    name: str
    path: tuple[str | int | Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; `refs` are the names in its expression, None for literal text."""

    text: str
    template: str
    line: int
    refs: tuple[Ref, ...] | None = None


class MarkedTemplates(Templates):
    """The project's templates with marks; `visits` also notes every line that is run."""

    def __init__(
        self,
        read: Callable[[str], str],
        named: Callable[[str, str], str],
        *,
        visits: bool = False,
    ) -> None:
        super().__init__(read, named)
        self.visits = visits
        self.visited: set[tuple[str, int]] = set()
        self._marks: list[Piece] = []
        self.filters[_VISIT] = self._visit

    def pieces(self, source: str, name: str, scope: VideoScope) -> list[Piece]:
        """The pieces of a template that stands in the project file `name`.

        Raises `TemplateFault`.
        """
        found = None if self.visits else simple_pieces(source, name, scope)
        if found is None:
            found = list(self._split(self.render(self._compiled(source, name), scope), name))
        return found

    def file_pieces(self, name: str, scope: VideoScope) -> list[Piece]:
        """The pieces of a template file's text. Raises `TemplateFault`, `Problems`."""
        return list(self._split(self.render(self.file(name), scope), name))

    def refs(self, expression: str) -> tuple[Ref, ...]:
        """The names in an expression. Raises `TemplateSyntaxError`."""
        return _Marking(self, "").refs(self.parse("{{ (" + expression + "\n) }}"))

    def mark(self, template: str, line: int, refs: tuple[Ref, ...] | None = None) -> str:
        """The character for a place."""
        if len(self._marks) >= _MOST:
            return ""
        self._marks.append(Piece("", template, line, refs))
        return chr(_FIRST + len(self._marks) - 1)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if name is not None:
            _Marking(self, name).template(tree)
        return tree

    def _load_template(self, name: str, globals: Any) -> Template:  # noqa: A002 - jinja2's name
        template = super()._load_template(name, globals)
        if self.visits:
            template._module = None  # noqa: SLF001 - an import runs it again: its lines are noted
        return template

    @pass_context  # so that the compiler does not take it for a constant
    def _visit(self, _: Any, template: str, line: int) -> str:
        self.visited.add((template, line))
        return ""

    def _split(self, marked: str, name: str) -> Iterator[Piece]:
        parts = _MARK.split(marked)
        if parts[0]:
            yield Piece(parts[0], name, 1)
        current: Piece | None = None
        around: list[Piece | None] = []
        for sign, text in zip(parts[1::2], parts[2::2], strict=True):
            if sign == _END:
                current = around.pop() if around else current
            else:
                mark = self._marks[ord(sign) - _FIRST]
                if mark.refs is not None:
                    around.append(current)
                current = mark
            if text:
                known = current or Piece("", name, 1)
                yield Piece(text, known.template, known.line, known.refs)


def simple_pieces(source: str, name: str, scope: VideoScope) -> list[Piece] | None:
    """The pieces of a template of words and names alone, without Jinja; None for any other."""
    parts = name_parts(source)
    if parts is None:
        return None
    pieces: list[Piece] = []
    line = 1
    for number, part in enumerate(parts):
        if number % 2:
            ref = Ref(part.split(".")[0], tuple(part.split(".")[1:]))
            shown = printed(ref, scope.lookup)
            if shown is None:
                return None
            pieces.append(Piece(shown, name, line, (ref,)))
            continue
        for text in part.splitlines(keepends=True):
            pieces.append(Piece(text, name, line))
            line += text.endswith("\n")
    return pieces


def value_of(ref: Ref, lookup: Callable[[str], Any]) -> Any:
    """What a name and its members lead to; None where they lead nowhere."""
    value = lookup(ref.name)
    for part in ref.path:
        key: Any = value_of(part, lookup) if isinstance(part, Ref) else part
        if not isinstance(value, (Mapping, list, tuple)):
            return None
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def printed(ref: Ref, lookup: Callable[[str], Any]) -> str | None:
    """What a name prints; None for what is neither text nor number, or not there."""
    value = value_of(ref, lookup)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value)


class _Marking:
    """The pass over one template; `local` are the names that it makes, with what is behind."""

    def __init__(self, marks: MarkedTemplates, name: str) -> None:
        self.marks, self.name = marks, name
        self.local: dict[str, tuple[Ref, ...]] = {}

    def template(self, tree: nodes.Template) -> None:
        for loop in tree.find_all(nodes.For):
            self.learn(loop.target, loop.iter)
        for assign in tree.find_all(nodes.Assign):
            self.learn(assign.target, assign.node)
        for each in [tree, *tree.find_all(_BODIES)]:
            if isinstance(each, nodes.If):
                self.branches(each)
            for body in ("body", "else_"):
                if statements := getattr(each, body, None):
                    setattr(each, body, [n for child in statements for n in self.statement(child)])

    def learn(self, target: nodes.Node, value: nodes.Node) -> None:
        refs = self.refs(value)
        names = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
        for name in names:
            self.local.setdefault(name.name, refs)

    def branches(self, choice: nodes.If) -> None:
        """The lines of `elif` are run where what follows them is."""
        lines: list[int] = []
        for branch in choice.elif_:
            lines.append(branch.lineno)
            branch.body = [*self.visit(lines), *branch.body]
        if lines:
            choice.else_ = [*self.visit(lines), *choice.else_]

    def statement(self, child: nodes.Node) -> list[nodes.Node]:
        if isinstance(child, nodes.Output):
            lines = self.output(child)
        elif isinstance(child, nodes.ExprStmt) and self.is_visit(child):
            return [child]
        else:
            lines = [child.lineno]
        return [*self.visit(lines), child]

    def output(self, node: nodes.Output) -> list[int]:
        """Marks what an output prints; gives the lines that it stands in."""
        marked: list[nodes.Expr] = []
        lines: list[int] = []
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                texts = child.data.split("\n")
                for number, text in enumerate(texts):
                    whole = text if number == len(texts) - 1 else text + "\n"
                    if whole:
                        lines.append(child.lineno + number)
                        marked.append(self.data(self.marks.mark(self.name, lines[-1]) + whole))
            else:
                lines.append(child.lineno)
                sign = self.marks.mark(self.name, child.lineno, self.refs(child))
                marked += [self.data(sign), child, self.data(_END if sign else "")]
        node.nodes = marked
        return lines

    def data(self, text: str) -> nodes.TemplateData:
        data = nodes.TemplateData(text, lineno=1)
        data.set_environment(self.marks)
        return data

    def visit(self, lines: Iterable[int]) -> list[nodes.Node]:
        if not self.marks.visits:
            return []
        return [self._visit(line) for line in dict.fromkeys(lines)]

    def _visit(self, line: int) -> nodes.ExprStmt:
        place = [nodes.Const(self.name), nodes.Const(line)]
        call = nodes.Filter(place[0], _VISIT, place[1:], [], None, None)
        statement = nodes.ExprStmt(call)
        statement.set_lineno(line).set_environment(self.marks)
        return statement

    @staticmethod
    def is_visit(statement: nodes.ExprStmt) -> bool:
        return isinstance(statement.node, nodes.Filter) and statement.node.name == _VISIT

    def refs(self, node: nodes.Node) -> tuple[Ref, ...]:
        """The names in an expression, outermost members first, local names followed back."""
        found: dict[Ref, None] = {}
        self._collect(node, found)
        return tuple(found)

    def _collect(self, node: nodes.Node, found: dict[Ref, None]) -> None:
        ref = self._chain(node)
        if ref is None:
            for child in node.iter_child_nodes():
                self._collect(child, found)
            return
        found.update(dict.fromkeys(self.local.get(ref.name, (ref,))))
        for part in ref.path:
            if isinstance(part, Ref):
                found[part] = None

    def _chain(self, node: nodes.Node) -> Ref | None:
        match node:
            case nodes.Name():
                return Ref(node.name)
            case nodes.Getattr():
                part: Any = node.attr
            case nodes.Getitem(arg=nodes.Const() as constant):
                part = constant.value
            case nodes.Getitem():
                part = self._chain(node.arg)
            case _:
                return None
        owner = self._chain(node.node)
        return None if owner is None or part is None else Ref(owner.name, (*owner.path, part))
