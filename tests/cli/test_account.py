"""Whose key it is: another account's finds nothing of ours gone, fetches, deletes, asks nothing."""

from __future__ import annotations

import re
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import VirtualClock
from tests.cli.yard import Yard

# Everything that talks to a provider, and what it prints on standard output all the same.
COMMANDS = [
    ["apply", "-y"],
    ["apply", "-y", "-s", "new"],
    ["apply", "-y", "--resubmit", "flying"],
    ["fetch"],
    ["wait"],
    ["status"],
    ["refresh"],
    ["plan", "--refresh"],
    ["lock", "adopt", "new", "v77"],
    ["lock", "rm", "done", "--delete-remote", "-y", "--expect", "DIGEST"],
]
IDS = [" ".join(command) for command in COMMANDS]
SHOWN = ("apply", "status", "lock rm")  # the plan or the records, before anybody is asked


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """Something finished whose file is missing, something in flight, an orphan, something new."""
    with pytest.MonkeyPatch.context() as patch:
        return made(Yard(tmp_path_factory.mktemp("prepared") / "yard").connect(patch))


@pytest.fixture
def mixed(prepared: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """A copy of that, to be spoilt."""
    own = {id(prepared.clock): VirtualClock(prepared.clock.time)}
    copy = deepcopy(prepared, own)
    copy.folder = tmp_path / "yard"
    shutil.copytree(prepared.folder, copy.folder)
    return copy.connect(monkeypatch)


def made(yard: Yard) -> Yard:
    yard.cloud.render_seconds = 30.0
    yard.write(done="Done.", old="Old.")
    yard.ok("apply", "-y")
    for path in (yard.folder / "build").rglob("*.mp4"):
        path.unlink()
    yard.write(done="Done.", flying="Flying.")
    yard.send("-s", "flying")
    yard.write(done="Done.", flying="Flying.", new="New.")
    return yard


def state(yard: Yard) -> dict[str, bytes]:
    """All that a refusal leaves alone; opening the journal touches its file."""
    return {n: data for n, data in yard.everything().items() if not n.startswith(".vidbuild")}


def typed(yard: Yard, command: list[str]) -> list[str]:
    """The command with the digest of what it shows, where it takes one."""
    if command[-1] != "DIGEST":
        return command
    shown = yard.run(*command[:-3]).stdout
    found = re.search(r"Digest: (\S+)", shown)
    assert found, shown
    return [*command[:-1], found[1]]


def refused(yard: Yard, command: list[str], *words: str) -> None:
    """Exit code 5, in these words, with nothing asked but who it is."""
    command = typed(yard, command)
    before = state(yard)
    calls = len(yard.cloud.calls)
    done = yard.run(*command)
    assert done.returncode == 5, (done.stdout, done.stderr)
    for word in words:
        assert word in done.stderr
    assert set(yard.cloud.calls[calls:]) <= {"account"}
    assert state(yard) == before
    shown = " ".join(command).startswith(SHOWN)
    assert (done.stdout == "") or shown


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_the_key_of_another_account(command: list[str], mixed: Yard) -> None:
    mixed.cloud.account_hash = "acc2"
    refused(mixed, command, "VB515", "someone (acc2)", "another account (acc1)")


@pytest.mark.parametrize("key", ["acc1", "acc2", None])
@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_an_account_that_the_project_names(
    command: list[str], key: str | None, mixed: Yard
) -> None:
    """Users/me says another one, or cannot tell."""
    mixed.more = "provider: {name: heygen, account: somebody-else}\n"
    mixed.write(done="Done.", flying="Flying.", new="New.")
    mixed.cloud.account_hash = key
    whose = "an account that cannot be told" if key is None else "the account someone"
    refused(mixed, command, "VB716", whose, "the account somebody-else")


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_the_named_account_is_let_through(command: list[str], mixed: Yard) -> None:
    mixed.more = "provider: {name: heygen, account: someone}\n"
    mixed.write(done="Done.", flying="Flying.", new="New.")
    assert mixed.run(*typed(mixed, command)).returncode != 5


@pytest.mark.parametrize("command", [["status"], ["wait"], ["refresh"], ["apply", "-y"]])
def test_where_nobody_can_tell_nothing_is_refused(command: list[str], mixed: Yard) -> None:
    mixed.cloud.tells_whose = False
    assert mixed.run(*command).returncode == 0
    assert mixed.statuses()["done"] == "completed"


def test_an_empty_lock_takes_any_key(yard: Yard) -> None:
    yard.cloud.account_hash = "acc2"
    yard.write(one="First.")
    yard.ok("apply", "-y")
    assert yard.lock()["one"]["render"]["account"] == "acc2"


def test_what_the_journal_has_in_flight_is_somebodys(yard: Yard) -> None:
    """The first apply was killed before its lock: its journal knows whose key it had."""
    yard.write(one="First.")
    yard.send()
    yard.lock_path.unlink()
    yard.cloud.account_hash = "acc2"
    yard.write(one="First.", two="Second.")
    refused(yard, ["apply", "-y"], "VB515", "another account (acc1)")
    yard.cloud.account_hash = "acc1"
    yard.ok("apply", "-y")
    yard.lock_path.unlink()  # with nothing in flight somebody may begin anew
    yard.cloud.account_hash = "acc2"
    yard.write(three="Third.")
    yard.ok("apply", "-y")


@pytest.fixture
def shared(yard: Yard) -> Yard:
    """A lock with videos of two accounts, which two machines have rendered. The other account's
    are finished, in flight, and without an answer."""
    yard.write(done="Done.")
    yard.ok("apply", "-y")
    yard.write(done="Done.", flying="Flying.")
    yard.send("-s", "flying")
    yard.cloud.faults = dict.fromkeys(range(3, 200), "before")
    yard.write(done="Done.", flying="Flying.", silent="Silent.")
    yard.run("apply", "-y", "-s", "silent")
    yard.cloud.faults = {}
    (yard.folder / "build/done.mp4").unlink()

    def add(videos: dict[str, Any]) -> None:
        body = {**videos["done"]["request"], "script": "Ours."}
        render = {**videos["done"]["render"], "account": "acc2", "video_id": "v99"}
        videos["ours"] = {**videos["done"], "request": body, "render": render}

    yard.edit_lock(add)
    yard.cloud.account_hash = "acc2"
    return yard


@pytest.mark.parametrize("later", [0.0, 21 * 3600.0, 48 * 3600.0])
@pytest.mark.parametrize("command", [*COMMANDS[3:8], ["apply", "-y"]], ids=" ".join)
def test_in_a_shared_lock_the_others_videos_are_not_asked_about(
    command: list[str], later: float, shared: Yard
) -> None:
    shared.later(later)
    before, creates = shared.lock(), shared.cloud.creates
    calls = len(shared.cloud.calls)
    done = shared.run(*command)
    theirs = {before[name]["render"].get("video_id") for name in ("done", "flying")}
    asked = [call.split() for call in shared.cloud.calls[calls:]]
    assert not {word for call in asked for word in call[1:]} & theirs
    assert not any(call[0] in ("create", "recent", "delete", "download") for call in asked)
    assert shared.cloud.creates == creates
    after = shared.lock()
    for name in ("done", "flying", "silent"):
        assert after[name]["render"] == before[name]["render"], done.stderr


def test_where_nobody_can_tell_a_shared_lock_loses_nothing(shared: Yard) -> None:
    """The key may only render: of one account's videos some are found, of the other's none."""
    ours = shared.cloud.jobs["v1"]
    shared.cloud.jobs["v99"] = type(ours)(
        video_id="v99", key="k", body={}, created_at=0.0, account="acc2"
    )
    shared.cloud.tells_whose = False
    shared.later(48 * 3600)
    done = shared.run("refresh")
    assert done.returncode == 0, done.stderr
    assert "recorded as before" in done.stderr
    assert (shared.statuses()["done"], shared.statuses()["flying"]) == ("completed", "submitted")
    shared.run("wait")
    shared.run("fetch")
    assert (shared.statuses()["done"], shared.statuses()["flying"]) == ("completed", "submitted")
