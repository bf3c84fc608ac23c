"""What a process that renders drafts does: a job a line.

Reads `{"video_id", "request", "assets", "output_dir"}` on standard input and answers each
with a line of `{"draft": {...}}` or `{"failure": {"code", "message"}}`. It ends with its
parent: the end of standard input is the end of the process, a render in progress included.
What it cannot foresee ends it with a traceback, which the parent takes as a crash.
"""

from __future__ import annotations

import dataclasses
import json
import os
import queue
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any, BinaryIO

# Address space, of which a transparent draft in 4k takes half; and one file, of which it takes
# less.
_MEMORY = 4 << 30
_FILE = 4 << 30


def main() -> None:
    # An interrupt is the parent's to answer; it ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine()
    with os.fdopen(os.dup(1), "wb") as answers:
        # Whatever a library prints must not end up between the answers.
        os.dup2(2, 1)
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(sys.stdin.buffer, lines), daemon=True).start()
        try:
            while True:
                answers.write(json.dumps(_answer(json.loads(lines.get()))).encode() + b"\n")
                answers.flush()
        except Exception:  # noqa: BLE001 - the edge of the process: said in its log, then the end
            traceback.print_exc()
        # At once: an orderly end would wait for the thread that waits for the parent.
        os._exit(1)


def confine() -> None:
    """Bounds what a file that was made to exhaust a decoder can take: the job fails, and the
    machine does not. A system without such limits has none."""
    try:
        import resource
    except ImportError:
        return
    for name, limit in (("RLIMIT_AS", _MEMORY), ("RLIMIT_FSIZE", _FILE), ("RLIMIT_CORE", 0)):
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY or limit < hard:
            with suppress(OSError, ValueError):
                resource.setrlimit(kind, (limit, hard))


def _listen(source: BinaryIO, lines: queue.SimpleQueue[bytes]) -> None:
    for line in source:
        lines.put(line)
    os._exit(0)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    from vidbuild.studio.render import Job, RenderError, render

    try:
        draft = render(Job(**job))
    except RenderError as error:
        return {"failure": {"code": error.code, "message": error.message}}
    return {"draft": dataclasses.asdict(draft)}
