"""`apply --canary`: the riskiest first, then a question, and the rest or nothing more."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shop import Shop
from tests.cli.terminal import terminal
from tests.report.schemas import EVENT_WRITER

LONG = "This is by far the longest of all the texts, and so it comes first. " * 3
REFUSED = {"script": LONG, "avatar_id": "missing_anna"}
FOUR = {"a": "One.", "b": "Two words.", "c": LONG, "d": "Four."}
QUESTION = "Render the other 3 videos"


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for each in found:
        EVENT_WRITER.validate(each)
    assert [each["event"] for each in found].count("done") == 1
    assert found[-1]["event"] == "done"
    return found


def test_with_yes_the_rest_follows_where_none_of_the_first_failed(shop: Shop) -> None:
    shop.write(**FOUR, twin=LONG)
    done = shop.run("apply", "-y", "--canary", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    heading = lines.index("The first 1 video, to look at before the rest:")
    before = [line.split()[1].rstrip(":") for line in lines[:heading] if line[:9] == "submitted"]
    assert before == ["c"]
    assert "c: " in lines[heading + 1]
    assert lines[heading + 1].endswith(", and 1 video with the same content")
    assert lines[heading + 2] == "    the longest"
    assert lines[heading + 3].endswith("/build/c.mp4")
    assert len(shop.jobs()) == 4
    assert set(shop.lock()["videos"]) == {*FOUR, "twin"}


def test_json_says_which_come_first(shop: Shop) -> None:
    shop.write(**FOUR)
    done = shop.run("apply", "-y", "--canary", "2", "--json")
    assert done.returncode == 0
    assert "to look at" not in done.stderr
    found = events(done)
    first = found[0]["canary"]
    assert (len(first), first[0]) == (2, "c")
    kinds = [(each["event"], each["name"]) for each in found]
    rest = min(kinds.index(("submitted", name)) for name in FOUR if name not in first)
    assert max(kinds.index(("fetched", name)) for name in first) < rest
    assert "left" not in found[-1]


def test_with_yes_nothing_follows_a_first_one_that_failed(shop: Shop) -> None:
    shop.write(**{**FOUR, "c": REFUSED})
    digest = shop.digest()
    done = shop.run("apply", "-y", "--canary", "1")
    assert done.returncode == 6
    assert shop.jobs() == []
    assert "1 of the first 1 failed, so the other 3 videos were not submitted" in done.stderr
    assert "Apply: 1 failed, 3 not submitted" in done.stderr
    found = events(shop.run("apply", "-y", "--canary", "2", "--json"))
    assert (found[-1]["exit_code"], found[-1]["left"]) == (6, 2)
    assert len(shop.jobs()) == 1
    assert shop.run("apply", "-y", "--expect", digest).returncode == 6
    assert len(shop.jobs()) == 3


def test_a_saved_plan_goes_on_by_itself_without_a_terminal(shop: Shop) -> None:
    shop.write(**FOUR)
    assert shop.run("plan", "-o", "x.plan").returncode == 0
    assert shop.run("apply", "x.plan", "--canary", "2").returncode == 0
    assert len(shop.jobs()) == 4
    shop.write(**{**FOUR, "c": REFUSED, "a": "Another."})
    assert shop.run("plan", "-o", "y.plan").returncode == 0
    assert shop.run("apply", "y.plan", "--canary", "1").returncode == 6
    assert len(shop.jobs()) == 4


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--canary", "1"], 64),
        (["-y", "--canary", "0"], 64),
        (["-y", "--canary", "x"], 64),
        (["-y", "--canary", "1", "--max-cost", "0.01"], 5),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    shop: Shop, arguments: list[str], code: int
) -> None:
    shop.write(**FOUR)
    assert shop.run("apply", *arguments).returncode == code
    assert shop.jobs() == []


def test_more_than_there_are_is_all_of_them_and_no_question(shop: Shop) -> None:
    shop.write(**FOUR)
    done = shop.run("apply", "-y", "--canary", "9")
    assert done.returncode == 0
    assert "to look at" not in done.stderr
    assert len(shop.jobs()) == 4


def test_without_waiting_the_first_are_waited_for_all_the_same(shop: Shop) -> None:
    shop.write(**{**FOUR, "c": REFUSED})
    assert shop.run("apply", "-y", "--canary", "1", "--no-wait").returncode == 6
    assert shop.jobs() == []
    shop.write(**FOUR)
    found = events(shop.run("apply", "-y", "--canary", "1", "--no-wait", "--json"))
    assert ("fetched", "c") in [(each["event"], each["name"]) for each in found]
    assert found[-1]["exit_code"] == 0
    assert len(shop.jobs()) == 4


def asked(shop: Shop, *arguments: str) -> Any:
    return terminal("apply", "--canary", "1", *arguments, cwd=shop.folder, env=shop.env())


def test_no_leaves_the_rest_to_the_next_apply(shop: Shop) -> None:
    shop.write(**FOUR)
    digest = shop.digest()
    with asked(shop) as shown:
        shown.until("Only `yes` goes on")
        shown.type("yes\n")
        shown.until(QUESTION)
        assert set(shop.lock()["videos"]) == {"c"}
        assert (shop.folder / "build" / "c.mp4").is_file()
        shown.type("y\n")
        assert shown.code() == 5
    assert "VB723: not confirmed: the other 3 videos were not submitted" in shown.text
    assert "Apply: 1 rendered, 1 fetched, 3 not submitted" in shown.text
    assert len(shop.jobs()) == 1
    with asked(shop, "-y", "--expect", digest) as shown:
        assert shown.code() == 0
    assert len(shop.jobs()) == 4


def test_yes_renders_the_rest(shop: Shop, tmp_path: Path) -> None:
    shop.write(**FOUR)
    plan = str(tmp_path / "saved.plan")
    assert shop.run("plan", "-o", plan).returncode == 0
    with asked(shop, plan) as shown:  # agreed to already, but for the rest
        shown.until(QUESTION)
        shown.type("yes\n")
        assert shown.code() == 0
    assert len(shop.jobs()) == 4
    assert shown.raw.count("\x1b[?25l") == shown.raw.count("\x1b[?25h") == 2


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-D", "SIGTERM"])
def test_interrupted_at_the_question(shop: Shop, how: str) -> None:
    shop.write(**FOUR)
    assert shop.run("plan", "-o", "saved.plan").returncode == 0
    with asked(shop, "saved.plan") as shown:
        shown.until("Only `yes` goes on")
        stops: dict[str, Callable[[], None]] = {
            "Ctrl-C": lambda: shown.type("\x03"),
            "Ctrl-D": lambda: shown.type("\x04"),
            "SIGTERM": lambda: shown.signal(signal.SIGTERM),
        }
        assert shown.ended_by(stops[how]) == 130
    assert set(shop.lock()["videos"]) == {"c"}
    assert len(shop.jobs()) == 1
    assert "Traceback" not in shown.text
    assert "nothing more was submitted" in shown.text
    shop.apply()
    assert len(shop.jobs()) == 4
