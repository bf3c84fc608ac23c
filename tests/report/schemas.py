"""The JSON Schemas that are shipped, as readers and as the writer have to take them."""

from __future__ import annotations

import json
from typing import Any

from jsonschema_rs import Draft202012Validator

from vidbuild.schema.api import bundled


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bundled(name).read_text(encoding="utf-8"))
    return found


def closed(node: Any) -> Any:
    """The schema as a writer has to keep to it: what is not declared is an error."""
    if isinstance(node, list):
        return [closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    shut = {key: closed(value) for key, value in node.items()}
    if "properties" in node and "additionalProperties" not in node:
        shut["additionalProperties"] = False
    return shut


PLAN, EVENTS = schema("plan.schema.json"), schema("events.schema.json")
WRITER = Draft202012Validator(closed(PLAN))
READER = Draft202012Validator(PLAN)
EVENT_WRITER = Draft202012Validator(closed(EVENTS))
STATUS, REFRESH = schema("status.schema.json"), schema("refresh.schema.json")
STATUS_WRITER = Draft202012Validator(closed(STATUS))
REFRESH_WRITER = Draft202012Validator(closed(REFRESH))
MANIFEST = schema("manifest.schema.json")
MANIFEST_WRITER = Draft202012Validator(closed(MANIFEST))
