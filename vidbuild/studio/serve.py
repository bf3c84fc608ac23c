"""The studio on a port, for a team, for `curl`, and for tests over a real wire."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from vidbuild.diagnostics import EXIT_USAGE, problem
from vidbuild.studio.server import Studio, require_wheels

DEFAULT_PORT = 8787


async def serve(
    studio: Studio,
    *,
    on_ready: Callable[[str], None],
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
) -> None:
    """Serves until SIGINT or SIGTERM; then returns, with workers ended and jobs put back.

    `on_ready` gets the URL once connections are accepted; port 0 picks a free one. A host
    other than this machine's own is refused where the studio accepts any key.
    """
    require_wheels("uvicorn")
    import uvicorn

    from vidbuild.studio.hosts import local_names_only, loopback
    from vidbuild.studio.wire import Connection, patient

    if studio.open_to_all and not loopback(host):
        raise problem(
            "VB804",
            f"the studio would accept any key from the network on {host}",
            hint="give it a key of its own with --key, or listen on 127.0.0.1",
            exit_code=EXIT_USAGE,
        )
    with listen(host, port) as sockets:
        studio.serve_at(_url(host, sockets))
        async with studio:
            app = local_names_only(studio.app) if studio.open_to_all else studio.app
            server = uvicorn.Server(
                uvicorn.Config(
                    patient(app),
                    http=Connection,
                    ws="none",
                    log_config=None,
                    log_level="error",
                    access_log=False,
                    lifespan="off",
                    # The app dates its answers by its own clock.
                    date_header=False,
                    server_header=False,
                    timeout_graceful_shutdown=2,
                )
            )
            with _stopping(server):
                on_ready(_url(host, sockets))
                await server.serve(sockets=[sockets])


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, closed at the end; `Problems` where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sends small pieces at once only where it is; without
    # it every answer waits 40 ms for the client's acknowledgement of its head.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen(128)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise problem(
                "VB803",
                f"the studio cannot listen on {host}:{port}: {reason}",
                hint="choose another port with --port; 0 takes a free one",
            ) from None
        yield sock


def _url(host: str, sock: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{sock.getsockname()[1]}"


@contextmanager
def _stopping(server: Any) -> Iterator[None]:
    """Our own handlers around uvicorn's: it raises the signal again when it is done, which
    would end the process before the studio has put its jobs back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
