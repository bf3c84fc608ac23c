"""The house's own rules: which room may import which, who may print, what start-up loads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vidbuild.codes import CODES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "vidbuild"

ORDER = (
    {"diagnostics", "codes", "clock", "collecting"},
    {"files", "source"},
    {"settings", "schema"},
    {"project"},
    {"request"},
    {"state"},
    {"plan"},
    {"provider"},
    {"apply"},
    {"report"},
    {"pipeline"},
    {"workspace"},
    {"cli"},
)
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
STUDIO_MAY = {"diagnostics", "clock", "files", "schema", "studio"}
STUDIO_GUESTS = {"workspace/providing.py", "cli/studio.py"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """The rooms that a module imports, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif node.module:
            names = [node.module]
            if node.module == "vidbuild":
                names = [f"vidbuild.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("vidbuild."):
                yield name.split(".")[1], node.lineno


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    room, name = room_of(path), path.relative_to(PACKAGE).as_posix()
    for imported, line in imports(path):
        if imported == "__version__":
            continue
        if room == "studio":
            assert imported in STUDIO_MAY, f"{name}:{line} imports {imported}"
        elif imported == "studio":
            assert name in STUDIO_GUESTS, f"{name}:{line} imports studio"
        elif room in LEVEL and imported != room:
            allowed = LEVEL[imported] < LEVEL[room] or (
                # neighbours without an order of their own
                LEVEL[imported] == LEVEL[room] and room in ("files", "source")
            )
            assert allowed, f"{name}:{line} imports {imported}"


def test_every_module_has_a_room() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__"}
    assert rooms == set(LEVEL) | {"studio"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_only_the_command_line_prints(path: Path) -> None:
    if room_of(path) == "cli":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"{path.name}:{node.lineno} prints"


def test_every_code_in_the_source_is_registered() -> None:
    used = {
        code
        for path in MODULES
        if path.name != "codes.py"
        for code in re.findall(r"\"(VB\d{3})\"", path.read_text(encoding="utf-8"))
    }
    assert used - set(CODES) == set()
    assert all(title and title == title.strip() for title in CODES.values())


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--version"], {"jinja2", "httpx", "jsonschema", "ruamel", "sqlite3", "asyncio", "av"}),
        (["--help"], {"jinja2", "httpx", "jsonschema", "ruamel", "sqlite3", "asyncio", "av"}),
        (
            ["-C", str(ROOT / "examples" / "quickstart"), "plan"],
            {"httpx", "jsonschema", "asyncio", "starlette", "av", "PIL"},
        ),
        *(
            (
                ["-C", str(ROOT / "examples" / "quickstart"), *command],
                {"httpx", "jsonschema", "asyncio", "starlette", "av", "PIL"},
            )
            for command in (["validate"], ["list"], ["explain", "story"])
        ),
    ],
)
def test_start_up_loads_only_what_the_command_needs(
    arguments: list[str], unwanted: set[str]
) -> None:
    script = (
        "import sys\nfrom vidbuild.cli import run\n"
        f"code = run({arguments!r})\n"
        "print(code, *sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    code, *loaded = done.stderr.split("\n")[-2].split()
    assert code == "0", done.stderr
    assert unwanted.isdisjoint(loaded)
