"""What a plan remembers changes nothing but the time: any edits, the same plan with and without."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import applied
import pytest

from tests.cli.commands import vidbuild
from vidbuild.pipeline import load
from vidbuild.workspace.memory import memo, partial, recall
from vidbuild.workspace.memory.recall import Recalled

PROJECT = """\
vidbuild: 1
project: memory
vars: {product: Acme, facts: {file: facts.json}}
defaults: {type: avatar, avatar_id: presenter, voice_id: english, resolution: 720p}
include: [more/*.yaml]
videos:
  one:
    title: One
    script: Hello from {{ product }}.
  two:
    script: {file: two.j2}
  three:
    script: |
      Some words, "quoted" and not.

      More of them.
    tags: [a, b]
  four: {script: "Version {{ facts.version }}."}
  five:
    script: Words of five.
    background: {type: color, value: "#101820"}
  six:
    script: Words of six.  # a comment
  seven:
    script: Words of seven.
  loop:
    for_each: {file: rows.csv, where: each.first, key: id}
    name: loop/{{ each.id }}
    script: Hi {{ each.first }}, of {{ product }}.
profiles: {quick: {set: {resolution: 1080p}}}
"""
FILES = {
    "vidbuild.yaml": PROJECT,
    "more/part.yaml": """\
prefix: more/
vars: {topic: parts}
defaults: {voice_id: other}
videos:
  eight:
    script: Eight about {{ topic }}.
  nine:
    script: {file: ../two.j2}
  ten:
    script: Ten about {{ topic }}.
    background: {type: image, asset_id: {file: back.png}}
""",
    "two.j2": "Two: {% include 'inner.j2' %}\n",
    "inner.j2": "inside {{ product }}\n",
    "facts.json": '{"version": "1.2"}\n',
    "rows.csv": "id,first\n" + "".join(f"r{n},Name {n}\n" for n in range(9)) + "r9,\n",
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cfc0f01f0005050201a56b1b3d0000000049454e44ae426082"
)
LINES = [
    "  new{n}: {{script: Words {n}.}}\n",
    "  new{n}:\n    script: Words {n}, and more.\n    tags: [c]\n",
    "  new{n}: {{script: Words of five., background: {{type: color, value: '#101820'}}}}\n",
    "  One: {{script: Clashes in case.}}\n",
    "  bad{n}: {{scrip: Wrong.}}\n",
    "  bad{n}: {{script: '{{{{ nobody }}}}'}}\n",
    "  quoted{n}: {{script: 'begins\n  here: and ends'}}\n",
    "  anchored{n}: &a {{script: Words.}}\n",
    "  two.mp4/x: {{script: In the way.}}\n",
    "  warned{n}: {{script: Call us at #1}}\n",
    (
        "  loop{n}:\n    for_each: {{file: rows.csv}}\n    name: again{n}/{{{{ each.id }}}}\n"
        "    script: Again {{{{ each.id }}}}.\n"
    ),
]
Edit = Callable[[Path, random.Random], None]


def rewrite(path: Path, old: str, new: str) -> None:
    if path.is_file():
        path.write_text(path.read_text().replace(old, new, 1))


def block(root: Path, rng: random.Random) -> None:
    """A block more, anywhere between two others."""
    path = root / rng.choice(["vidbuild.yaml", "more/part.yaml"])
    text = path.read_text()
    places = [at for at in range(len(text)) if text.startswith("\n  ", at) and text[at + 3] != " "]
    at = rng.choice(places) + 1
    path.write_text(text[:at] + rng.choice(LINES).format(n=rng.randrange(99)) + text[at:])


def line(root: Path, rng: random.Random) -> None:
    """A line gone, doubled or moved."""
    path = root / rng.choice(["vidbuild.yaml", "more/part.yaml", "rows.csv"])
    lines = path.read_text().splitlines(keepends=True)
    at = rng.randrange(1, len(lines))
    match rng.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines.insert(rng.randrange(1, len(lines)), lines.pop(at))
        case _:
            lines.insert(at, "\n")
    path.write_text("".join(lines))


def word(root: Path, rng: random.Random) -> None:
    name = rng.choice([*FILES, "vidbuild.yaml", "vidbuild.yaml", "rows.csv", "rows.csv"])
    old = rng.choice(["Words", "Name 3", "Hello", "inside", "1.2", "about", "r5", "Acme", "first"])
    rewrite(root / name, old, rng.choice(["Other", "Name 4", "Words", "r6", "x, y", '"q"', ""]))


def restore(root: Path, rng: random.Random) -> None:
    name = rng.choice(list(FILES))
    (root / name).write_text(FILES[name])


def output(root: Path, rng: random.Random) -> None:
    files = sorted(path for path in (root / "build").rglob("*") if path.is_file())
    path = rng.choice(files)
    match rng.randrange(3):
        case 0:
            path.unlink()
        case 1:
            path.write_bytes(b"another")
        case _:
            path.touch()


def lock(root: Path, rng: random.Random) -> None:
    """An entry gone, as after a merge."""
    path = root / "vidbuild.lock"
    data = json.loads(path.read_text())
    data["videos"].pop(rng.choice(sorted(data["videos"])), None)
    path.write_text(json.dumps(data, indent=2, sort_keys=True) + "\n")


def file(root: Path, rng: random.Random) -> None:
    match rng.randrange(4):
        case 0:
            (root / "more" / "other.yaml").write_text("videos:\n  other: {script: Another file.}\n")
        case 1:
            (root / "more" / "other.yaml").unlink(missing_ok=True)
        case 2:
            (root / "more" / "back.png").write_bytes(PNG + bytes([rng.randrange(2)]))
        case _:
            (root / "inner.j2").unlink(missing_ok=True)


EDITS: list[Edit] = [
    block,
    block,
    line,
    line,
    word,
    word,
    word,
    restore,
    restore,
    output,
    file,
    lock,
]


def written(root: Path) -> None:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "more" / "back.png").write_bytes(PNG)
    (root / ".git").mkdir()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("memory")
    written(root)
    applied.finish(root)
    return root


def planned(root: Path, *form: str) -> tuple[int, str, str]:
    done = vidbuild("-C", root, "plan", "--detailed-exitcode", *form)
    return done.returncode, done.stdout, done.stderr


def afresh(root: Path, *form: str) -> tuple[int, str, str]:
    """The same without a cache, which comes back as it was."""
    cache, aside = root / ".vidbuild" / "cache", root / ".vidbuild" / "aside"
    if cache.exists():
        cache.rename(aside)
    try:
        return planned(root, *form)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        if aside.exists():
            aside.rename(cache)


@pytest.fixture
def partly(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each plan that remembered something was made in part."""
    made: list[bool] = []
    plan_partly = partial.plan_partly

    def noted(recalled: Recalled, *rest: object) -> object:
        plan = plan_partly(recalled, *rest)  # type: ignore[arg-type]  # handed on as they come
        made.append(plan is not None)
        return plan

    monkeypatch.setattr(partial, "plan_partly", noted)
    return made


@pytest.mark.parametrize("seed", range(12))
def test_any_edits_give_the_same_plan_with_a_cache_as_without(
    tmp_path: Path, finished: Path, partly: list[bool], seed: int
) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    rng = random.Random(seed)  # noqa: S311 - the same edits every time
    assert planned(root) == afresh(root)
    for _ in range(10):
        for _ in range(rng.choice([1, 1, 2])):
            rng.choice(EDITS)(root, rng)
        form = rng.choice(["text", "json", "markdown"])
        assert planned(root, "--format", form) == afresh(root, "--format", form)
        if rng.random() < 0.3:  # a file gone bad stops everything from being seen: begin anew
            for name, text in FILES.items():
                (root / name).write_text(text)
    assert partly  # something was remembered


CHANGES: dict[str, Callable[[Path], object]] = {
    "a script": lambda root: rewrite(root / "vidbuild.yaml", "Words of five", "More of five"),
    "an included script": lambda root: rewrite(root / "more" / "part.yaml", "Eight", "Eighty"),
    "a template": lambda root: rewrite(root / "inner.j2", "inside", "within"),
    "a cell": lambda root: rewrite(root / "rows.csv", "Name 3", "Name 33"),
    "a row more": lambda root: rewrite(root / "rows.csv", "r4,", "r44,Name\nr4,"),
    "a row less": lambda root: rewrite(root / "rows.csv", "r4,Name 4\n", ""),
    "a row that is left out": lambda root: rewrite(root / "rows.csv", "r9,\n", "r9,\nr10,\n"),
    "a block more": lambda root: rewrite(
        root / "vidbuild.yaml", "  six:", "  x: {script: X}\n  six:"
    ),
    "a block less": lambda root: rewrite(
        root / "vidbuild.yaml", "  seven:\n    script: Words of seven.\n", ""
    ),
    "a picture": lambda root: (root / "more" / "back.png").write_bytes(PNG + b"0"),
    "an output": lambda root: (root / "build" / "one.mp4").unlink(),
    "the output of a row": lambda root: (root / "build" / "loop" / "r3.mp4").write_bytes(b"0"),
    "a comment": lambda root: rewrite(root / "vidbuild.yaml", "# a comment", "# another"),
    "lines between": lambda root: rewrite(
        root / "vidbuild.yaml", "tags: [a, b]\n", "tags: [a, b]\n\n  # here\n"
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changed_alone_is_worked_out(
    tmp_path: Path, finished: Path, partly: list[bool], what: str
) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    planned(root)
    CHANGES[what](root)
    assert planned(root) == afresh(root)
    assert partly == [True]


@pytest.mark.parametrize("what", ["a script", "a cell", "a row more", "the output of a row"])
def test_only_what_is_in_question_is_read(
    tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    planned(root)
    CHANGES[what](root)
    made: list[int] = []

    def counted(*arguments: Any, **options: Any) -> Any:
        loaded = load(*arguments, **options)
        made.append(len(loaded.requests))
        return loaded

    monkeypatch.setattr("vidbuild.workspace.memory.partial.load", counted)
    planned(root)
    assert made == [1]


def test_what_was_read_once_to_know_it_is_not_read_again(
    tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    first = planned(root)
    (root / "two.j2").touch()
    reads: list[str] = []
    mark = memo.mark_of_file

    def noted(path: str) -> Any:
        reads.append(Path(path).name)
        return mark(path)

    monkeypatch.setattr(memo, "mark_of_file", noted)
    assert planned(root) == first
    assert "vidbuild.yaml" in reads  # all of them are too young to be known by their times
    monkeypatch.setattr(memo, "_YOUNG", -(10**12))
    reads.clear()
    assert planned(root) == first
    assert reads == ["two.j2"]  # its times are others
    reads.clear()
    assert planned(root) == first
    assert reads == []
    rewrite(root / "vidbuild.yaml", "Words of five", "More of five")
    monkeypatch.undo()
    assert planned(root) == afresh(root)


def test_nothing_changed_loads_nothing(tmp_path: Path, finished: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    first = planned(root)
    assert "Nothing to do: 19 videos are up to date." in first[1]
    program = (
        "import sys; from vidbuild.cli import main\n"
        "try: main(['-C', sys.argv[1], 'plan'])\n"
        "finally: print(*sorted({'jinja2', 'ruamel', 'jsonschema', 'httpx', 'sqlite3'} "
        "& sys.modules.keys()), file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr.strip()) == (first[1], "")


@pytest.mark.parametrize("form", [(), ("-q",), ("--json",), ("--format", "markdown"),
                                  ("--color", "always")])  # fmt: skip
def test_nothing_changed_is_shown_as_ever(
    tmp_path: Path, finished: Path, form: tuple[str, ...]
) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    planned(root)
    assert planned(root, *form) == afresh(root, *form)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b'{"tool": 1}', b"\xff", b"null"])
@pytest.mark.parametrize("which", ["*.json", "*.parts.json"])
def test_a_damaged_cache_is_none(tmp_path: Path, finished: Path, which: str, damage: bytes) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    planned(root)
    rewrite(root / "vidbuild.yaml", "Words of five", "More of five")
    wanted = afresh(root)
    for path in (root / ".vidbuild" / "cache").glob(which):
        path.write_bytes(damage)
    assert planned(root) == wanted
    assert planned(root) == wanted


def test_a_cache_of_another_installation_is_none(
    tmp_path: Path, finished: Path, partly: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    planned(root)
    rewrite(root / "vidbuild.yaml", "Words of five", "More of five")
    monkeypatch.setattr(recall, "tool_mark", lambda: [0])
    planned(root)
    assert partly == []


def test_a_disk_that_takes_nothing(tmp_path: Path, finished: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(finished, root)
    (root / ".vidbuild" / "cache").write_text("in the way")
    assert planned(root)[0] == 0
