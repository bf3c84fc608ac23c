"""Blocks that are alike are made from what the first of them was; nothing shows it but the time."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.project.test_mutations import NAMES, mutated, written
from vidbuild.diagnostics import Problems
from vidbuild.pipeline import load
from vidbuild.project.moulds import Moulds

LOWER = [
    "{type: avatar, avatar_id: a, voice_id: v, tags: [all]}",
    "{type: avatar, avatar_id: a, voice_id: v, background: {type: color, value: '#000000'}}",
    "{type: avatar, avatar_id: a, audio_url: 'https://x.y/z.mp3'}",
    "{type: '{{ kind }}', avatar_id: a, voice_id: v}",
    "{type: avatar, avatar_id: a, voice_id: '{{ omit if product else 1 }}', title: }",
    "{avatar_id: a, voice_id: v, overrides: [{when: product == 'A', set: {title: T}}]}",
    "{type: avatar, avatar_id: a, name: 'x-{{ video.key }}', vars: {product: C}, private: true}",
]
OWN = [
    "script: {text}",
    "script: {text}, title: '{{{{ product }}}} {n}'",
    "script: {text}, tags: [t{n}]",
    "script: {text}, background: {{type: color, value: '#0000{n:02}'}}",
    "script: {text}, background: {{type: image, url: 'https://x.y/{n}.png'}}",
    "script: {text}, background: {{value: ~}}",
    "script: {text}, x-note: {n}",
    "script: {text}, title: ",
    "script: {text}, audio_url: 'https://x.y/{n}.mp3'",
    "title: {text}",
    "script: {text}, resolution: {n}p",
    "script: '{{{{ nobody }}}}'",
    "script: {text}, voice_settings: {{speed: 1.{n}}}",
    "type: image, script: {text}",
]


def everything(file: Path) -> Any:
    """All that a load says, as plain values."""
    try:
        loaded = load(file)
    except Problems as problems:
        return problems.diagnostics
    videos = {
        name: (v.fields, v.tags, v.depends_on, v.private, v.protect, v.revision,
               [(layer.pointer, layer.values) for layer in v.layers])
        for name, v in loaded.videos.items()
    }  # fmt: skip
    prints = {name: request.fingerprint for name, request in loaded.requests.items()}
    return videos, prints, loaded.diagnostics, sorted(loaded.broken)


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each block was like another; clear it to have none alike."""
    made: list[bool] = [True]
    get = Moulds.get

    def noted(self: Moulds, form: Any) -> Any:
        found = get(self, form) if made else None
        if found is not None:
            made.append(True)
        return found

    monkeypatch.setattr(Moulds, "get", noted)
    return made


def both_ways(file: Path, cast: list[bool]) -> int:
    cast[:] = [True]
    quick = everything(file)
    count = len(cast) - 1
    cast.clear()
    assert everything(file) == quick
    return count


@pytest.mark.parametrize("seed", range(30))
def test_alike_or_not_says_the_same(tmp_path: Path, cast: list[bool], seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same projects every time
    own = rng.sample(OWN, 3)
    blocks = [
        f"  v{n}: {{{rng.choice(own).format(n=rng.randrange(9), text=f'Words {n}')}}}"
        for n in range(24)
    ]
    text = "\n".join([
        "vidbuild: 1", "project: moulds", "vars: {product: A, kind: avatar}",
        f"defaults: {rng.choice(LOWER)}", "videos:", *blocks, "",
    ])  # fmt: skip
    file = tmp_path / "vidbuild.yaml"
    file.write_text(text, encoding="utf-8")
    both_ways(file, cast)


@pytest.mark.parametrize("example", [*NAMES, "everything"])
def test_mutated_projects_say_the_same(tmp_path: Path, cast: list[bool], example: str) -> None:
    file = written(tmp_path, example)[0]
    whole = file.read_text(encoding="utf-8")
    rng = random.Random(example)  # noqa: S311
    for _ in range(25):
        file.write_text(mutated(whole, rng), encoding="utf-8", errors="replace")
        both_ways(file, cast)


def test_most_blocks_of_a_file_are_alike(tmp_path: Path, cast: list[bool]) -> None:
    file = tmp_path / "vidbuild.yaml"
    blocks = "".join(f"  v{n}: {{script: Words {n}, tags: [a]}}\n" for n in range(10))
    file.write_text(
        f"vidbuild: 1\nproject: m\ndefaults: {LOWER[0]}\nvideos:\n{blocks}", encoding="utf-8"
    )
    assert both_ways(file, cast) == 9
