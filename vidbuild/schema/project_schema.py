"""The project file's JSON Schema (Draft 2020-12), for editors, made from an Api.

The build's own keys are written out here; the fields of a video come from the spec. Editors
get names, descriptions, choices and defaults, and see misspellings. What depends on merged
layers or rendered templates is for `validate`, not for here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from vidbuild.schema.api import Api
from vidbuild.schema.project_fields import ProjectFields, Schema

_OWN: Schema = {"^x-": {"description": "Your own: anchors and notes."}}
_TEXT: Schema = {"type": "string"}
_PATH: Schema = {"type": "string", "minLength": 1}
_DOLLARS: Schema = {"type": "number", "minimum": 0}
_COUNT: Schema = {"type": "integer", "minimum": 0}


def project_schema(api: Api) -> Schema:
    """The schema of `vidbuild.yaml`; `$defs/included` and `$defs/base` are those of other files."""
    made = ProjectFields(api.request)
    known = _refs("fields", made.fields)
    own = _build_keys()
    names: Schema = {"anyOf": [{"enum": list(own)}, {"pattern": "^x-"}]}
    settable = [key for key in own if key not in ("for_each", "name", "overrides", "vars")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A vidbuild project",
        "description": f"Videos as code, for {api.operation} of edition {api.edition}.",
        **_closed(_top(), required=["vidbuild", "project"]),
        "$defs": {
            "fields": {"properties": made.fields},
            "build": {"properties": own},
            "defaults": _closed({**known, **_refs("build", own)}),
            "video": {**_closed({**known, **_refs("build", own)}), **made.variants(beside=names)},
            "set": _closed({**known, **_refs("build", settable)}),
            "request": _closed(known),
            "included": _closed(_included()),
            "base": _closed(_base()),
            "profile": _closed(_profile()),
            **_shared(),
            **made.shared,
        },
    }


def encode(schema: Schema) -> bytes:
    """The schema as a file: the same bytes for the same API, on every machine."""
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


def _refs(group: str, names: Iterable[str]) -> Schema:
    return {name: {"$ref": f"#/$defs/{group}/properties/{_escaped(name)}"} for name in names}


def _escaped(name: str) -> str:
    """A member's name within a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _closed(properties: Schema, *, required: list[str] | None = None) -> Schema:
    """A mapping with these keys and the user's own, and no others."""
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": _OWN,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _strict(properties: Schema, *, required: list[str] | None = None) -> Schema:
    """A small mapping: these keys and no others."""
    schema = _closed(properties, required=required)
    del schema["patternProperties"]
    return schema


def _said(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}


def _map(description: str, values: Schema) -> Schema:
    return _said(description, {"type": "object", "additionalProperties": values})


def _list(description: str, items: Schema) -> Schema:
    return _said(description, {"type": "array", "items": items})


def _top() -> Schema:
    return {
        "vidbuild": _said("The version of this file's format.", {"const": 1}),
        "project": _said(
            "The project's name: small letters, digits and hyphens. It is part of what keeps a "
            "video from being paid for twice, so it stays as it is.",
            {"type": "string", "pattern": "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"},
        ),
        "provider": {"$ref": "#/$defs/provider"},
        "api": _said(
            "Another edition of the API than the bundled one.",
            _strict({
                "spec": _said("An OpenAPI 3.0 or 3.1 file.", _PATH),
                "operation": _said("Its operationId, or method and path.", _TEXT),
            }),
        ),
        "roots": _map(
            "More folders of the same git repository; a file in one is `NAME:PATH`.", _PATH
        ),
        "base": _list("Files whose vars, defaults, profiles and policy lie below these.", _PATH),
        **_included_shared(),
        "profiles": _PROFILES,
        "policy": {"$ref": "#/$defs/policy"},
        "output": {"$ref": "#/$defs/output"},
    }  # fmt: skip


def _base() -> Schema:
    return {
        "vars": {"$ref": "#/$defs/vars"},
        "defaults": {"$ref": "#/$defs/defaults"},
        "profiles": _PROFILES,
        "policy": {"$ref": "#/$defs/policy"},
    }


def _included_shared() -> Schema:
    """What both the project file and an included file may hold."""
    return {
        "vars": {"$ref": "#/$defs/vars"},
        "defaults": {"$ref": "#/$defs/defaults"},
        "include": _list("More files with videos; globs are allowed.", _PATH),
        "videos": _map("The videos by name.", {"$ref": "#/$defs/video"}),
    }


def _included() -> Schema:
    return {"prefix": _said("Put before the names of the videos.", _TEXT), **_included_shared()}


def _profile() -> Schema:
    return {
        "provider": {"$ref": "#/$defs/provider"},
        "vars": {"$ref": "#/$defs/vars"},
        "set": _said("Fields for every video, above all other layers.", {"$ref": "#/$defs/set"}),
        "output": {"$ref": "#/$defs/output"},
        "policy": {"$ref": "#/$defs/policy"},
    }


def _build_keys() -> Schema:
    return {
        "for_each": _said("Makes one video for each row.", {"anyOf": [
            _list("The rows.", {"type": "object"}),
            {"$ref": "#/$defs/rows"}, {"$ref": "#/$defs/matrix"}, {"type": "null"},
        ]}),
        "name": _said("The video's name and the path of its files, a template.", _TEXT),
        "vars": {"$ref": "#/$defs/vars"},
        "overrides": _said("Fields for some rows only, in order.", {
            "type": ["array", "null"],
            "items": _strict({
                "when": _said("Columns and values to compare, or an expression.", {
                    "type": ["object", "string", "boolean"]}),
                "set": {"$ref": "#/$defs/set"},
            }, required=["set"]),
        }),
        "tags": _said("Words to select by.", {
            "anyOf": [{"type": "array", "items": {"type": ["string", "integer"]}},
                      {"type": ["string", "null"]}]}),
        "protect": _said("Neither replaces nor deletes a finished render.", {
            "type": ["boolean", "null"], "default": False}),
        "ignore_changes": _said("Fields whose changes alone render nothing.", {
            "type": ["array", "null"], "items": _TEXT}),
        "revision": _said("Raise it to render anew.", {
            "type": ["integer", "null"], "minimum": 1, "default": 1}),
        "private": _said("Keeps the texts out of lock, plan, report and logs.", {
            "type": ["boolean", "null"], "default": False}),
        "request": _said("API fields as they are.", {
            "anyOf": [{"$ref": "#/$defs/request"}, {"type": "null"}]}),
    }  # fmt: skip


def _shared() -> Schema:
    file: Schema = {"file": _said("The path, relative to this file.", _PATH)}
    return {
        "template": _said("A template; its value takes the field's type.", {
            "type": "string", "pattern": r"\{\{|\{%"}),
        "text_file": _said("The text of a file, rendered as a template.",
                           _strict(file, required=["file"])),
        "media_file": _said("A media file, uploaded once.", _strict(file, required=["file"])),
        "vars": _map("Names that templates see.", {"anyOf": [
            _said("The data of a file.", _strict({
                **file, "key": _said("The column that rows are found by.", _TEXT),
            }, required=["file"])),
            {"not": {"type": "object", "required": ["file"]}},
        ]}),
        "rows": _said("The rows of a data file.", _strict({
            **file,
            "types": _map("The types of columns; text unless said.",
                          {"enum": ["text", "int", "float", "bool"]}),
            "where": _said("An expression; rows where it fails are left out.", _TEXT),
            "key": _said("A column that has to be unique.", _TEXT),
        }, required=["file"])),
        "matrix": _said("Every combination of values.", _strict({
            "matrix": _map("The values by name.", {"type": "array", "minItems": 1}),
            "exclude": _list("Combinations to leave out.", {"type": "object"}),
            "include": _list("Rows to add.", {"type": "object"}),
        }, required=["matrix"])),
        "provider": _said("Who renders.", {"anyOf": [_PROVIDERS, _strict({
            "name": _PROVIDERS,
            "key_env": _said("The environment variable that holds the key.", _TEXT),
            "account": _said("The username that the key has to belong to.", _TEXT),
        })]}),
        "policy": _said("Limits for an apply.", _closed({
            "max_cost": _said("Dollars an apply may cost.", _DOLLARS),
            "max_cost_day": _said("Dollars a day.", _DOLLARS),
            "max_cost_month": _said("Dollars a month.", _DOLLARS),
            "max_renders": _said('Videos rendered by an apply, or a share such as "20%".', {
                "anyOf": [_COUNT, {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}]}),
            "max_deletes": _said("Videos deleted by an apply.", _COUNT),
            "lint": _strict({"ignore": _list("Codes of warnings to leave out.", _TEXT)}),
        })),
        "output": _said("Where finished files go.", _closed({
            "dir": _said("The folder.", {**_PATH, "default": "build"}),
            "files": _list("The files to fetch.", {"enum": ["video", "subtitle", "thumbnail"]}),
            "keep_history": _said("Earlier renders to remember for each video.", {
                **_COUNT, "default": 5}),
        })),
    }  # fmt: skip


_PROVIDERS: Schema = {"enum": ["heygen", "studio"], "default": "heygen"}
_PROFILES: Schema = {
    "description": "Settings chosen with -p. `draft` is always there.",
    "type": "object",
    "additionalProperties": {"$ref": "#/$defs/profile"},
}
