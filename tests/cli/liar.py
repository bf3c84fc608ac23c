"""A provider on a port that answers some videos with nonsense, byte by byte.

It is honest in one thing: a create is taken before it is answered, whatever the answer is, and
a key is one job. `healthy`, it answers as it should.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tests.apply.cloud import content_of

# Where the nonsense comes: `links` are members of a finished video, the others whole answers.
At = Literal["create", "video", "file", "links"]
# Bytes are the whole answer; a callable is given the server's address; a pair is a beginning
# and what follows until nobody listens; None never answers.
Raw = bytes | None | tuple[bytes, bytes] | Callable[[str], bytes]


def reply(
    body: Any, status: str = "200 OK", kind: str = "application/json", more: str = ""
) -> bytes:
    """An answer with a JSON body, or with these bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n"
    return f"{head}{more}connection: close\r\n\r\n".encode() + data


@dataclass
class Liar:
    """`lies` are by script, `about_all` the first answers to the bulk call. `slow` videos are
    finished at a second look. `jobs` are scripts by key, `requests` the heads of all requests."""

    lies: Mapping[str, tuple[At, Any]] = field(default_factory=dict)
    about_all: list[bytes] = field(default_factory=list)
    slow: set[str] = field(default_factory=set)
    healthy: bool = False
    url: str = ""
    jobs: dict[str, str] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def respond(self, head: bytes, body: bytes) -> Raw:
        self.requests.append(head)
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        parts = urlsplit(target)
        path = [part for part in parts.path.split("/") if part]
        if path == ["v3", "users", "me"]:
            return reply({"data": {"username": "u"}})
        if method == "POST" and path == ["v3", "videos"]:
            return self._create(head, json.loads(body))
        if path == ["v3", "videos", "statuses"]:
            ids = parse_qs(parts.query)["video_ids"][0].split(",")
            if self.about_all:
                return self.about_all.pop(0)
            return reply({"data": [{"video_id": i, "status": "completed"} for i in ids]})
        if path[:2] == ["v3", "videos"]:
            return self._told(path[2], "video", reply({"data": self._video(path[2])}))
        if path[0] == "files":
            mp4 = content_of(f"https://files/{path[1]}/video")
            return self._told(path[1], "file", reply(mp4, kind="video/mp4"))
        return reply({"error": {"code": "not_found", "message": "?"}}, "404 Not Found")

    def _create(self, head: bytes, body: Mapping[str, Any]) -> Raw:
        lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        self.jobs.setdefault(lines[b"idempotency-key"].decode(), body["script"])
        taken = reply({"data": {"video_id": body["script"], "status": "waiting"}})
        return self._told(body["script"], "create", taken)

    def _video(self, video_id: str) -> dict[str, Any]:
        link = f"{self.url}/files/{video_id}"
        if video_id in self.slow:
            self.slow.remove(video_id)
            return {"id": video_id, "status": "brand_new_word", "video_url": link}
        found = {"id": video_id, "status": "completed", "duration": 2.5, "video_url": link}
        at, links = self.lies.get(video_id, ("", {}))
        return found | links if at == "links" and not self.healthy else found

    def _told(self, script: str, at: At, truth: bytes) -> Raw:
        where, lie = self.lies.get(script, ("", None))
        if self.healthy or where != at:
            return truth
        raw: Raw = lie(self.url) if callable(lie) else lie
        return raw


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        liar: Liar = self.server.liar  # type: ignore[attr-defined]  # set where it is opened
        with suppress(OSError):
            head, length = b"", 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                head += line
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not line:
                return  # somebody opened a connection and changed his mind
            raw = liar.respond(head, self.rfile.read(length))
            if raw is None:
                liar.closing.wait()
            elif isinstance(raw, tuple):
                self.wfile.write(raw[0])
                while not liar.closing.is_set():
                    self.wfile.write(raw[1])
            elif isinstance(raw, bytes):
                self.wfile.write(raw)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def lying(lies: Mapping[str, tuple[At, Any]]) -> Iterator[Liar]:
    """The provider, on a free port of this machine."""
    liar = Liar(lies=lies)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.liar = liar  # type: ignore[attr-defined]  # the handler's way to it
        liar.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield liar
        finally:
            liar.closing.set()
            server.shutdown()
            thread.join()
