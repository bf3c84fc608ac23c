"""How fast a draft renders: seconds of video for each second of CPU, everything counted.

Starts a fresh interpreter that renders one 25 s script at 720p and adds up the CPU time of
that process and its speech child: start-up, imports, speech, drawing, encoding. Nothing is
cached. Prints one line.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile

SCRIPT = (
    "Hello, and welcome to Acme Cloud. In the next half minute we will show you how a team keeps "
    "its training videos as text. A plan says exactly which videos would be rendered, why, and "
    "what that costs. Apply renders those and nothing else, downloads them, and writes down what "
    "it did. Nothing is ever paid for twice. Ready? Then open the first lesson, and let us begin."
)
REQUEST = {
    "type": "avatar",
    "avatar_id": "Abigail_expressive_2024112501",
    "voice_id": "73c0b6a2e29d4d38aca41454bf58c955",
    "title": "Welcome to Acme Cloud",
    "script": SCRIPT,
    "resolution": "720p",
}
CHILD = """
from vidbuild.studio.render import Job, render
print(render(Job(video_id="draft", request={request!r}, output_dir={folder!r})).duration)
"""


def main() -> None:
    request = REQUEST | {"resolution": sys.argv[1] if len(sys.argv) > 1 else "720p"}
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", CHILD.format(request=request, folder=folder)],
            capture_output=True,
            text=True,
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    seconds = float(done.stdout)
    peak = after.ru_maxrss / 1024
    print(
        f"draft: {seconds:.1f} s at {request['resolution']} in {cpu:.2f} s CPU, "
        f"{seconds / cpu:.0f} x real time, {peak:.0f} MB peak"
    )


if __name__ == "__main__":
    main()
