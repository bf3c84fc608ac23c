"""The YAML language server that editors start, spoken to as they do: LSP over its pipes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, NamedTuple

MODULES = Path(__file__).parents[2] / "build/editor/node_modules"  # `make test` fills it
PROGRAM = MODULES / "yaml-language-server/bin/yaml-language-server"

_SETTINGS = {"schemaStore": {"enable": False}, "hover": True, "completion": True, "validate": True}
_CAPABILITIES = {"textDocument": {
    "hover": {"contentFormat": ["plaintext"]},
    "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
}}  # fmt: skip


class Underlined(NamedTuple):
    """What the server says of a place; lines from 1."""

    line: int
    text: str
    message: str


class LanguageServer:
    """One process for many files, each with the text it was opened with.

    The server waits a while before it looks at a file, so many are best opened at once.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [_node(), str(PROGRAM), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._last = 0
        self._told: dict[str, list[Any]] = {}
        self._request("initialize", {"processId": None, "rootUri": None,
                                     "capabilities": _CAPABILITIES})  # fmt: skip
        self._send(method="initialized", params={})

    def close(self) -> None:
        self._request("shutdown", None)
        self._send(method="exit", params=None)
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def open(self, file: Path) -> None:
        self._send(method="textDocument/didOpen", params={"textDocument": {
            "uri": file.as_uri(), "languageId": "yaml", "version": 1,
            "text": file.read_text(encoding="utf-8")}})  # fmt: skip

    def underlined(self, file: Path) -> list[Underlined]:
        """What an editor would underline in an open file."""
        while file.as_uri() not in self._told:
            self._receive()
        lines = file.read_text(encoding="utf-8").split("\n")
        return [_underlined(each, lines) for each in self._told[file.as_uri()]]

    def hover(self, file: Path, line: int, column: int) -> str:
        """The text that is shown when the mouse rests on a place; both from 0."""
        found = self._at("hover", file, line, column)
        return str(found["contents"]["value"]) if found else ""

    def completions(self, file: Path, line: int, column: int) -> dict[str, dict[str, Any]]:
        """What is offered at a place, by label."""
        found = self._at("completion", file, line, column)
        return {str(each["label"]): each for each in found["items"]}

    def _at(self, what: str, file: Path, line: int, column: int) -> Any:
        return self._request(f"textDocument/{what}", {
            "textDocument": {"uri": file.as_uri()},
            "position": {"line": line, "character": column}})  # fmt: skip

    def _request(self, method: str, params: Any) -> Any:
        self._last += 1
        self._send(id=self._last, method=method, params=params)
        while True:
            message = self._receive()
            if message.get("id") == self._last and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _send(self, **message: Any) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        pipe = _open(self._process.stdin)
        pipe.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        pipe.flush()

    def _receive(self) -> dict[str, Any]:
        """The next message; a question of the server's is answered on the way."""
        pipe = _open(self._process.stdout)
        length = 0
        while line := pipe.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(pipe.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self._told[message["params"]["uri"]] = message["params"]["diagnostics"]
        if "method" in message and "id" in message:
            self._send(id=message["id"], result=_answer(message))
        return message


def _node() -> str:
    """The one that came into the environment because the machine has none or an old one, or
    the machine's."""
    own = Path(sys.executable).parent / "node"
    return str(own) if own.exists() else "node"


def _answer(question: dict[str, Any]) -> Any:
    if question["method"] != "workspace/configuration":
        return None
    items = question["params"]["items"]
    return [_SETTINGS if item["section"] == "yaml" else {} for item in items]


def _underlined(found: dict[str, Any], lines: list[str]) -> Underlined:
    start, end = found["range"]["start"], found["range"]["end"]
    stop = end["character"] if end["line"] == start["line"] else None
    text = lines[start["line"]][start["character"] : stop]
    return Underlined(line=start["line"] + 1, text=text, message=found["message"])


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
