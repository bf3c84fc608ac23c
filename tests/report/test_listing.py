"""Listed videos: what a state is, and three ways to show it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import entry, plan, request
from tests.report.test_diagnostic_formats import is_quiet
from vidbuild.diagnostics import EXIT_USAGE, Problems
from vidbuild.plan.model import FileState
from vidbuild.report.as_json import as_json
from vidbuild.report.listing import COLUMNS, DEFAULT, Listed, cells_of, listed, read_columns
from vidbuild.report.listing_formats import listing_csv, listing_json, listing_text
from vidbuild.state.records import Output, Status


def video(name: str = "a", **how: Any) -> Listed:
    known: dict[str, Any] = {
        "row": None, "state": "rendered", "seconds": 12.44, "cost_usd": 0.731, "page_url": None,
        "path": "build/a.mp4", "action": "unchanged", "reason": "up_to_date", "estimated": False,
        "tags": (), "video_id": "v_1", "fingerprint": "sha256:0",
    }  # fmt: skip
    return Listed(name=name, **{**known, **how})


def states(**world: Any) -> dict[str, str]:
    return {each.name: each.state for each in listed(plan(**world), output_dir="build")}


def test_a_state_for_each_action() -> None:
    failed = {"failure_code": "x", "failure_message": "y"}
    ours = {
        "changed": entry(request("changed", "Old.")),
        "failed": entry(request("failed", "F."), Status.failed, made=failed),
        "hopeless": entry(request("hopeless", "H."), Status.failed, made={"attempt": 3}),
        "gone": entry(request("gone", "G."), Status.gone),
        "old": entry(request("old", "Renamed.")),
        "titled": entry(request("titled", "T.", title="Old")),
        "flying": entry(request("flying", "Up."), Status.submitted),
        "missing": entry(request("missing", "M.")),
        "altered": entry(request("altered", "A.")),
        "fine": entry(request("fine", "Fine.")),
        "dropped": entry(request("dropped", "D.")),
    }
    wanted = [
        request("new", "New."),
        request("changed", "Other."),
        request("failed", "F."),
        request("hopeless", "H."),
        request("gone", "G."),
        request("renamed", "Renamed."),
        request("titled", "T.", title="New"),
        request("flying", "Up."),
        request("missing", "M."),
        request("altered", "A."),
        request("fine", "Fine."),
    ]
    files = {"missing": FileState.missing, "altered": FileState.altered}
    made = plan(wanted, ours, files=lambda name, _: files.get(name, FileState.good),
                held={"held": "untranslated"})  # fmt: skip
    assert {each.name: each.state for each in listed(made, output_dir="build")} == {
        "new": "new",
        "changed": "changed",
        "failed": "failed",
        "hopeless": "failed",
        "gone": "gone",
        "renamed": "reusable",
        "titled": "rendered",
        "flying": "in_flight",
        "missing": "missing",
        "altered": "altered",
        "fine": "rendered",
        "held": "held",
        "dropped": "orphan",
    }


def test_numbers_are_the_render_s_or_an_estimate() -> None:
    output = Output(path="a.mp4", bytes=1, sha256="0" * 64)
    made = {"duration": 9.5, "cost_usd": 0.55, "outputs": {"video": output}}
    ours = {
        "a": entry(request("a", "Same."), made=made),
        "b": entry(request("b", "Old."), made=made),
    }
    a, b = listed(plan([request("a", "Same."), request("b", "New.")], ours), output_dir="out/")
    assert (a.seconds, a.cost_usd, a.estimated, a.path) == (9.5, 0.55, False, "out/a.mp4")
    assert b.estimated
    assert b.cost_usd not in (None, 0.55)
    assert b.path == "out/a.mp4"  # the earlier file is still there


def test_a_private_row_stays_hidden() -> None:
    secret = request("a", "Text.", private=True)
    (shown,) = listed(plan([replace(secret, row={"who": "Ada"})]), output_dir="build")
    assert shown.row is None
    (shown,) = listed(plan([replace(request("a"), row={"who": "Ada"})]), output_dir="build")
    assert shown.row == {"who": "Ada"}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (None, DEFAULT),
        ("", DEFAULT),
        ("name", ("name",)),
        (" state , name,", ("state", "name")),
        ("each.lang,row,video", ("each.lang", "row", "video")),
    ],
)
def test_columns(text: str | None, columns: tuple[str, ...]) -> None:
    assert read_columns(text, ["lang"]) == columns


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nmae", "did you mean name?"),
        ("each.lnag", "did you mean each.lang?"),
        ("name,zzz", "use name, row,"),
        ("lang", "did you mean"),
    ],
)
def test_unknown_columns(text: str, hint: str) -> None:
    with pytest.raises(Problems) as raised:
        read_columns(text, ["lang"])
    (found,) = raised.value.diagnostics
    assert raised.value.exit_code == EXIT_USAGE
    assert found.code == "VB731"
    assert str(found.hint).startswith(hint)


def test_the_table() -> None:
    videos = [
        video("pricing/de", row={"lang": "de", "vip": True}, page_url="https://app/v_1"),
        video("世界", state="new", seconds=2.0, cost_usd=1234.5, estimated=True, path=None,
              tags=("b", "a")),
        video("odd", seconds=None, cost_usd=None, row={"x": "\x1b[2J" + "y" * 90}),
    ]  # fmt: skip
    assert listing_text(videos, (*DEFAULT, "tags"), color=False) == (
        "name        row                                               state     seconds"
        "        cost  page             path         tags\n"
        "pricing/de  lang=de vip=true                                  rendered     12.4"
        "       $0.73  https://app/v_1  build/a.mp4  -\n"
        "世界        -                                                 new          ~2.0"
        "  ~$1,234.50  -                -            b a\n"
        "odd         x=\\x1b[2J" + "y" * 38 + "…  rendered        -"
        "           -  -                build/a.mp4  -"
    )
    colored = listing_text(videos, DEFAULT, color=True)
    bare = colored
    for code in ("\x1b[1m", "\x1b[32m", "\x1b[0m"):
        bare = bare.replace(code, "")
    assert bare == listing_text(videos, DEFAULT, color=False)
    assert listing_text([], DEFAULT, color=False) == ""


CELLS = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers(), max_size=2)
ROWS = st.none() | st.dictionaries(st.sampled_from(["lang", "=a", 'q"', "b,c"]), CELLS, max_size=3)


@given(st.lists(ROWS, max_size=4))
def test_csv_is_read_back_as_it_was(rows: list[dict[str, Any] | None]) -> None:
    videos = [video(f"v{number}", row=row) for number, row in enumerate(rows)]
    text = listing_csv(videos, ("name", "row", "cost"))
    back = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [line["name"] for line in back] == [each.name for each in videos]
    for line, row in zip(back, rows, strict=True):
        assert line["cost"] == "0.731"
        for column in cells_of(rows):
            value = (row or {}).get(column)
            if isinstance(value, str):
                assert line[f"each.{column}"] == value.encode("utf-8", "replace").decode()
            elif value is None:
                assert line[f"each.{column}"] == ""


def test_csv_changes_no_value() -> None:
    """A formula stays what it was: a list of data is no spreadsheet."""
    rows = [{"a": "=1+1", "b": "+49 30", "c": 'x "y", z\nw', "d": False, "e": ["p"]}]
    text = listing_csv([video(row=row) for row in rows], ("name", "row", "tags", "page"))
    assert text == (
        "name,each.a,each.b,each.c,each.d,each.e,tags,page\n"
        'a,=1+1,+49 30,"x ""y"", z\nw",false,"[""p""]",,\n'
    )


def test_json_names_members_as_plans_do() -> None:
    document = listing_json(plan([request("a")]), [video(row={"n": float("inf")})], tuple(COLUMNS))
    assert document["project"] == "demo"
    (shown,) = document["videos"]
    assert list(shown) == [
        "name", "row", "state", "seconds", "cost_usd", "page_url", "path", "action", "reason",
        "estimated", "tags", "video_id", "fingerprint",
    ]  # fmt: skip
    text = as_json(document)
    assert '"n": null' in text
    assert is_quiet(text)
    narrow = listing_json(plan([request("a")]), [video(row={"n": 1})], ("each.n", "cost"))
    assert narrow["videos"] == [{"each.n": 1, "cost_usd": 0.731}]
