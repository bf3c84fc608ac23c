"""The README's project does what the README says it does."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.commands import project, vidbuild

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def said(transcript: str, command: str) -> str:
    """What the transcript shows for a command."""
    part = transcript.split(f"$ {command}\n", 1)[1]
    return part.split("\n$ ", 1)[0].strip()


def same_shape(text: str) -> list[str]:
    """Lines without what differs from run to run: ids, seconds taken, folders, order."""
    text = re.sub(r"\b[0-9a-f]{32}\b", "ID", text)
    text = re.sub(r"in \d+s\.", "in Ns.", text)
    return sorted(re.sub(r"Files are in .*build", "Files are in build", text).splitlines())


def test_ten_lines(tmp_path: Path) -> None:
    source = blocks("yaml")[0]
    assert len(source.splitlines()) == 10
    first, second = blocks("console")[:2]
    project(tmp_path, source)
    assert vidbuild("plan", cwd=tmp_path).stdout.strip() == said(first, "vidbuild plan")
    done = vidbuild("apply", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert same_shape(done.stderr.strip()) == same_shape(said(first, "vidbuild apply --yes"))
    project(tmp_path, source.replace("around {{", "around the new {{"))
    assert vidbuild("plan", cwd=tmp_path).stdout.strip() == said(second, "vidbuild plan")


def test_links_lead_somewhere() -> None:
    root = Path(__file__).parent.parent
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (root / target).exists(), target
