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
from typing import Any, BinaryIO


def main() -> None:
    # An interrupt is the parent's to answer; it ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(1), "wb") as answers:
        # Whatever a library prints must not end up between the answers.
        os.dup2(2, 1)
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(sys.stdin.buffer, lines), daemon=True).start()
        while True:
            answers.write(json.dumps(_answer(json.loads(lines.get()))).encode() + b"\n")
            answers.flush()


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
