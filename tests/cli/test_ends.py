"""The last line of `--json` is always `done`, with the exit code; text stays on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import project, vidbuild
from tests.report.schemas import EVENT_WRITER

KEYLESS = """\
vidbuild: 1
project: keyless
defaults: {type: avatar, avatar_id: presenter, voice_id: english}
videos:
  one: {script: The first video.}
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fetch"], 0),
        (["wait"], 0),
        (["apply"], 64),  # nobody to ask
        (["apply", "-y", "--max-cost", "0"], 5),
        (["apply", "-y", "--expect", "sha256:0"], 7),
        (["apply", "-y"], 3),  # no key
        (["apply", "no.plan"], 1),
        (["fetch", "-s", "nobody"], 1),
        (["wait", "-s", "nobody"], 1),
    ],
)
def test_events_end_with_done(arguments: list[str], code: int, tmp_path: Path) -> None:
    folder = project(tmp_path, KEYLESS)
    done = vidbuild(*arguments, "--json", cwd=folder, env={"HOME": str(tmp_path)})
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["done"]
    EVENT_WRITER.validate(events[0])
    assert events[0]["exit_code"] == done.returncode == code
    zero = {"counts": {}, "failures": 0, "submitted": 0, "cost_usd": 0.0, "estimate_usd": 0.0}
    assert zero.items() <= events[0].items()
    assert ("error VB" in done.stderr) == (code != 0)


def test_warnings_are_told_beside_the_events(tmp_path: Path) -> None:
    folder = project(
        tmp_path, KEYLESS.replace("{script: The first video.}", "\n    script: Call us at #1")
    )
    done = vidbuild("apply", "--json", cwd=folder)
    assert "warning VB291" in done.stderr


def test_what_deletes_says_at_once_what_it_takes(tmp_path: Path) -> None:
    folder = project(tmp_path, KEYLESS.replace("vidbuild: 1", "vidbuild: 1\nprovider: studio"))
    lock = {
        "project": "keyless",
        "version": 1,
        "videos": {
            "gone": {
                "fingerprint": "sha256:" + "0" * 64,
                "render": {"attempt": 1, "provider": "studio", "status": "gone", "video_id": "v"},
                "request": {"script": "Gone.", "type": "avatar"},
            }
        },
    }
    (folder / "vidbuild.lock").write_text(json.dumps(lock), encoding="utf-8")
    done = vidbuild("apply", "--prune", cwd=folder)
    assert done.returncode == 64
    assert "--expect sha256:" in done.stderr


def test_the_limit_of_the_command_line_is_raised_there(tmp_path: Path) -> None:
    folder = project(tmp_path, KEYLESS)
    done = vidbuild("apply", "-y", "--max-cost", "0.01", cwd=folder)
    assert done.returncode == 5
    assert "raise it: --max-cost 0." in done.stderr
    assert "--allow" not in done.stderr
    policy = project(tmp_path, KEYLESS + "policy: {max_cost: 0.01}\n")
    assert "--allow max_cost=0." in vidbuild("apply", "-y", cwd=policy).stderr


def test_a_file_that_is_no_text_is_not_shown(tmp_path: Path) -> None:
    folder = project(tmp_path, KEYLESS)
    journal = folder / ".vidbuild" / "state" / "journal.db"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"SQLite format 3\0" + b"\0" * 5000)
    done = vidbuild("plan", cwd=folder)
    assert done.returncode == 1
    assert "journal.db:1:1: error VB51" in done.stderr
    assert "SQLite format" not in done.stderr
