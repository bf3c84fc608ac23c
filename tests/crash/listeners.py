"""Three hosts that write down every byte they are sent: the API's, a storage's, a stranger's.

The first two hand on to a studio; links to its files then lead to the storage, and some
redirects to the stranger.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(slots=True)
class Listener:
    """One host. `sent` has a request's line and headers as they came, and its body. Paths that
    begin as in `away` are redirected once, those in `echoed` refused once, with the headers
    repeated in the answer.
    """

    studio: str
    url: str = ""
    links: str = ""
    away: dict[str, str] = field(default_factory=dict)
    echoed: set[str] = field(default_factory=set)
    sent: list[bytes] = field(default_factory=list)

    def moved(self, path: str) -> str | None:
        """Where a path that begins so is redirected to, once."""
        found = next((start for start in self.away if path.startswith(start)), None)
        return None if found is None else self.away.pop(found) + path


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    api: Listener
    storage: Listener
    stranger: Listener


@contextmanager
def listening(studio: str) -> Iterator[Hosts]:
    api, storage, stranger = (Listener(studio) for _ in range(3))
    with ExitStack() as around:
        for listener in (api, storage, stranger):
            listener.url = around.enter_context(_served(listener))
        api.links = storage.url
        yield Hosts(api=api, storage=storage, stranger=stranger)


_HOPS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})


class _Handler(BaseHTTPRequestHandler):
    listener: Listener

    def _take(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        head = f"{self.command} {self.path}\n{self.headers}".encode()
        self.listener.sent.append(head + body)
        away = self.listener.moved(self.path)
        if away is not None:
            self.send_response(307)
            self.send_header("Location", away)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path in self.listener.echoed:
            self.listener.echoed.discard(self.path)
            self._answer(400, [("X-Request-Id", str(dict(self.headers)))], self._echo())
        else:
            self._hand_on(body)

    do_GET = do_POST = do_PUT = _take  # noqa: N815 - the names that the base class looks for

    def _hand_on(self, body: bytes) -> None:
        studio = urlsplit(self.listener.studio)
        connection = http.client.HTTPConnection(studio.hostname or "", studio.port)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOPS}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        for path in ("/files/", "/uploads/"):
            data = data.replace(
                f"{self.listener.studio}{path}".encode(), f"{self.listener.links}{path}".encode()
            )
        self._answer(answer.status, answer.getheaders(), data)

    def _echo(self) -> bytes:
        said = f"not with {dict(self.headers)}"
        return json.dumps({"error": {"code": "invalid_parameter", "message": said}}).encode()

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOPS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@contextmanager
def _served(listener: Listener) -> Iterator[str]:
    handler = type("Handler", (_Handler,), {"listener": listener})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
