"""The project file's JSON Schema: what an editor takes and what it underlines."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema_rs import Draft202012Validator as Judge

from tests.schema.schema_kit import bodies, places, put, wrong
from vidbuild.project.model import BUILD_KEYS, OUTPUT_KINDS
from vidbuild.project.names import SLUG
from vidbuild.schema.api import bundled, load_api
from vidbuild.schema.finding import Path as FieldPath
from vidbuild.schema.finding import kind
from vidbuild.schema.project_schema import encode, project_schema
from vidbuild.schema.shape import Shape
from vidbuild.source.yaml import load

API = load_api()
SCHEMA = project_schema(API)
JUDGE = Judge(SCHEMA)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/vidbuild.yaml"))

ACME = Path(__file__).parents[1] / "editor" / "acme.yaml"  # uses a little of everything
PROJECT: dict[str, Any] = load(ACME.read_text(encoding="utf-8"), file=ACME.name)


def with_video(**fields: Any) -> dict[str, Any]:
    return {"vidbuild": 1, "project": "p", "videos": {"a": fields}}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The example project with one more or another value."""
    document = copy.deepcopy(PROJECT)
    *holders, last = path.split("/")
    target = document
    for part in holders:
        target = target[part] if isinstance(target, dict) else target[int(part)]
    target[last] = value
    return document


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_example_project_is_taken() -> None:
    assert [error.message for error in JUDGE.iter_errors(PROJECT)] == []


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_are_taken(file: Path) -> None:
    document = load(file.read_text(encoding="utf-8"), file=file.name)
    assert [error.message for error in JUDGE.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("x-notes", {"any": "thing"}),
        ("videos/tour/x-note", 1),
        ("defaults/x-anchor", [1]),
        ("provider", {"name": "heygen", "key_env": "ACME_KEY", "account": "user"}),
        ("api", {"spec": "spec.json", "operation": "createVideo"}),
        ("policy/max_renders", "20%"),
        ("policy/lint", {"ignore": ["VB249"]}),
        ("videos/tour/tags", ["a", 1]),
        ("videos/tour/revision", 2),
        ("videos/tour/for_each", None),
        ("videos/tour/for_each", [{"lang": "de"}]),
        ("videos/tour/ignore_changes", ["background"]),
        ("videos/tour/request", {"resolution": "4k"}),
        ("videos/tour/background", None),
        ("videos/tour/voice_settings", {"speed": "{{ each.speed }}"}),
        ("videos/tour/voice_settings", "{{ voice }}"),
        ("videos/tour/remove_background", "{{ each.cut }}"),
        ("videos/tour/resolution", "{{ size }}"),
        ("videos/tour/background", {"value": "{{ colour }}"}),
        ("videos/tour/script", {"file": "a.j2"}),
        ("videos/tour/audio_asset_id", {"file": "a.mp3"}),
        ("videos/tour/engine", {"type": "avatar_v", "reference_look_id": "l"}),
        ("defaults/prompt", "for another variant"),
        ("videos/pricing/overrides/0/set/tags", ["german"]),
        ("vars/words", {"plain": "mapping"}),
        ("vars/n", None),
    ],
)
def test_what_is_taken(path: str, value: Any) -> None:
    assert [error.message for error in JUDGE.iter_errors(changed(path, value))] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("vidbuild", 2),
        ("project", "Acme Onboarding"),
        ("provider", "heygn"),
        ("provider", {"name": "heygen", "key": "secret"}),
        ("video", {}),
        ("api", {"file": "spec.json"}),
        ("defaults/avatarid", "x"),
        ("videos/tour/scirpt", "x"),
        ("videos/tour/resolution", "1080"),
        ("videos/tour/title", 2024),
        ("videos/tour/background/colour", "#fff"),
        ("videos/tour/background/value", "red"),
        ("videos/tour/script", {"path": "a.j2"}),
        ("videos/tour/script", {"file": "a.j2", "folder": "b"}),
        ("videos/tour/voice_settings", {"sped": 1}),
        ("videos/tour/voice_settings", {"speed": 9}),
        ("videos/tour/voice_settings", {"speed": "fast"}),
        ("videos/tour/voice_settings", {"engine_settings": {"engine_type": "fish", "style": 1}}),
        ("videos/tour/engine", {"type": "avatar_iv", "reference_look_id": "l"}),
        ("videos/tour/engine", "avatar_v"),
        ("videos/tour/protect", "yes"),
        ("videos/tour/revision", 0),
        ("videos/tour/for_each", {"file": "a.csv", "matrix": {}}),
        ("videos/tour/for_each", {"file": "a.csv", "types": {"n": "number"}}),
        ("videos/tour/request", {"for_each": []}),
        ("videos/pricing/overrides/0/wen", {}),
        ("videos/pricing/overrides/0/set/name", "x"),
        ("videos/pricing/overrides", [{"when": "true"}]),
        ("profiles/draft/sets", {}),
        ("profiles/draft/provider", "local"),
        ("policy/max_costs", 1),
        ("policy/max_cost", -1),
        ("policy/max_renders", "many"),
        ("output/files", ["videos"]),
        ("vars/words/column", "x"),
        ("include", "a.yaml"),
    ],
)
def test_what_is_underlined(path: str, value: Any) -> None:
    assert not JUDGE.is_valid(changed(path, value))


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"type": "avatar", "avatar_id": "a"}, True),
        ({"type": "avatar", "prompt": "p"}, False),
        ({"type": "cinematic_avatar", "prompt": "p", "avatar_id": ["a"]}, True),
        ({"type": "cinematic_avatar", "script": "s"}, False),
        ({"type": "{{ kind }}", "script": "s", "prompt": "p"}, True),
        ({"type": "avatar", "tags": ["t"], "x-note": 1}, True),
        ({"script": "s"}, True),
    ],
)
def test_a_video_that_names_its_type_has_the_fields_of_it(
    fields: dict[str, Any], taken: bool
) -> None:
    assert JUDGE.is_valid(with_video(**fields)) is taken


@pytest.mark.parametrize("body", list(bodies(API.request)), ids=lambda body: body["type"])
def test_every_field_of_a_request_is_taken(body: dict[str, Any]) -> None:
    assert [error.message for error in JUDGE.iter_errors(with_video(**body))] == []


def fields() -> list[tuple[dict[str, Any], FieldPath, Shape]]:
    found = []
    for body in bodies(API.request):
        found += [(body, path, shape) for path, shape in places(API.request, body)]
    return found


def test_every_field_refuses_what_the_api_would() -> None:
    """Apart from the length of texts, which a template changes, and null, which removes."""
    for body, path, shape in fields():
        for value in wrong(shape):
            length = isinstance(value, str) and (value == "" or len(value) > 1000)
            no_json = kind(value) == "no JSON number" or value == "#101820\n"  # Python's own `$`
            if value is None or length or no_json:
                continue
            if path[-1] == "type":
                continue  # of another form in another variant
            assert not JUDGE.is_valid(with_video(**put(body, path, value))), (path, value)


def test_every_field_is_described() -> None:
    for name, field in SCHEMA["$defs"]["fields"]["properties"].items():
        assert field.get("description"), name
    for name, key in SCHEMA["$defs"]["build"]["properties"].items():
        assert key.get("description") or "$ref" in key, name
    for name, key in SCHEMA["properties"].items():
        assert key.get("description") or "$ref" in key, name


def test_the_keys_are_those_that_the_project_reads() -> None:
    assert SCHEMA["$defs"]["build"]["properties"].keys() == BUILD_KEYS
    assert SCHEMA["properties"]["project"]["pattern"] == f"^{SLUG.pattern}$"
    files = SCHEMA["$defs"]["output"]["properties"]["files"]
    assert files["items"]["enum"] == list(OUTPUT_KINDS)


def test_an_included_file_has_a_schema_too() -> None:
    judge = Draft202012Validator({"$ref": "#/$defs/included", "$defs": SCHEMA["$defs"]})
    assert judge.is_valid({"prefix": "a/", "videos": {"b": {"script": "s"}}})
    assert not judge.is_valid({"project": "p"})


def test_the_committed_file_is_the_generated_one() -> None:
    assert bundled("vidbuild.schema.json").read_bytes() == encode(SCHEMA)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_bytes_do_not_depend_on_the_run(seed: str) -> None:
    program = (
        "import sys; from vidbuild.schema.api import load_api;"
        "from vidbuild.schema.project_schema import encode, project_schema;"
        "sys.stdout.buffer.write(encode(project_schema(load_api())))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": seed}, capture_output=True, check=True,
    )  # fmt: skip
    assert run.stdout == encode(SCHEMA)


def test_a_spec_that_contains_itself_and_shares_our_names(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        """
openapi: 3.1.0
paths:
  /make:
    post:
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/video"}}}
components:
  schemas:
    video:
      type: object
      additionalProperties: false
      properties:
        name: {type: string}
        child: {$ref: "#/components/schemas/video"}
        "a/b": {type: integer}
""",
        encoding="utf-8",
    )
    schema = project_schema(load_api(spec))
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    assert judge.is_valid(with_video(child={"child": {"name": "n", "a/b": 1}}))
    assert not judge.is_valid(with_video(child={"child": {"a/b": "x"}}))
    assert not judge.is_valid(with_video(child={"kid": {}}))
