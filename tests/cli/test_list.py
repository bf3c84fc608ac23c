"""`vidbuild list`, as a user runs it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.commands import SMALL, project, vidbuild
from tests.report.test_diagnostic_formats import is_quiet

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def test_a_table_of_every_video() -> None:
    done = vidbuild("-C", EXAMPLES / "localized", "list")
    assert (done.returncode, done.stderr) == (0, "")
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["name", "row", "state", "seconds", "cost", "page", "path"]
    assert [line.split()[0] for line in lines] == [
        f"safety/{lang}" for lang in ("ar", "de", "en", "es", "fr", "ja")
    ]
    assert lines[1].split()[1:3] == ["lang=de", "new"]


def test_rows_of_a_private_video_are_in_no_format() -> None:
    table = (EXAMPLES / "customers" / "data" / "customers.csv").read_text(encoding="utf-8-sig")
    rows = csv.DictReader(io.StringIO(table))
    names = [row["first_name"] for row in rows if len(row["first_name"]) > 3]
    assert names
    for form in ("text", "json", "csv"):
        done = vidbuild("-C", EXAMPLES / "customers", "list", "--format", form)
        assert done.returncode == 0
        assert not [name for name in names if name in done.stdout]
    narrow = vidbuild(
        "-C", EXAMPLES / "customers", "list", "--columns", "each.first_name", "--format", "csv"
    )
    assert set(narrow.stdout.splitlines()[1:]) <= {"", '""'}


def test_json_and_csv_agree(tmp_path: Path) -> None:
    project(tmp_path)
    document = json.loads(vidbuild("list", "--json", cwd=tmp_path).stdout)
    assert document["format_version"] == 1
    assert (document["project"], document["profile"], document["provider"]) == (
        "small", None, "studio",
    )  # fmt: skip
    assert vidbuild("list", "--format", "json", cwd=tmp_path).stdout.startswith("{")
    wide = vidbuild("list", "--format", "csv", "--columns", "name,state,seconds,cost", cwd=tmp_path)
    rows = list(csv.DictReader(io.StringIO(wide.stdout)))
    for row, video in zip(rows, document["videos"], strict=True):
        assert (row["name"], row["state"]) == (video["name"], video["state"])
        assert float(row["seconds"]) == video["seconds"]
        assert float(row["cost"]) == video["cost_usd"]


def test_selection_and_columns(tmp_path: Path) -> None:
    project(tmp_path)
    done = vidbuild("list", "-s", "h*", "--columns", "name,action,tags", cwd=tmp_path)
    assert done.stdout == "name   action  tags\nhello  create  -\n"
    wrong = vidbuild("list", "--columns", "name,sate", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (64, "")
    assert "did you mean state?" in wrong.stderr
    assert vidbuild("list", "-s", "nobody", cwd=tmp_path).returncode == 1


def test_after_an_apply(tmp_path: Path) -> None:
    project(tmp_path)
    assert vidbuild("apply", "-y", cwd=tmp_path).returncode == 0
    project(tmp_path, SMALL.replace("  bye:", "  later:").replace("Hello from", "Hi from"))
    listed = json.loads(vidbuild("list", "--json", cwd=tmp_path).stdout)["videos"]
    states = {video["name"]: video["state"] for video in listed}
    assert states == {"hello": "changed", "later": "reusable"}
    (tmp_path / "build" / "hello.mp4").unlink()
    project(tmp_path)
    listed = json.loads(vidbuild("list", "--json", cwd=tmp_path).stdout)["videos"]
    assert {v["name"]: (v["state"], v["path"]) for v in listed} == {
        "bye": ("rendered", "build/bye.mp4"),
        "hello": ("missing", "build/hello.mp4"),
    }


def test_errors_of_what_is_listed_are_told(tmp_path: Path) -> None:
    project(tmp_path, SMALL.replace("title: Bye", "titel: Bye"))
    done = vidbuild("list", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "VB201" in done.stderr
    assert vidbuild("list", "-s", "hello", cwd=tmp_path).returncode == 0


def test_a_project_without_videos(tmp_path: Path) -> None:
    project(tmp_path, "vidbuild: 1\nproject: empty\n")
    done = vidbuild("list", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "the project has no videos\n")
    assert json.loads(vidbuild("list", "--json", cwd=tmp_path).stdout)["videos"] == []


HOSTILE = "a\x1b[2J\u202eb\x9b"


@pytest.mark.parametrize("command", [["plan"], ["list"], ["explain", "hello"]])
def test_no_document_moves_a_cursor(command: list[str], tmp_path: Path) -> None:
    project(tmp_path, SMALL.replace("title: Hello", f"title: {json.dumps(HOSTILE)}"))
    done = vidbuild(*command, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert is_quiet(done.stdout)
    meant = json.dumps(json.loads(done.stdout))
    assert (json.dumps(HOSTILE) in meant) is (command != ["list"])  # a list has no titles
    assert is_quiet(vidbuild(*command, cwd=tmp_path).stdout)
