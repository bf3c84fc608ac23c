"""Locks that cannot be used: refused with a place and a hint, left as they are to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import project, vidbuild

PRINT = "sha256:" + "0" * 64
RENDER = {"provider": "studio", "status": "completed", "video_id": "v1"}
ENTRY = {"fingerprint": PRINT, "request": {"type": "avatar"}, "render": RENDER}
GOOD = {"project": "small", "version": 1, "videos": {"hello": ENTRY}}


def lock(**members: Any) -> str:
    return json.dumps({**GOOD, **members})


def entry(**members: Any) -> str:
    return lock(videos={"hello": {**ENTRY, **members}})


def render(**members: Any) -> str:
    return entry(render={**RENDER, **members})


def output(path: str) -> str:
    return render(outputs={"video": {"path": path, "bytes": 1, "sha256": "0" * 64}})


MARKERS = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n"

BAD: dict[str, str | bytes] = {
    "empty": "",
    "blank": "\n\n",
    "truncated": lock()[:-20],
    "not JSON": "project: small\n",
    "not UTF-8": b'{"project": "\xff"}',
    "UTF-16": lock().encode("utf-16"),
    "zero bytes": b"\0" * 100,
    "a list": "[]",
    "a text": '"small"',
    "null": "null",
    "NaN": '{"version": NaN}',
    "deep": "[" * 200_000,
    "deep in a request": lock()[:-3] + ', "x": ' + "[" * 200_000,
    "a long number": '{"version": ' + "9" * 5000 + "}",
    "conflict": MARKERS.format("{", "{"),
    "conflict inside": '{\n  "project": "small",\n' + MARKERS.format('  "a"', '  "b"') + "}",
    "conflict, CRLF": MARKERS.format("{", "{").replace("\n", "\r\n"),
    "conflict, three sides": "<<<<<<< a\n{}\n||||||| b\n{}\n=======\n{}\n>>>>>>> c\n",
    "newer": lock(version=2),
    "newer, with other members": '{"project": "small", "version": 9, "entries": []}',
    "version of text": lock(version="1"),
    "version true": lock(version=True),
    "version 0": lock(version=0),
    "no version": '{"project": "small", "videos": {}}',
    "another project": lock(project="other"),
    "no project": '{"version": 1, "videos": {}}',
    "videos a list": lock(videos=[]),
    "no videos": '{"project": "small", "version": 1}',
    "a name twice": lock(videos={"a": ENTRY, "b": ENTRY}).replace('"b"', '"a"'),
    "an entry of text": lock(videos={"hello": "v1"}),
    "no render": lock(videos={"hello": {"fingerprint": PRINT, "request": {}}}),
    "a wrong check": entry(check="0" * 12),
    "a wrong fingerprint": entry(fingerprint="abc"),
    "history of text": entry(history="none"),
    "an unknown status": render(status="done"),
    "a negative cost": render(cost_usd=-1),
    "an infinite cost": render(cost_usd=1).replace('"cost_usd": 1', '"cost_usd": 1e999'),
    "a huge cost": render(cost_usd=10**400),
    "half an attempt": render(attempt=1.5),
    "a huge attempt": render(attempt=10**400),
    "no time": render(completed_at="yesterday"),
    "a time without a zone": render(completed_at="2026-11-22T10:00:00"),
    "an output above": output("../x.mp4"),
    "an absolute output": output("/x.mp4"),
    "an output of Windows": output("C:\\x.mp4"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("place"))


def refused(folder: Path, command: list[str]) -> None:
    done = vidbuild(*command, cwd=folder)
    shown = done.stdout if command == ["validate"] else done.stderr
    assert done.returncode == 1, done
    assert "error VB50" in shown
    assert "vidbuild.lock" in shown
    assert "hint:" in shown
    assert "Traceback" not in done.stderr
    assert len(shown) < 2000


COMMANDS = [["plan"], ["plan", "-o", "x.plan"], ["apply", "-y"], ["list"], ["validate"]]


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_a_bad_lock_is_refused_by_every_command_and_left(data: str | bytes, place: Path) -> None:
    path = place / "vidbuild.lock"
    raw = data if isinstance(data, bytes) else data.encode()
    path.write_bytes(raw)
    for command in COMMANDS:
        refused(place, command)
    assert path.read_bytes() == raw
    assert {p.name for p in place.iterdir()} <= {"vidbuild.yaml", "vidbuild.lock", ".vidbuild"}


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [folder, loop])
def test_a_lock_that_is_no_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    project(tmp_path)
    make(tmp_path / "vidbuild.lock")
    for command in (["plan"], ["apply", "-y"]):
        refused(tmp_path, command)


@pytest.mark.parametrize(
    "spell",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: json.dumps(json.loads(data)).encode(),
        lambda data: data + b"\n\n",
    ],
    ids=["BOM", "CRLF", "one line", "more lines"],
)
def test_another_spelling_of_a_good_lock_is_read_and_left(
    spell: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    project(tmp_path)
    raw = spell((json.dumps(GOOD, indent=2) + "\n").encode())
    (tmp_path / "vidbuild.lock").write_bytes(raw)
    done = vidbuild("plan", "--exclude", "hello", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "hello" in vidbuild("list", cwd=tmp_path).stdout
    assert (tmp_path / "vidbuild.lock").read_bytes() == raw


@pytest.mark.parametrize("text", ["{", MARKERS.format("{", "{"), lock(project="other")])
def test_a_bad_lock_of_another_profile_is_refused_as_well(text: str, tmp_path: Path) -> None:
    project(tmp_path)
    path = tmp_path / "vidbuild.ci.lock"
    path.write_text(text, "utf-8")
    done = vidbuild("plan", cwd=tmp_path)
    assert (done.returncode, "vidbuild.ci.lock" in done.stderr) == (1, True)
    assert path.read_text("utf-8") == text


def test_a_large_lock_is_read(tmp_path: Path) -> None:
    project(tmp_path)
    videos = {f"v{i}": {**ENTRY, "request": {"script": "x" * 2000}} for i in range(3000)}
    (tmp_path / "vidbuild.lock").write_text(lock(videos=videos), "utf-8")
    assert "3000 orphaned" in vidbuild("plan", cwd=tmp_path).stdout
