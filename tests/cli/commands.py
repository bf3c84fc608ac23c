"""Running the command line as a user does: in this process, or in one of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pytest

from vidbuild.apply import looking
from vidbuild.cli import main, options, output
from vidbuild.provider import retry

_PAUSE, _PACE = retry.pause, 50.0
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("VIDBUILD_", "HEYGEN_"))
    and name not in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR")
}


def vidbuild(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    typed: str | None = None,
    process: bool = False,
) -> subprocess.CompletedProcess[str]:
    """One command to its end; `env` is added to an environment without our variables.

    `typed` is what somebody has typed ahead at a terminal, instead of another `stdin`.
    `process` starts an interpreter, which takes ten times as long: for signals, imports, the
    encoding of the streams, and whatever else a process of its own makes different.
    """
    command = [sys.executable, "-m", "vidbuild", *map(str, arguments)]
    environment = {**CLEAN, **(env or {})}
    if not process:
        return _here(command, cwd, environment, stdin, typed)
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=environment,
        input=stdin,
        timeout=120,
        check=False,
    )


def _here(
    command: list[str],
    cwd: Path | None,
    environment: Mapping[str, str],
    stdin: str,
    typed: str | None,
) -> subprocess.CompletedProcess[str]:
    """The entry point, with folder, environment and the three streams down to their
    descriptors: what child processes write is caught as well."""
    with ExitStack() as around:
        given = around.enter_context(_lines(stdin) if typed is None else _terminal(typed))
        files = [given, *(around.enter_context(TemporaryFile()) for _ in range(2))]
        around.enter_context(_soon())
        with _streams(files), _environment(environment), chdir(cwd or Path.cwd()):
            code = _code(command[3:])
        said = [_read(file) for file in files[1:]]
    return subprocess.CompletedProcess(command, code, *said)


@contextmanager
def _soon() -> Iterator[None]:
    """The first looks at what is in flight come as soon as any, and calls are repeated at once:
    the other end is this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "_FIRST", looking.SHORTEST)
        patch.setattr(retry, "pause", lambda *given: _PAUSE(*given) / _PACE)
        yield


@contextmanager
def _lines(text: str) -> Iterator[IO[bytes]]:
    with TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        yield file


@contextmanager
def _terminal(typed: str) -> Iterator[IO[bytes]]:
    """A terminal's end; its other end has the answers ready."""
    control, terminal = pty.openpty()
    os.write(control, typed.encode())
    try:
        with os.fdopen(terminal, "rb", buffering=0) as file:
            yield file
    finally:
        os.close(control)


def _code(arguments: list[str]) -> int:
    """The exit code of a command that knows nothing of the ones before it."""
    options._latest[0] = options.Globals()
    output._root.clear()
    output._lines.cache_clear()
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert isinstance(end.value.code, int)
    return end.value.code


@contextmanager
def _streams(files: Sequence[IO[bytes]]) -> Iterator[None]:
    """Standard input, output and error are these files."""
    own = (sys.stdin, sys.stdout, sys.stderr)
    for stream in own[1:]:
        stream.flush()
    descriptors = [os.dup(number) for number in range(3)]
    for number, file in enumerate(files):
        os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout = _opened(0, "r", "strict"), _opened(1, "w", "strict")
    sys.stderr = _opened(2, "w", "backslashreplace")
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if not stream.closed:
                stream.close()
        sys.stdin.close()
        sys.stdin, sys.stdout, sys.stderr = own
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)


def _opened(number: int, mode: str, errors: str) -> IO[str]:
    return open(number, mode, encoding="utf-8", errors=errors, closefd=False)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """The whole environment is this one."""
    before = dict(os.environ)
    _exchange(wanted)
    try:
        yield
    finally:
        _exchange(before)


def _exchange(wanted: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    os.environ.update({n: v for n, v in wanted.items() if os.environ.get(n) != v})


def _read(file: IO[bytes]) -> str:
    """A file's text with the line ends that a pipe in text mode gives."""
    file.seek(0)
    return file.read().decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


SMALL = """\
vidbuild: 1
project: small
provider: studio
vars: {product: Acme}
defaults: {type: avatar, avatar_id: presenter, voice_id: english, resolution: 720p}
videos:
  hello:
    title: Hello
    script: Hello from {{ product }}.
  bye:
    title: Bye
    script: Goodbye from {{ product }}.
"""


def project(folder: Path, text: str = SMALL, **files: str) -> Path:
    """A project in `folder`, with more files by name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vidbuild.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder
