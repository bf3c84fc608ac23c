"""Progress on a real terminal, and plain lines where that is asked for."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.served import Served, serve
from tests.cli.shop import KEY, Shop
from tests.cli.terminal import terminal

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A studio whose renders outlast every test."""
    data = tmp_path_factory.mktemp("slow")
    with serve(data, "--render", "simulated", "--render-seconds", "600", "--key", KEY) as studio:
        yield studio


def test_a_bar_and_a_line_for_each_job_until_it_is_over(shop: Shop) -> None:
    shop.write(**{f"video-{n}": f"Text number {n}." for n in range(12)})
    with terminal("apply", "-y", cwd=shop.folder, env=shop.env(), columns=60) as shown:
        assert shown.code() == 0
    assert shown.raw.count(HIDE) == shown.raw.count(SHOW) == 1
    assert shown.raw.rindex(SHOW) > shown.raw.rindex("12/12")
    assert re.search(r"\[-+\] 0/12  \$0\.00  \d+s", shown.text)
    assert re.search(r"\[#+\] 12/12  \$[\d.]+  \d+s\nApply: 12 rendered, 12 fetched", shown.text)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_cursor_comes_back_after_an_interruption(
    slow: Served, tmp_path: Path, how: signal.Signals
) -> None:
    shop = Shop(tmp_path, slow, f"slow-{how.name.lower()}")
    shop.write(one="One.", two="Two.")
    with terminal("apply", "-y", cwd=shop.folder, env=shop.env(), columns=40, rows=4) as shown:
        shown.until("rendering")
        shown.resize(20, 2)
        shown.signal(how)
        assert shown.code() == 130
    assert shown.raw.count(HIDE) == shown.raw.count(SHOW) == 1
    assert shown.raw.rindex(SHOW) > shown.raw.rindex(HIDE)
    assert "in flight" in shown.text
    assert {e["render"]["status"] for e in shop.lock()["videos"].values()} == {"submitted"}


@pytest.mark.parametrize(
    "plain", [{"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=lambda env: next(iter(env))
)
def test_plain_lines_where_they_are_asked_for(shop: Shop, plain: dict[str, str]) -> None:
    shop.write(one="One.", two={"script": "Two.", "avatar_id": "missing_two"})
    with terminal("apply", "-y", cwd=shop.folder, env={**shop.env(), **plain}) as shown:
        assert shown.code() == 6
    assert "\x1b" not in shown.raw
    assert "submitted one: " in shown.text
    assert "failed two: avatar_not_found: " in shown.text


def test_failures_are_told_above_the_bar_a_few_of_each_kind(shop: Shop) -> None:
    shop.write(**{f"v{n}": {"script": f"{n}.", "avatar_id": "missing_x"} for n in range(30)})
    with terminal("apply", "-y", cwd=shop.folder, env=shop.env()) as shown:
        assert shown.code() == 6
    assert len(re.findall(r"^failed v\d+: avatar_not_found", shown.text, re.MULTILINE)) == 3
    assert "! 30 videos: VB556 avatar_not_found: " in shown.text
    assert "… and 27 more" in shown.text


NESTED = """\
vidbuild: 1
project: {name}
defaults: {{voice_id: english, avatar_id: missing_default}}
output: {{files: [video]}}
videos:
  plain:
    type: avatar
    script: Hello.
  override:
    type: avatar
    script: Hello again.
    private: true
    overrides:
      - when: "true"
        set:
          avatar_id: missing_override
  scenes:
    type: studio
    avatar_id: null
    voice_id: null
    scenes:
      - type: image
        source: {{type: url, url: https://example.com/a.png}}
        duration: 2
      - type: avatar_video
        input:
          type: avatar
          script: Good day.
          voice_id: english
          avatar_id: missing_scene
"""

PLACES = {
    "plain": ("avatar_id", 3, "defaults"),
    "override": ("avatar_id", 16, "override 1"),
    "scenes": ("scenes.1.input.avatar_id", 30, "video"),
}


def test_a_refusal_leads_to_the_line_that_set_the_field(shop: Shop) -> None:
    shop.folder.mkdir(parents=True)
    text = NESTED.format(name=shop.name)
    (shop.folder / "vidbuild.yaml").write_text(text, encoding="utf-8")
    done = shop.run("apply", "-y")
    assert done.returncode == 6
    for name, (field, line, layer) in PLACES.items():
        told = done.stderr.split(f"\n! {name}: ", 1)[1].split("\n! ", 1)[0]
        assert f"(field {field})\n  vidbuild.yaml:{line}:" in told
        assert f": set by {layer}\n  hint: " in told
    assert "Hello again" not in done.stderr
    found = [json.loads(line) for line in shop.run("apply", "-y", "--json").stdout.splitlines()]
    failed = {each["name"]: each for each in found if each["event"] == "failed"}
    assert {name: (f["field"], f["line"]) for name, f in failed.items()} == {
        name: (field, line) for name, (field, line, _) in PLACES.items()
    }
    assert {each["file"] for each in failed.values()} == {"vidbuild.yaml"}


def test_a_question_breaks_between_words(shop: Shop) -> None:
    shop.write(one="One.", two="Two.")
    with terminal("apply", cwd=shop.folder, env=shop.env(), columns=40) as shown:
        shown.until("goes on: ")
        shown.type("no\n")
        assert shown.code() == 5
    begin = shown.text.index("Render 2 videos")
    asked = shown.text[begin : shown.text.index("goes on: ")].split("\n")
    assert len(asked) > 1
    assert max(map(len, asked)) <= 40
