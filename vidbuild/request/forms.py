"""Forms: what right requests that differ in their words alone have in common.

The first request of each outline is judged and its content made with all care; the others then
follow its form. Whatever is wrong, or warned of, is never kept.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.request.fingerprint import canonical_json, quick_json
from vidbuild.schema.api import Api
from vidbuild.schema.canonical import content
from vidbuild.schema.outline import Outlines

_MOST = 10_000  # more forms than this are no forms; one holds every number of its request


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`silent` are the top members that the content leaves out, None where it leaves out others
    too; `quick` is whether the quick encoder writes the content canonically."""

    silent: frozenset[str] | None
    quick: bool


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
        form = Form(
            silent=cut if all(made[key] == body[key] for key in made) else None,
            quick=quick_json(made) == canonical_json(made),
        )
        self._known[outline] = form
        return form

    def content(self, body: Mapping[str, Any], form: Form | None) -> dict[str, Any]:
        """The canonical content of a body of this form."""
        if form is None or form.silent is None:
            return content(self.api, body)
        return {key: value for key, value in body.items() if key not in form.silent}
