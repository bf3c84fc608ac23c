"""The journal: what it remembers, what it forgets on purpose, and how it can be damaged."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.state.strategies import FINGERPRINTS, PROJECT
from tests.state.test_pool import grave, intent
from vidbuild.codes import CODES
from vidbuild.diagnostics import Problems
from vidbuild.state import journal_file
from vidbuild.state.journal import Journal, read_journal
from vidbuild.state.journal_rows import Wanted
from vidbuild.state.recorded import Accepted, Intent, Receipt, Recorded
from vidbuild.state.records import Render, Status

SECRET = "a script that nobody else may read"


def private(number: int = 1) -> Intent:
    return replace(intent(number), body={"script": SECRET}, title=SECRET, sends=0)


def submitted(of: Intent, video_id: str) -> Render:
    return Render(
        provider=of.provider,
        account=of.account,
        fingerprint=of.fingerprint,
        status=Status.submitted,
        attempt=of.attempt,
        video_id=video_id,
        key=of.key,
        sent_at="2026-11-22T09:00:00Z",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".vidbuild" / "state" / "journal.db"


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_reading_a_journal_that_is_not_there_creates_nothing(path: Path, tmp_path: Path) -> None:
    assert read_journal(path, project=PROJECT) == Recorded()
    assert list(tmp_path.iterdir()) == []


def test_an_apply_that_ends_while_its_journal_is_read_disturbs_nobody(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing folds the log into the file, between looking for the log and opening it."""
    connect = journal_file._connect
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())

        def late(*asked: Any) -> sqlite3.Connection:
            journal.close()
            return connect(*asked)

        monkeypatch.setattr(journal_file, "_connect", late)
        assert [each.key for each in read_journal(path, project=PROJECT).intents] == [private().key]


def test_every_write_waits_for_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    connect = sqlite3.connect

    class Heard(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            said.append(sql)
            return super().execute(sql, *values)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Heard))
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())
    before = said[: said.index("BEGIN IMMEDIATE")]
    assert {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"} <= set(before)
    assert [sql for sql in said if "synchronous" in sql] == ["PRAGMA synchronous=FULL"]


def test_everything_comes_back(path: Path) -> None:
    receipt = Receipt(
        path="build/a.mp4", bytes=5, mtime_ns=7, sha256="a" * 64, video_id="v1", kind="video"
    )
    accepted = Accepted(digest="sha256:d", changes=({"name": "tour", "do": "render"},))
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private(1))
        journal.sending(private(1), at=private(1).first_sent + 5)
        journal.intend(private(2))
        journal.answered(private(2), "v2", sent_at="2026-11-22T09:00:00Z")
        journal.bury(grave(submitted(intent(3), "v3"), "deleted"))
        journal.expect(["a" * 64])
        journal.receive([receipt])
        journal.uploaded("acc1", "b" * 64, "asset1")
        journal.begin(accepted)
        journal.begin(accepted)  # a second apply under one list is the same
        live = journal.recorded()
        assert read_journal(path, project=PROJECT) == live
    found = read_journal(path, project=PROJECT)
    assert found == live
    assert found.intents == (replace(private(1), sends=1, last_sent=private(1).first_sent + 5),)
    assert found.renders == (submitted(intent(2), "v2"),)
    assert found.tombstones == (grave(submitted(intent(3), "v3"), "deleted"),)
    assert found.receipts == {"build/a.mp4": receipt}
    assert found.received == {"a" * 64}
    assert found.assets == {("acc1", "b" * 64): "asset1"}
    assert found.applies == (accepted,)
    with Journal(path, project=PROJECT) as journal:
        journal.finish(accepted)
        journal.forget_receipts(["build/a.mp4"])
        assert journal.recorded().applies == ()
        assert journal.recorded().receipts == {}


def test_it_is_readable_by_its_owner_alone(path: Path) -> None:
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "journal.db" in modes


@pytest.mark.parametrize("end", ["answered", "refused", "buried"])
def test_the_text_of_an_intent_is_gone_once_it_is_closed(path: Path, end: str) -> None:
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())
        assert read_journal(path, project=PROJECT).intents[0].body == {"script": SECRET}
        if end == "answered":
            journal.answered(private(), "v1", sent_at="2026-11-22T09:00:00Z")
        elif end == "refused":
            journal.sending(private(), at=1.0)
            assert journal.refused(private())
        else:
            journal.bury(replace(grave(submitted(intent(1), "v1"), "abandoned"), video_id=None))
        assert journal.recorded().intents == ()
    for file in path.parent.iterdir():
        assert SECRET.encode() not in file.read_bytes()


def test_an_intent_is_closed_only_if_every_send_was_refused(path: Path) -> None:
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())
        journal.sending(private(), at=1.0)
        journal.sending(private(), at=2.0)
        assert not journal.refused(private())
        assert len(journal.recorded().intents) == 1
        assert journal.refused(private())
        assert journal.recorded().intents == ()
        assert [r.key for r in journal.recorded().refusals] == [private().key]


def test_an_open_intent_is_not_overwritten(path: Path) -> None:
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())
        journal.intend(replace(private(), body={"script": "other"}, first_sent=9e9))
        assert journal.recorded().intents[0].body == {"script": SECRET}
        assert journal.recorded().intents[0].first_sent == private().first_sent


def test_a_refused_key_that_is_sent_again_starts_its_time_anew(path: Path) -> None:
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())
        journal.sending(private(), at=private().first_sent)
        journal.refused(private())
        later = replace(private(), first_sent=private().first_sent + 99)
        journal.intend(later)
        assert journal.recorded().intents[0].first_sent == later.first_sent
        journal.sending(later, at=later.first_sent)
        journal.refused(later)
        refusal = journal.recorded().refusals[0]
        assert (refusal.first_sent, refusal.last_sent) == (private().first_sent, later.first_sent)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, set()),
        ({"paths": {"build/b.mp4"}}, {"build/b.mp4"}),
        ({"video_ids": {"v1"}}, {"build/a.mp4"}),
        ({"fingerprints": {FINGERPRINTS[2]}}, {"build/b.mp4"}),
        (
            {"fingerprints": {FINGERPRINTS[1]}, "paths": {"build/b.mp4"}},
            {"build/a.mp4", "build/b.mp4"},
        ),
    ],
)
def test_who_asks_for_a_video_hears_where_its_files_are(
    path: Path, wanted: dict[str, set[str]], found: set[str]
) -> None:
    with Journal(path, project=PROJECT) as journal:
        for number, name in ((1, "a"), (2, "b")):
            render = submitted(intent(number), f"v{number}")
            journal.advance(replace(render, fingerprint=FINGERPRINTS[number]), key=f"k{number}")
            journal.receive(
                [
                    Receipt(
                        path=f"build/{name}.mp4",
                        bytes=1,
                        mtime_ns=1,
                        sha256="a" * 64,
                        video_id=f"v{number}",
                        kind="video",
                    )
                ]
            )
    asked = dict.fromkeys(("fingerprints", "video_ids", "paths"), frozenset[str]())
    asked |= {kind: frozenset(values) for kind, values in wanted.items()}
    assert read_journal(path, project=PROJECT, wanted=Wanted(**asked)).receipts.keys() == found


@pytest.mark.parametrize("first", list(Status)[1:])
@pytest.mark.parametrize("then", list(Status)[1:])
def test_a_status_never_falls(path: Path, first: Status, then: Status) -> None:
    with Journal(path, project=PROJECT) as journal:
        for status in (first, then):
            journal.advance(replace(submitted(intent(1), "v1"), status=status), key="k")
        assert [r.status for r in journal.recorded().renders] == [max(first, then)]


def test_a_forgotten_video_that_answers_again_is_alive_and_a_deleted_one_is_not(path: Path) -> None:
    with Journal(path, project=PROJECT) as journal:
        journal.bury(grave(submitted(intent(1), "v1"), "removed"))
        journal.bury(grave(submitted(intent(2), "v2"), "deleted"))
        for number in (1, 2):
            journal.intend(private(number))
            journal.answered(private(number), f"v{number}", sent_at="2026-11-22T09:00:00Z")
        assert [t.video_id for t in journal.recorded().tombstones] == ["v2"]


def test_projects_of_one_folder_are_kept_apart(path: Path) -> None:
    with Journal(path, project="other") as journal:
        journal.intend(private())
    assert read_journal(path, project=PROJECT).intents == ()


KILLED = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.state.test_journal import private
from vidbuild.state.journal import Journal
journal = Journal(Path({path!r}), project="acme")
journal.intend(private())
journal.answered(private(), "v1", sent_at="2026-11-22T09:00:00Z")
journal.intend(private(2))
os._exit(9)
"""


@pytest.fixture
def killed(path: Path) -> Path:
    """A journal whose process was killed: its write-ahead log was never folded in."""
    root = str(Path(__file__).parent.parent.parent)
    script = KILLED.format(root=root, path=str(path))
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == 9
    assert (path.parent / "journal.db-wal").stat().st_size
    return path


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_reading_after_a_kill_sees_everything_and_writes_nothing(
    killed: Path, tmp_path: Path, index: str
) -> None:
    if index == "lost":
        (killed.parent / "journal.db-shm").unlink()
    before = snapshot(tmp_path)
    found = read_journal(killed, project=PROJECT)
    assert [r.video_id for r in found.renders] == ["v1"]
    assert [i.key for i in found.intents] == [private(2).key]
    assert snapshot(tmp_path) == before


def test_reading_a_journal_at_rest_writes_nothing(path: Path, tmp_path: Path) -> None:
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())
    before = snapshot(tmp_path)
    assert len(read_journal(path, project=PROJECT).intents) == 1
    assert snapshot(tmp_path) == before


def test_reading_while_an_apply_writes(path: Path) -> None:
    with Journal(path, project=PROJECT) as journal:
        for number in range(4):
            journal.intend(private(number))
            assert len(read_journal(path, project=PROJECT).intents) == number + 1


DAMAGED = {"nonsense": b"nonsense" * 1000, "short": b"SQLite format 3\x00" + b"\xff" * 5000}


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("how", ["read", "open"])
def test_a_damaged_journal_is_refused_and_left_as_it_is(path: Path, case: str, how: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(DAMAGED[case])
    with pytest.raises(Problems) as caught:
        read_journal(path, project=PROJECT) if how == "read" else Journal(path, project=PROJECT)
    found = caught.value.diagnostics[0]
    assert found.code in ("VB511", "VB513")
    assert found.code in CODES
    assert found.hint
    assert found.span is not None
    assert found.span.file == ".vidbuild/state/journal.db"
    assert path.read_bytes() == DAMAGED[case]


@pytest.mark.parametrize("how", ["read", "open"])
def test_a_newer_journal_is_refused(path: Path, how: str) -> None:
    with Journal(path, project=PROJECT) as journal:
        journal.intend(private())
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(Problems) as caught:
        read_journal(path, project=PROJECT) if how == "read" else Journal(path, project=PROJECT)
    assert caught.value.diagnostics[0].code == "VB512"


def test_a_journal_that_cannot_be_read_is_said(path: Path) -> None:
    path.mkdir(parents=True)  # refused for root as well, unlike missing rights
    with pytest.raises(Problems) as caught:
        read_journal(path, project=PROJECT)
    assert caught.value.diagnostics[0].code == "VB513"


def test_the_sent_time_of_an_intent_is_that_of_its_first_send(path: Path) -> None:
    from vidbuild.state.pooling import as_render

    assert as_render(private()).sent_at == "2026-11-22T09:00:00Z"
    assert as_render(private()).fingerprint == FINGERPRINTS[1]
