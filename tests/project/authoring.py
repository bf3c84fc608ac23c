"""A project folder written by a test, and what loading it gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from vidbuild.codes import CODES
from vidbuild.diagnostics import Diagnostic, Problems
from vidbuild.pipeline import Loaded, load

HEAD = "vidbuild: 1\nproject: demo\nprovider: studio\n"
DEFAULTS = "defaults: {type: avatar, avatar_id: presenter, voice_id: warm}\n"

Files = Mapping[str, str | bytes]


class Folder:
    """A project in a temporary folder."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.root.mkdir()

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, text: str, files: Files = {}, **run: Any) -> Loaded:  # noqa: B006 - never changed
        """The loaded project; the head and defaults stand before `text` unless it has its own."""
        if "vidbuild:" not in text:
            text = HEAD + ("" if "defaults:" in text else DEFAULTS) + text
        for name, content in files.items():
            self.write(name, content)
        loaded = load(self.write("vidbuild.yaml", text), **run)
        assert {d.code for d in loaded.diagnostics} <= CODES.keys()
        return loaded

    def bodies(self, text: str, files: Files = {}, **run: Any) -> dict[str, dict[str, Any]]:  # noqa: B006
        """The requests' bodies by name; nothing may be wrong."""
        loaded = self.load(text, files, **run)
        assert not loaded.diagnostics, loaded.diagnostics
        return {name: dict(request.body) for name, request in loaded.requests.items()}

    def body(self, text: str, files: Files = {}, **run: Any) -> dict[str, Any]:  # noqa: B006
        """The only request's body."""
        [body] = self.bodies(text, files, **run).values()
        return body

    def scripts(self, text: str, files: Files = {}, **run: Any) -> dict[str, str]:  # noqa: B006
        return {name: body["script"] for name, body in self.bodies(text, files, **run).items()}

    def found(self, text: str, files: Files = {}, **run: Any) -> list[Diagnostic]:  # noqa: B006
        """What is wrong, whether it blocks everything or one video."""
        try:
            diagnostics = self.load(text, files, **run).diagnostics
        except Problems as problems:
            diagnostics = problems.diagnostics
        assert {d.code for d in diagnostics} <= CODES.keys()
        return list(diagnostics)

    def one(self, text: str, files: Files = {}, **run: Any) -> Diagnostic:  # noqa: B006
        """The only thing that is wrong."""
        found = self.found(text, files, **run)
        assert len(found) == 1, found
        return found[0]


def where(found: Diagnostic) -> tuple[str, int, int]:
    assert found.span is not None, found
    return found.span.file, found.span.line, found.span.column


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
