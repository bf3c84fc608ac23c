"""Every field of both editions: a right value is taken, a wrong one refused where it stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from tests.project.authoring import Folder, where
from tests.project.editions import Field, Page, body_of, every_field, right_value, wrong_values
from vidbuild.diagnostics import Diagnostic
from vidbuild.pipeline import load
from vidbuild.schema.api import Api, load_api
from vidbuild.source.yaml import load as load_yaml

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "older-edition"
OLDER = EXAMPLE / "heygen-v3-2026-04.openapi.yaml"
EDITIONS = {"current": None, "older": OLDER}
HEAD = "vidbuild: 1\nproject: demo\nprovider: studio\n"


@cache
def api_of(edition: str) -> Api:
    return load_api(EDITIONS[edition])


def fields(edition: str) -> list[Field]:
    return list(every_field(api_of(edition).request))


CASES = [(edition, number, field.name)
         for edition in EDITIONS for number, field in enumerate(fields(edition))]  # fmt: skip
IDS = [f"{edition}-{name}" for edition, _, name in CASES]


class Loads:
    """Both editions' fields in four projects, each loaded once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pages: dict[tuple[str, str], tuple[Page, tuple[Diagnostic, ...]]] = {}

    def page(self, edition: str, kind: str) -> tuple[Page, tuple[Diagnostic, ...]]:
        if (edition, kind) not in self.pages:
            self.pages[edition, kind] = self.made(edition, kind)
        return self.pages[edition, kind]

    def made(self, edition: str, kind: str) -> tuple[Page, tuple[Diagnostic, ...]]:
        folder = self.root / f"{edition}-{kind}"
        folder.mkdir()
        head = HEAD
        if spec := EDITIONS[edition]:
            (folder / "spec.yaml").write_bytes(spec.read_bytes())
            head += "api: {spec: spec.yaml}\n"
        page, request = Page(head), api_of(edition).request
        for number, field in enumerate(fields(edition)):
            values = [right_value(field)] if kind == "right" else wrong_values(field)
            for turn, value in enumerate(values):
                body = body_of(request, field, value)
                page.add(f"v{number}-{turn}", body, flat=field.path)
        (folder / "vidbuild.yaml").write_text(page.text, encoding="utf-8")
        return page, load(folder / "vidbuild.yaml").diagnostics


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Loads:
    return Loads(tmp_path_factory.mktemp("editions"))


@pytest.mark.parametrize(("edition", "number", "name"), CASES, ids=IDS)
def test_a_right_value_is_taken(loads: Loads, edition: str, number: int, name: str) -> None:
    page, diagnostics = loads.page(edition, "right")
    found = [d for d in diagnostics if d.video == f"v{number}-0" and d.severity == "error"]
    assert not found, (name, found)
    assert (f"v{number}-0", fields(edition)[number].path) in page.places


@pytest.mark.parametrize(("edition", "number", "name"), CASES, ids=IDS)
def test_a_wrong_value_is_refused_where_it_stands(
    loads: Loads, edition: str, number: int, name: str
) -> None:
    page, diagnostics = loads.page(edition, "wrong")
    path = fields(edition)[number].path
    videos = [v for v, at in page.places if at == path and v.startswith(f"v{number}-")]
    assert videos, name
    for video in videos:
        found = {where(d): d for d in diagnostics if d.video == video}
        line, column = page.places[video, path]
        at = found.get(("vidbuild.yaml", line, column))
        assert at is not None, (name, page.lines[line - 1], found)
        assert at.severity == "error"
        assert at.message


def test_the_number_of_fields() -> None:
    assert len(fields("older")) == 23
    assert len(fields("current")) >= 276


def test_the_older_spec_is_valid_openapi() -> None:
    validate(load_yaml(OLDER.read_text(encoding="utf-8"), file=OLDER.name))
    validate(load_api(OLDER).document)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("resolution: 4k", "VB204", "1080p"), ("aspect_ratio: '1:1'", "VB204", "9:16"),
        ("engine: {type: avatar_iv}", "VB201", "engine"), ("caption: {}", "VB201", "caption"),
        ("output_format: mp4", "VB201", "output_format"), ("fit: cover", "VB201", "fit"),
        ("voice_settings: {volume: 1}", "VB201", "volume"), ("type: image", "VB204", "avatar"),
        ("voice_id: null", "VB213", "voice_id"), ("background: {type: color}", "VB213", "value"),
        ("background: {type: image}", "VB212", "url"), ("audio_url: https://x.org/a", "VB267", ""),
        ("background: {type: color, value: red}", "VB207", "colour"),
    ],
)  # fmt: skip
def test_what_the_older_edition_refuses(folder: Folder, line: str, code: str, words: str) -> None:
    folder.write("spec.yaml", OLDER.read_bytes())
    text = (
        f"{HEAD}api: {{spec: spec.yaml}}\n"
        "defaults: {type: avatar, avatar_id: presenter, voice_id: warm}\n"
        f"videos:\n  v:\n    script: Hi.\n    {line}\n"
    )
    found = folder.one(text)
    assert (found.code, where(found)[1]) == (code, 9)
    assert words in f"{found.message} {found.hint}"


def test_the_editions_pay_once_for_the_same_content(folder: Folder) -> None:
    """Going back to an older spec changes no fingerprint: the operation is the same."""
    folder.write("spec.yaml", OLDER.read_bytes())
    example = (EXAMPLE / "vidbuild.yaml").read_text(encoding="utf-8")
    api = "api: {spec: heygen-v3-2026-04.openapi.yaml}\n"
    assert api in example
    older = folder.load(example.replace(api, "api: {spec: spec.yaml}\n"))
    newer = folder.load(example.replace(api, ""))
    assert older.api.operation == newer.api.operation == "POST /v3/videos"
    assert older.api.edition != newer.api.edition
    for name, request in older.requests.items():
        assert request.fingerprint == newer.requests[name].fingerprint
