"""The bundled spec and overlay as documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.schema.schema_kit import OVERLAY, SPEC
from vidbuild.schema.api import METHODS, load_api
from vidbuild.schema.overlay import _Finder

OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}


def test_the_spec_is_valid_openapi() -> None:
    validate(SPEC)


def test_the_spec_with_the_overlay_is_valid_openapi() -> None:
    validate(load_api().document)


@pytest.mark.parametrize(
    "operation",
    [
        "POST /v3/videos", "GET /v3/videos", "GET /v3/videos/{video_id}",
        "DELETE /v3/videos/{video_id}", "GET /v3/videos/statuses", "POST /v3/videos/batches",
        "GET /v3/videos/batches/{batch_id}", "POST /v3/assets", "GET /v3/assets/{asset_id}",
        "POST /v3/assets/direct-uploads", "POST /v3/assets/{asset_id}/complete",
        "GET /v3/avatars", "GET /v3/avatars/looks", "GET /v3/avatars/looks/{look_id}",
        "GET /v3/voices", "GET /v3/voices/{voice_id}", "POST /v3/voices/speech",
        "GET /v3/users/me", "POST /v3/webhooks/endpoints", "GET /v3/webhooks/endpoints",
        "PATCH /v3/webhooks/endpoints/{endpoint_id}",
        "DELETE /v3/webhooks/endpoints/{endpoint_id}",
        "POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret",
    ],
)  # fmt: skip
def test_the_spec_has_the_calls(operation: str) -> None:
    assert operation in OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_described_and_answers_errors(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["description"]
    assert operation["summary"]
    responses = operation["responses"]
    assert {"401", "429", "500"} <= responses.keys()
    assert any(code.startswith("2") for code in responses)
    assert all(each.get("$ref", "").endswith(("Error", "RateLimited"))
               for code, each in responses.items() if code >= "400")  # fmt: skip


@pytest.mark.parametrize("name", SPEC["components"]["schemas"])
def test_every_schema_and_member_is_described(name: str) -> None:
    schema = SPEC["components"]["schemas"][name]
    assert schema["description"]
    for member, node in schema.get("properties", {}).items():
        assert node.get("description"), member


def test_every_schema_is_used() -> None:
    used = set(references(SPEC))
    webhooks = {"WebhookDelivery", "AvatarVideoSuccessEventData"}  # sent, not answered
    names = set(SPEC["components"]["schemas"]) - webhooks
    assert {f"#/components/schemas/{name}" for name in names} <= used


@pytest.mark.parametrize(
    "action", OVERLAY["actions"], ids=lambda action: action["description"][:40]
)
def test_every_overlay_action_finds_something(action: dict[str, Any]) -> None:
    assert _Finder(load_api().document).select(action["target"])


def test_every_rule_has_an_id_of_its_own() -> None:
    ids = [
        rule["id"]
        for action in OVERLAY["actions"]
        for rule in action["update"].get("x-vidbuild-rules", ())
    ]
    assert len(ids) == len(set(ids)) > 10


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            elif key == "mapping":
                yield from value.values()
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
