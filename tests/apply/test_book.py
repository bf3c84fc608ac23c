"""The working lock: the file is its bytes after every save, whoever else writes or stands in
the way."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.apply.book import Book
from vidbuild.clock import VirtualClock
from vidbuild.diagnostics import Problems
from vidbuild.files import write_atomic
from vidbuild.state.lock import encode_lock, read_lock
from vidbuild.state.records import Entry, Lock, Render, Status

PROJECT = "book"
WRITE = "vidbuild.apply.book.write_atomic"

names = st.sampled_from("abcd")
steps = st.one_of(
    st.tuples(st.just("put"), names, st.integers(1, 3)),
    st.tuples(st.just("drop"), names, st.just(0)),
    st.tuples(st.just("theirs"), names, st.integers(4, 6)),
    st.tuples(st.sampled_from(["save", "no room", "removed", "damaged"]), st.just(""), st.just(0)),
)


def entry(number: int) -> Entry:
    fingerprint = f"sha256:{number:064}"
    render = Render(
        provider="p", fingerprint=fingerprint, status=Status.completed, video_id=f"v{number}"
    )
    return Entry(fingerprint=fingerprint, request={"script": f"{number}"}, render=render)


def no_room(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@given(st.lists(steps, max_size=20))
def test_after_a_save_the_file_is_the_book(done: list[tuple[str, str, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vidbuild.lock"
        kept = Book(Lock(project=PROJECT), path, shown=path.name, clock=VirtualClock())
        for what, name, number in done:
            if what in ("save", "no room"):
                save(kept, path, room=what == "save")
            elif what in ("put", "drop"):
                change(kept, name, number)
            else:
                meddle(path, what, name, number)
        if there(path) is None:
            path.unlink()
        kept.put("last", entry(9))
        save(kept, path, room=True)
        assert kept.videos["last"] == entry(9)
        assert path.read_bytes() == encode_lock(of(kept))


def change(kept: Book, name: str, number: int) -> None:
    if number:
        kept.put(name, entry(number))
    else:
        kept.drop(name)


def meddle(path: Path, what: str, name: str, number: int) -> None:
    """What others do to the file meanwhile."""
    lock = there(path)
    if what == "removed":
        path.unlink(missing_ok=True)
    elif what == "damaged":
        path.write_bytes(b"{")
    elif lock is not None:
        videos = {**lock.videos, name: entry(number)}
        write_atomic(path, encode_lock(Lock(project=PROJECT, videos=videos)))


def save(kept: Book, path: Path, *, room: bool) -> None:
    """Either the file is the book's afterwards, or it is what it was and that is said."""
    before = path.read_bytes() if path.exists() else None
    wanted = bool(kept._changed)
    with pytest.MonkeyPatch.context() as patch:
        if not room:
            patch.setattr(WRITE, no_room)
        trouble = kept.save()
    now = path.read_bytes() if path.exists() else None
    if trouble is not None:
        assert now == before
    elif wanted:
        assert now == encode_lock(of(kept))


def test_what_is_taken_back_after_a_full_disk_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vidbuild.lock"
    kept = begun(path)
    kept.put("a", entry(2))
    with monkeypatch.context() as patch:
        patch.setattr(WRITE, no_room)
        assert kept.save() is not None
    kept.put("a", entry(1))
    kept.put("b", entry(3))
    assert kept.save() is None
    assert read_lock(path, project=PROJECT).videos == {"a": entry(1), "b": entry(3)}


def test_what_did_not_get_to_a_full_disk_is_not_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken back, and saved as nothing new, before anything else changes."""
    path = tmp_path / "vidbuild.lock"
    kept = begun(path)
    for number, back in enumerate([entry(1), None], 2):
        kept.put("a", entry(2))
        with monkeypatch.context() as patch:
            patch.setattr(WRITE, no_room)
            assert kept.save() is not None
        if back:
            kept.put("a", back)
        else:
            kept.drop("a")
        assert kept.save() is None
        kept.put("b", entry(number))
        assert kept.save() is None
        assert path.read_bytes() == encode_lock(of(kept))


def test_nothing_new_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vidbuild.lock"
    kept = begun(path)
    monkeypatch.setattr(WRITE, no_room)
    kept.put("a", entry(2))
    kept.put("a", entry(1))
    assert kept.save() is None
    kept.drop("a")
    assert kept.save() is not None


def begun(path: Path) -> Book:
    """A book whose file has one video."""
    kept = Book(Lock(project=PROJECT), path, shown=path.name, clock=VirtualClock())
    kept.put("a", entry(1))
    assert kept.save() is None
    return kept


def of(kept: Book) -> Lock:
    return Lock(project=PROJECT, videos=kept.videos)


def there(path: Path) -> Lock | None:
    try:
        return read_lock(path, project=PROJECT)
    except Problems:
        return None
