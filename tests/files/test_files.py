"""Reading and writing: UTF-8, whole files, modes, and what is inside a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from vidbuild import files
from vidbuild.diagnostics import Diagnostic, Problems, Span, folded


def failure(path: Path) -> Diagnostic:
    with pytest.raises(Problems) as caught:
        files.read_text(path, shown="shown/name")
    [found] = caught.value.diagnostics
    assert "shown/name" in found.message
    return found


def test_text(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe\r\n")
    assert files.read_text(path) == "Grüße\r\n"


def test_text_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failure(tmp_path / "none").code == "VB101"
    assert failure(tmp_path / "none" / "x").code == "VB101"
    assert failure(tmp_path).code == "VB102"
    path = tmp_path / "a"
    path.write_bytes(b"one\ntwo \xff\n")
    assert failure(path / "below").code == "VB102"
    found = failure(path)
    assert (found.code, found.span) == ("VB104", Span(file="shown/name", line=2))
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert failure(loop).code == "VB102"
    monkeypatch.setattr(files, "MAX_TEXT_BYTES", 3)
    assert failure(path).code == "VB103"


def test_writing_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    files.write_atomic(path, b"one")
    assert path.read_bytes() == b"one"
    path.chmod(0o640)
    files.write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640
    files.write_atomic(path, b"three", mode=0o600)
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]
    secret = tmp_path / "secret"
    files.write_atomic(secret, b"x", mode=0o600)
    assert secret.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    files.write_atomic(path, b"old")

    def refuse(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        files.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_who_writes_alone_removes_what_a_killed_writer_left(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    others = {".b.lock.x.tmp", "a.lock.tmp", ".a.lock", "a.lock"}
    for name in (*others, ".a.lock.x1.tmp", ".a.lock.x2.tmp"):
        (tmp_path / name).touch()
    files.write_atomic(path, b"new", alone=True)
    assert {p.name for p in tmp_path.iterdir()} == others
    (tmp_path / ".a.lock.x3.tmp").touch()
    files.write_atomic(path, b"newer")  # another one may be writing it
    assert (tmp_path / ".a.lock.x3.tmp").exists()


def test_digest(tmp_path: Path) -> None:
    path = tmp_path / "a"
    data = bytes(range(256)) * 9000
    path.write_bytes(data)
    assert files.digest(path) == (hashlib.sha256(data).hexdigest(), len(data))


def test_within(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "home").symlink_to(inside)
    assert files.within(inside, inside / "a" / "b")
    assert files.within(inside, inside / "home" / "x")
    assert not files.within(inside, inside / "link" / "x")
    assert not files.within(inside, inside / ".." / "out")
    assert not files.within(inside, tmp_path / "in-too")


def about(message: str, *, video: str | None, line: int = 1, field: str = "f") -> Diagnostic:
    return Diagnostic(
        code="VB302", message=message, span=Span(file="a", line=line), video=video, field=field
    )


def test_one_place_wrong_for_many_videos_is_said_once() -> None:
    many = [about(f"m{n}", video=f"v{n}") for n in range(4)]
    [one] = folded(many)
    assert one.message == "m0"
    assert one.notes[-1].message == "and for 3 more videos"


def test_what_is_folded_and_what_is_not() -> None:
    different = [
        about("x", video="v"), about("y", video="v"), about("x", video="v", line=2),
        about("x", video="v", field="g"),
    ]  # fmt: skip
    assert list(folded(different)) == different
    nowhere = [Diagnostic(code="VB263", message=m) for m in "ab"]
    assert list(folded(nowhere)) == nowhere
    two = list(folded([about("x", video="v"), about("y", video="v"), about("x", video="w")]))
    assert [d.message for d in two] == ["x", "y"]
    assert all(d.notes[-1].message == "and for 1 more video" for d in two)
    rows = list(folded([about("x", video=None)] * 3))
    assert len(rows) == 1
