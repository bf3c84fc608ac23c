"""Api: one edition of the API, ready to ask what a request may hold and what matters in it.

The bundled edition is `heygen-v3.openapi.yaml`; any OpenAPI 3.0 or 3.1 file can take its
place. The bundled overlay is laid over either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from vidbuild.diagnostics import Problems, nearest, problem
from vidbuild.schema.overlay import apply_overlay
from vidbuild.schema.resolve import pointed
from vidbuild.schema.shape import Shape, shape_of
from vidbuild.schema.sound import require_sound

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
USUAL = "POST /v3/videos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An edition of the API and the operation that renders a video.

    `operation` is method and path ("POST /v3/videos"), as the fingerprint holds it.
    `metadata` are the top-level members that do not change the picture; `callbacks` those of
    them that are never recorded, `title` the one that is.
    """

    document: Mapping[str, Any]
    edition: str
    operation: str
    path: str
    request: Shape
    metadata: frozenset[str]
    callbacks: frozenset[str]
    title: str | None


def load_api(spec: Path | None = None, operation: str | None = None) -> Api:
    """The API of a spec file, or the bundled edition.

    `operation` is an operationId or "POST /path"; it may be left out where the choice is clear.
    Raises `Problems` (VB270 to VB279) where the file is not a spec that can be used.
    """
    if spec is None:
        return _bundled(operation)
    return _api(_read(spec), operation, str(spec), known=False)


def bundled(name: str) -> Path:
    """A file that comes with vidbuild: inside the installed package, or in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "schemas" / name
    return inside if inside.exists() else package.parent / "schemas" / name


@cache
def _bundled(operation: str | None) -> Api:
    spec = bundled("heygen-v3.openapi.yaml")
    return _api(_read(spec), operation, spec.name, known=True)


@cache
def _overlay() -> Any:
    return _read(bundled("heygen-v3.overlay.yaml"))


def _read(spec: Path) -> Any:
    """The parsed content of a JSON or YAML file."""
    import json

    from vidbuild.source.yaml import load

    try:
        text = spec.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8 text"
        if isinstance(error, OSError):
            why = (error.strerror or str(error)).lower()
        raise problem(
            "VB270",
            f"the spec {spec} cannot be read: {why}",
            hint="name an OpenAPI file, in JSON or YAML",
        ) from None
    if spec.suffix != ".json":
        return load(text, file=str(spec))
    try:
        return json.loads(text)
    except ValueError as error:
        raise problem("VB270", f"the spec is not JSON: {spec}: {error}") from None


def _api(document: Any, operation: str | None, file: str, *, known: bool) -> Api:
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise problem(
            "VB271",
            f"{file} is not an OpenAPI 3.0 or 3.1 document",
            hint="give a file that begins with `openapi: 3.1.0` and has `paths`",
        )
    method, path, chosen = _operation(document, operation, file)
    schema = _body(document, chosen, f"{method.upper()} {path}", file)
    if not known:
        require_sound(document, schema)
    apply_overlay(document, _overlay())
    request = shape_of(document, schema)
    info = document.get("info")
    metadata = document.get("x-vidbuild-metadata", {})
    title = metadata.get("recorded")
    callbacks = frozenset(metadata.get("unrecorded", ()))
    return Api(
        document=document,
        edition=str(info.get("version", "")) if isinstance(info, Mapping) else "",
        operation=f"{method.upper()} {path}",
        path=path,
        request=request,
        metadata=callbacks | ({title} if title else set()),
        callbacks=callbacks,
        title=title if request.member(str(title)) else None,
    )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        for method in METHODS:
            if isinstance(item, Mapping) and isinstance(item.get(method), Mapping):
                yield method, path, item[method]


def _operation(
    document: Mapping[str, Any], wanted: str | None, file: str
) -> tuple[str, str, Mapping[str, Any]]:
    """The operation asked for; without a wish the usual one, or the only POST."""
    names: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
    for method, path, chosen in _operations(document):
        names[f"{method.upper()} {path}"] = (method, path, chosen)
        names.setdefault(str(chosen.get("operationId", "")), (method, path, chosen))
    posts = [name for name in names if name.startswith("POST ")]
    key = wanted or (USUAL if USUAL in names else posts[0] if len(posts) == 1 else None)
    if key in names and key:
        return names[key]
    raise _no_operation(wanted, file, posts, [name for name in names if name])


def _no_operation(wanted: str | None, file: str, posts: list[str], names: list[str]) -> Problems:
    if wanted:
        near = nearest(wanted, names)
        return problem(
            "VB272",
            f"{file} has no operation {wanted}",
            hint=f"did you mean `{near}`?" if near else f"it has {', '.join(names) or 'none'}",
        )
    if not posts:
        return problem("VB272", f"{file} has no POST operation", hint="check `api.spec`")
    return problem(
        "VB273",
        f"{file} has {len(posts)} POST operations and none of them is {USUAL}",
        hint=f"name one in `api.operation`: {', '.join(posts)}",
    )


def _body(
    document: Mapping[str, Any], operation: Mapping[str, Any], name: str, file: str
) -> Mapping[str, Any]:
    schema: Any = operation.get("requestBody")
    for key in ("content", "application/json", "schema"):
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
            schema = pointed(document, schema["$ref"])
        schema = schema.get(key) if isinstance(schema, Mapping) else None
    if not isinstance(schema, Mapping):
        raise problem(
            "VB274",
            f"{name} in {file} takes no JSON body",
            hint="name an operation with an application/json request body in `api.operation`",
        )
    return schema
