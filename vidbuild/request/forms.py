"""Forms: what right requests that differ in their words alone have in common.

The first request of each outline is judged and its content made with all care; the others then
follow its form. Whatever is wrong, or warned of, is never kept.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.request.fingerprint import canonical_json, quick_json
from vidbuild.request.normalise import normalise_script
from vidbuild.schema.api import Api
from vidbuild.schema.canonical import content
from vidbuild.schema.outline import Outlines
from vidbuild.schema.shape import Shape

_MOST = 10_000  # more forms than this are no forms; one holds every number of its request


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`silent` are the top members that the content leaves out, None where it leaves out others
    too; `quick` and `plain` are whether the quick encoder writes the content, and the body,
    canonically. `scripts` are the
    top members that are normalised, None where more of the body is made: deeper, or of files."""

    silent: frozenset[str] | None
    quick: bool
    plain: bool
    scripts: tuple[str, ...] | None

    def body(self, fields: Mapping[str, Any]) -> dict[str, Any] | None:
        """The body of fields with this form's outline; None where they need a closer look: a
        script of blanks alone, or one that grows as it is normalised."""
        if self.scripts is None:
            return None
        body = dict(fields)
        for name in self.scripts:
            written = body[name]
            body[name] = script = normalise_script(written)
            if not script or len(script) > len(written):
                return None
        return body


class Forms:
    """The forms of one API's requests."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._outlines = Outlines(api)
        self._known: dict[Hashable, Form] = {}

    def outline(self, body: Mapping[str, Any]) -> Hashable | None:
        """What tells a body's form; None for one that has to be looked at itself."""
        return self._outlines.of(body)

    def get(self, outline: Hashable | None) -> Form | None:
        return self._known.get(outline)

    def learn(self, outline: Hashable | None, body: Mapping[str, Any]) -> Form | None:
        """Keeps the form of a body that nothing is wrong with."""
        if outline is None or len(self._known) >= _MOST:
            return None
        made = content(self.api, body)
        cut = frozenset(body) - made.keys()
        made_at = list(_made(self.api.request, body, ()))
        form = Form(
            silent=cut if all(made[key] == body[key] for key in made) else None,
            quick=quick_json(made) == canonical_json(made),
            plain=quick_json(body) == canonical_json(body),
            scripts=None
            if any(len(path) > 1 for path in made_at)
            else tuple(p[0] for p in made_at),
        )
        self._known[outline] = form
        return form

    def content(self, body: Mapping[str, Any], form: Form | None) -> dict[str, Any]:
        """The canonical content of a body of this form."""
        if form is None or form.silent is None:
            return content(self.api, body)
        return {key: value for key, value in body.items() if key not in form.silent}


def _made(shape: Shape | None, value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where a body may differ from its fields: words that are spoken, and digests of files.
    Items of a list have no place of their own."""
    if isinstance(value, list):
        for item in value:
            yield from _made(shape.items if shape else None, item, (*path, ""))
    elif isinstance(value, Mapping):
        if shape is not None and shape.asset:
            yield (*path, "file")
        for key, member in value.items():
            yield from _made(shape.member(key, value) if shape else None, member, (*path, key))
    elif shape is not None and shape.schema.get("x-vidbuild-script"):
        yield path
