"""Root causes and impact, held to the edits of a real project: what an edit renders is told before
it, and the place of the edit is named after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plan.edited import Edit, do, each, swap, write, write_project
from tests.plan.edits import (
    COURSE_FILE,
    CUSTOMER_FILE,
    DATA_FILE,
    FACTS_FILE,
    MOVING,
    PAID,
    TOUR_FILE,
    TWO_FILE,
)
from tests.plan.office import Office, copied, of
from vidbuild.diagnostics import Problems
from vidbuild.pipeline import load
from vidbuild.plan.build import Heading, build_plan
from vidbuild.plan.causes import root_causes
from vidbuild.plan.model import Action, Cause, Plan
from vidbuild.plan.selection import Selection
from vidbuild.project.blame import Blamer
from vidbuild.project.looks import ChangedText
from vidbuild.project.marks import Piece
from vidbuild.report.causes import cause_lines
from vidbuild.settings import Settings
from vidbuild.workspace.impact import impact
from vidbuild.workspace.opened import Workspace, open_workspace
from vidbuild.workspace.target import read_target

CAUSELESS = {Action.unchanged, Action.hold, Action.fetch, Action.resume}
After = Callable[[Edit], tuple[Plan, tuple[Cause, ...]]]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Office]:
    folder = write_project(tmp_path_factory.mktemp("causes"))
    office = Office()
    office.apply(of(load(folder / "vidbuild.yaml")))
    return folder, office


@pytest.fixture(scope="module")
def workspace(finished: tuple[Path, Office]) -> Workspace:
    return open_workspace(Settings(directory=finished[0]))


@pytest.fixture
def after(finished: tuple[Path, Office], tmp_path: Path) -> After:
    folder, office = finished

    def plan(edit: Edit) -> tuple[Plan, tuple[Cause, ...]]:
        copy = copied(folder, tmp_path / "edited")
        edit(copy)
        return planned(office, copy)

    return plan


def planned(
    office: Office, folder: Path, *, profile: str | None = None, **outside: str
) -> tuple[Plan, tuple[Cause, ...]]:
    loaded = load(folder / "vidbuild.yaml", profile=profile, outside=outside)
    sources = of(loaded)
    heading = Heading(project=sources.project, profile=profile, provider=sources.provider)
    plan = build_plan(office.situation(sources), heading=heading)
    blamer = Blamer(loaded.project, loaded.sources)
    return plan, root_causes(plan.changes, loaded.videos, lambda: blamer)


def line_of(folder: Path, file: str, text: str) -> int:
    lines = (folder / file).read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize("edit", [*PAID, *MOVING])
def test_every_change_has_one_cause(edit: str, after: After) -> None:
    make = (PAID.get(edit) or MOVING[edit])[0]
    plan, causes = after(make)
    assert sum(cause.videos for cause in causes) == sum(
        change.action not in CAUSELESS for change in plan.changes
    )
    if plan.summary.cost_usd is not None:
        total = sum(cause.cost_usd or 0 for cause in causes)
        assert total == pytest.approx(plan.summary.cost_usd, abs=0.001)
    assert len({(c.kind, c.file, c.line, c.name) for c in causes}) == len(causes)


# An edit, and of its dearest cause: kind, file, a text of the line, name, videos.
CAUSES: dict[str, tuple[Edit, str, str | None, str | None, str | None, int]] = {
    "a template's line": (
        swap("This is the", "This was the", file=TOUR_FILE),
        "template", TOUR_FILE, "was the", None, 1,
    ),
    "an included template": (
        swap("Welcome to", "Warm welcome to", file="scripts/_intro.j2"),
        "template", "scripts/_intro.j2", "Warm", None, 1,
    ),
    "a line in a branch": (
        swap("Stop {{ n }}.", "Halt {{ n }}.", file=TOUR_FILE),
        "template", TOUR_FILE, "Halt", None, 1,
    ),
    "a line with a name in it, new": (
        swap("seats.\n", "seats.\nThanks, {{ each.first_name }}!\n", file=CUSTOMER_FILE),
        "template", CUSTOMER_FILE, "Thanks", None, 2,
    ),
    "a line around names": (
        swap("Hi {{ each.first_name }} of", "Dear {{ each.first_name }} at", file=CUSTOMER_FILE),
        "template", CUSTOMER_FILE, "Dear", None, 2,
    ),
    "a line that went": (
        swap("This is the tour.\n", "", file=TOUR_FILE),
        "template", TOUR_FILE, "include", None, 1,
    ),
    "a text file": (
        swap("Part two.", "Part the second.", file=TWO_FILE),
        "template", TWO_FILE, "second", None, 1,
    ),
    "a cell": (
        swap("Hank", "Henry", file=DATA_FILE), "data", DATA_FILE, "Henry", "first_name", 1,
    ),
    "a column": (
        swap(",12", ",13", ",3", ",4", file=DATA_FILE),
        "data", DATA_FILE, "globex", "seats", 2,
    ),
    "a row of a var's file": (
        swap("Preis von", "Preise von", file="strings.csv"),
        "data", "strings.csv", "Preise", "price", 2,
    ),
    "a value of a var's document": (
        swap('"4.1"', '"4.2"', file=FACTS_FILE), "data", FACTS_FILE, "4.2", "version", 1,
    ),
    "a var": (
        swap("product: Acme Cloud", "product: Acme Sky"),
        "variable", "vidbuild.yaml", "Acme Sky", "product", 2,
    ),
    "a base's var": (
        swap("house: Acme", "house: Apex", file="base.yaml"),
        "variable", "base.yaml", "house", "house", 1,
    ),
    "a default": (
        swap("avatar_id: anna\n  voice_id", "avatar_id: otto\n  voice_id"),
        "defaults", "vidbuild.yaml", "otto", "avatar_id", 14,
    ),
    "an included file's default": (
        swap("{caption: {style: default}}", "{voice_id: course}", file=COURSE_FILE),
        "defaults", COURSE_FILE, "voice_id", "voice_id", 2,
    ),
    "a base's default": (
        swap("{output_format: mp4}", "{fit: cover}", file="base.yaml"),
        "base", "base.yaml", "fit", "fit", 14,
    ),
    "an override": (
        swap("voice_id: german", "voice_id: deutsch"),
        "override", "vidbuild.yaml", "deutsch", "voice_id", 2,
    ),
    "a line of a block": (
        swap("Ready?", "Set?", file=COURSE_FILE), "video", COURSE_FILE, "Set?", "script", 1,
    ),
    "a revision": (
        swap("for the lobby", "for the lobby\n    revision: 2"),
        "video", "vidbuild.yaml", "revision", "revision", 1,
    ),
    "a picture": (
        write("media/office.png", b"\x89PNG\r\n\x1a\nother"),
        "media", "media/office.png", None, None, 1,
    ),
    "the provider": (
        do(swap("provider: studio", "provider: heygen")),
        "provider", "vidbuild.yaml", "provider:", None, 15,
    ),
    "a value that went": (
        swap("    resolution: 720p\n    voice_settings", "    voice_settings"),
        "defaults", "vidbuild.yaml", "resolution: 1080p", "resolution", 1,
    ),
    "private words": (
        swap("Between us.", "Among us."), "video", "vidbuild.yaml", "Among", "script", 1,
    ),
    "a new row": (
        swap("initech,", "hooli,Gavin,Hooli,9\ninitech,", file=DATA_FILE),
        "new_row", DATA_FILE, "hooli", None, 1,
    ),
    "a new video": (
        swap("  fixed:\n", "  fresh: {script: New.}\n  fixed:\n"),
        "new_video", "vidbuild.yaml", "fresh", None, 1,
    ),
    "a video that went": (
        each(r"initech,.*\n", "", DATA_FILE),
        "vanished", None, None, None, 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CAUSES)
def test_the_place_of_an_edit_is_its_cause(name: str, after: After, tmp_path: Path) -> None:
    edit, kind, file, text, what, videos = CAUSES[name]
    _, causes = after(edit)
    line = line_of(tmp_path / "edited", file, text) if file and text else None
    first = causes[0]
    assert (first.kind, first.file, first.line, first.name, first.videos) == (
        kind, file, line, what, videos,
    )  # fmt: skip


def test_values_from_outside_and_profiles(finished: tuple[Path, Office]) -> None:
    folder, office = finished
    _, causes = planned(office, folder, product="Apex")
    assert [(c.kind, c.file, c.name, c.videos) for c in causes] == [("outside", None, "product", 2)]
    assert next(cause_lines(causes)).startswith("the outside variable product changed: 2 videos")


def lines_changed(before: Path, now: Path) -> list[tuple[str, int]] | None:
    """Lines that differ; None where files came or went, or lines did."""
    names = {
        p.relative_to(f).as_posix() for f in (before, now) for p in f.rglob("*") if p.is_file()
    }
    found = []
    for name in sorted(names):
        if not (before / name).is_file() or not (now / name).is_file():
            return None
        old, new = (before / name).read_bytes(), (now / name).read_bytes()
        if old != new:
            sides = [data.decode("utf-8", "replace").split("\n") for data in (old, new)]
            if b"\0" in old or len(sides[0]) != len(sides[1]):
                return None
            pairs = enumerate(zip(*sides, strict=True), 1)
            found += [(name, number) for number, (a, b) in pairs if a != b]
    return found


def rendered(workspace: Workspace, place: str) -> set[str]:
    target = read_target(place, workspace.root, workspace.loaded.sources)
    found = impact(workspace, target, Selection())
    return {video.name for video in found.with_effect("render")}


@pytest.mark.parametrize("edit", PAID)
def test_what_an_edit_renders_was_foretold(
    edit: str, after: After, workspace: Workspace, tmp_path: Path
) -> None:
    plan, _ = after(PAID[edit][0])
    paid = {change.name for change in plan.changes if change.pays and change.entry is not None}
    changed = lines_changed(workspace.root, tmp_path / "edited")
    if changed is None:
        return
    lines = set[str]().union(*(rendered(workspace, f"{f}:{n}") for f, n in changed))
    files = set[str]().union(*(rendered(workspace, f) for f, _ in changed))
    assert paid <= lines
    assert lines <= files


# A place, a text of its line, and the videos that an edit there renders.
IMPACTS = {
    "a branch that is not taken": ("scripts/odd.j2", "never", set()),
    "a branch that is": ("scripts/odd.j2", "always", {"odd"}),
    "a macro": ("scripts/odd.j2", "macro's", {"odd"}),
    "the end of a branch": ("scripts/odd.j2", "endif", {"odd"}),
    "a default that is overridden": ("vidbuild.yaml", "voice_id: vera", {"plain"}),
    "a var": ("vidbuild.yaml", "product:", {"odd"}),
    "a var that nobody reads": ("vidbuild.yaml", "unused:", set()),
    "a title": ("vidbuild.yaml", "title:", set()),
    "ignored": ("vidbuild.yaml", "speed: 1.2", set()),
    "a name": ("vidbuild.yaml", "  plain:", set()),
    "a comment": ("vidbuild.yaml", "# nothing", set()),
    "a row": ("rows.csv", "b,Bo", {"r/b"}),
    "the head of rows": ("rows.csv", "id,name", {"r/a", "r/b"}),
    "a row that a var reads": ("words.csv", "hi,", {"odd"}),
    "a row that nobody reads": ("words.csv", "bye,", set()),
    "a value that a var reads": ("facts.json", "version", {"plain"}),
    "a value that nobody reads": ("facts.json", "date", set()),
}
SMALL = {
    "vidbuild.yaml": """\
vidbuild: 1
project: small
provider: studio
vars:
  product: Acme
  unused: x
  words: {file: words.csv, key: id}
  facts: {file: facts.json}
defaults:
  type: avatar
  avatar_id: anna
  voice_id: vera
videos:
  # nothing
  plain:
    title: Plain
    script: Plain {{ facts.version }}.
    ignore_changes: [voice_settings.speed]
    voice_settings:
      speed: 1.2
  odd:
    voice_id: otto
    script: {file: scripts/odd.j2}
  r:
    for_each: {file: rows.csv}
    name: r/{{ each.id }}
    voice_id: otto
    script: Hello {{ each.name }}.
""",
    "scripts/odd.j2": """\
{% macro said() %}
A macro's words.
{% endmacro %}
{% if product == "Acme" %}
always {{ words.hi.text }}
{% else %}
never
{% endif %}
{{ said() }}
""",
    "rows.csv": "id,name\na,Ann\nb,Bo\n",
    "words.csv": "id,text\nhi,Hello\nbye,Bye\n",
    "facts.json": '{\n  "version": "4",\n  "date": "2026-01-01"\n}\n',
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("impact")
    do(*(write(name, text) for name, text in SMALL.items()))(folder)
    return open_workspace(Settings(directory=folder))


@pytest.mark.parametrize("name", IMPACTS)
def test_a_line_matters_to_those_that_use_it(name: str, small: Workspace) -> None:
    file, text, expected = IMPACTS[name]
    place = f"{file}:{line_of(small.root, file, text)}"
    assert rendered(small, place) == expected


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("nowhere.j2", "VB101"),
        ("scripts", "VB102"),
        ("/etc/passwd", "VB251"),
        ("rows.csv:4", "VB732"),
        ("rows.csv:0", "VB732"),
        ("rows.csv:-1", "VB732"),
        ("nowhere.j2:3", "VB101"),
    ],
)
def test_what_is_no_place(place: str, code: str, small: Workspace) -> None:
    with pytest.raises(Problems) as wrong:
        rendered(small, place)
    assert [d.code for d in wrong.value.diagnostics] == [code]


HEAD = """\
vidbuild: 1
project: many
provider: studio
vars: {product: Acme}
defaults: {type: avatar, avatar_id: anna, voice_id: vera}
videos:
  cust:
    for_each: {file: rows.csv}
    name: c/{{ each.id }}
    script: {file: cust.j2}
"""
MANY = """\
Hi {{ each.name | upper }},
thanks for choosing {{ product }}.
{% if each.vip %}
You are special, {{ each.name | upper }}.
{% endif %}
The end.
"""
ROWS = [f"r{n},Name {n},{'y' if n % 5 == 0 else ''}\n" for n in range(600)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("thanks for", "many thanks for", [("template", "cust.j2", 2, 600)]),
        ("Hi {{", "Dear {{", [("template", "cust.j2", 1, 600)]),
        ("The end.", "And {{ each.name }}: end.", [("template", "cust.j2", 6, 600)]),
        ("You are", "{{ each.name }} is", [("template", "cust.j2", 4, 120)]),
        ("Name ", "Nom ", [("data", "rows.csv", 2, 600)]),
        ("product: Acme", "product: Apex", [("variable", "vidbuild.yaml", 4, 600)]),
    ],
)
def test_many_videos_are_looked_at_a_few_times(
    old: str, new: str, expected: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"vidbuild.yaml": HEAD, "cust.j2": MANY, "rows.csv": "id,name,vip\n" + "".join(ROWS)}
    do(*(write(name, text) for name, text in files.items()))(tmp_path)
    office = Office()
    office.apply(of(load(tmp_path / "vidbuild.yaml")))
    do(*(write(name, text.replace(old, new)) for name, text in files.items()))(tmp_path)
    looks: list[object] = []
    looked = Blamer._pieces

    def counted(self: Blamer, text: ChangedText) -> list[Piece]:
        looks.append(text)
        return looked(self, text)

    monkeypatch.setattr(Blamer, "_pieces", counted)
    _, causes = planned(office, tmp_path)
    assert [(c.kind, c.file, c.line, c.videos) for c in causes] == expected
    assert len(looks) < 10


TRAPS = """\
vidbuild: 1
project: traps
provider: studio
vars: {gone: "{{ nobody }}", deep: {a: {b: one}}, flag: true, list: [x, y]}
defaults: {type: avatar, avatar_id: anna, voice_id: vera}
videos:
  t:
    for_each: [{id: 1, n: a, m: ""}]
    name: t
    script: |
      {% if flag and not each.m %}Start {{ deep.a.b }}{% else %}{{ gone }} {{ each.m.x }}{% endif %}
      {{ list[0] }} {{ gone if not flag else each.n }} {{ each.m | default("none") }}
"""


@pytest.mark.parametrize(
    ("old", "new", "kind", "line"),
    [
        ("b: one", "b: two", "variable", 4),
        ("[x, y]", "[z, y]", "variable", 4),
        ("n: a", "n: b", "data", 8),
        ('m: ""}', "m: filled}", "data", 8),
        ("Start", "Begin", "video", 11),
    ],
)
def test_what_a_template_cannot_print_is_no_trap(
    old: str, new: str, kind: str, line: int, tmp_path: Path
) -> None:
    file = tmp_path / "vidbuild.yaml"
    file.write_text(TRAPS.replace("not each.m", "not each.z|default('')"), encoding="utf-8")
    text = file.read_text(encoding="utf-8").replace('m: ""}', 'm: "", z: ""}')
    file.write_text(text, encoding="utf-8")
    office = Office()
    office.apply(of(load(file)))
    edited = text.replace(old, new).replace('m: "", z', f"{new.removesuffix('}')}, z")
    file.write_text(text.replace(old, new) if "m:" not in old else edited, encoding="utf-8")
    _, causes = planned(office, tmp_path)
    assert [(cause.kind, cause.line) for cause in causes] == [(kind, line)]
