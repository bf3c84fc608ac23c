"""Where an operation lives, by the spec: method and path for an operation's id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from vidbuild.schema.api import Api, load_api


def route(api: Api, operation: str, **values: str) -> tuple[str, str]:
    """Method and path of an operation, `values` put into the path.

    A spec that describes creating alone is enough for a project, whatever it calls that: what
    it lacks is looked up in the bundled one. Raises `KeyError` for an operation in neither.
    """
    method, path = _find(api, operation)
    return method, path.format_map({name: quote(text, safe="") for name, text in values.items()})


def limit(api: Api, name: str, default: int) -> int:
    """One of the limits that the overlay names, such as `status_videos`."""
    value = api.document.get("x-vidbuild-limits", {}).get(name)
    return value if isinstance(value, int) else default


def _find(api: Api, operation: str) -> tuple[str, str]:
    if operation == "createVideo":
        method, _, path = api.operation.partition(" ")
        return method, path
    for document in (api.document, load_api().document):
        for at, name in _operations(document):
            if name == operation:
                return at
    raise KeyError(operation)


def _operations(document: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    for path, item in document.get("paths", {}).items():
        for method, details in item.items() if isinstance(item, dict) else ():
            if isinstance(details, dict):
                yield (method.upper(), path), details.get("operationId")
