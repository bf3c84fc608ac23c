"""The operations of the API as the spec describes them: place, query, body, scope.

Not for what they do; that is each resource's own file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.schema.api import METHODS, Api, load_api
from vidbuild.schema.resolve import pointed
from vidbuild.schema.shape import Shape, shape_of

# Reading who one is needs no permission.
_WITHOUT_SCOPE = "users"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """`query` and `body` are what may be sent, None for nothing; `scope` is what a key with
    scopes needs."""

    name: str
    method: str
    path: str
    api: Api
    query: Shape
    body: Shape | None
    body_required: bool
    scope: str | None


def operations(api: Api, names: Collection[str]) -> dict[str, Operation]:
    """The operations with these names.

    An edition may describe the creating of videos alone, by any name: the other operations
    are then those of the bundled one.
    """
    ours = load_api()
    described = dict(_described(ours))
    found = {}
    for name, (method, path, item) in {**described, **dict(_described(api))}.items():
        if name not in names:
            continue
        of = api if _has(api, method, path) else ours
        found[name] = Operation(
            name=name,
            method=method,
            path=path,
            api=of,
            query=_query(of.document, item),
            body=_body(of.document, item),
            body_required=bool(item.get("requestBody", {}).get("required")),
            scope=_scope(method, described[name][2]),
        )
    method, _, path = api.operation.partition(" ")
    found["createVideo"] = Operation(
        name="createVideo",
        method=method,
        path=path,
        api=api,
        query=_query(api.document, {}),
        body=api.request,
        body_required=True,
        scope=_scope(method, described["createVideo"][2]),
    )
    return found


def _described(api: Api) -> Iterator[tuple[str, tuple[str, str, Mapping[str, Any]]]]:
    for path, item in api.document["paths"].items():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, Mapping) else None
            if isinstance(operation, Mapping) and "operationId" in operation:
                yield str(operation["operationId"]), (method.upper(), path, operation)


def _has(api: Api, method: str, path: str) -> bool:
    item = api.document["paths"].get(path)
    return isinstance(item, Mapping) and method.lower() in item


def _query(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Shape:
    """The parameters of the query as the members of one object."""
    members, required = {}, []
    for entry in operation.get("parameters", ()):
        parameter = pointed(document, entry["$ref"]) if "$ref" in entry else entry
        if parameter.get("in") == "query":
            members[parameter["name"]] = parameter.get("schema", {})
            required += [parameter["name"]] if parameter.get("required") else []
    schema = {"type": "object", "properties": members, "required": required}
    return shape_of(document, schema)


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Shape | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else shape_of(document, content["schema"])


def _scope(method: str, operation: Mapping[str, Any]) -> str | None:
    tag = operation["tags"][0]
    return None if tag == _WITHOUT_SCOPE else f"{tag}:{'read' if method == 'GET' else 'write'}"
