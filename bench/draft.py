"""How fast a draft renders: seconds of video for each second of CPU, everything counted.

Starts a fresh interpreter that renders one 25 s script at 720p and adds up the CPU time of
that process and its speech child: start-up, imports, speech, drawing, encoding. Nothing is
cached. Prints one line: the median of five. An argument sets the resolution.
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
    "it did. Nothing is ever paid for twice. Drafts like this one are free. Ready? "
    "Then open the first lesson, and let us begin."
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
    runs = sorted(measured(request) for _ in range(5))
    cpu, seconds = runs[len(runs) // 2]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"draft: {seconds:.1f} s at {request['resolution']} in {cpu:.2f} s CPU (median of five), "
        f"{seconds / cpu:.0f} x real time, {peak:.0f} MB peak"
    )


def measured(request: dict[str, str]) -> tuple[float, float]:
    """CPU seconds of one fresh process and its children, and the seconds of video it made."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        code = CHILD.format(request=request, folder=folder)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, float(done.stdout)


if __name__ == "__main__":
    main()
