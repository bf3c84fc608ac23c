"""The keys of a project's files as an editor should see them, apart from the API's fields.

A key may stand without a value, as it does while it is typed: then it says nothing. Defaults are
written into descriptions where an editor would otherwise type them out with the key above.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]

OWN: Schema = {"^x-": {"description": "Your own: anchors and notes."}}

_WORD: Schema = {"type": "string"}
_PATH: Schema = {"type": "string", "minLength": 1}
_TEXT: Schema = {"type": ["string", "null"]}
_FILE: Schema = {"type": ["string", "null"], "minLength": 1}
_FLAG: Schema = {"type": ["boolean", "null"]}
_DOLLARS: Schema = {"type": ["number", "null"], "minimum": 0}
_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}


def closed(properties: Schema, *, description: str = "", kind: Any = ("object", "null")) -> Schema:
    """A section with these keys and the user's own, and no others."""
    return {
        **({"description": description} if description else {}),
        "type": kind if isinstance(kind, str) else list(kind),
        "properties": properties,
        "patternProperties": OWN,
        "additionalProperties": False,
    }


def project() -> Schema:
    """What the project file may hold."""
    return {
        "vidbuild": _said("The version of this file's format.", {"const": 1}),
        "project": _said(
            "The project's name: small letters, digits and hyphens. It is part of what keeps a "
            "video from being paid for twice, so it stays as it is.",
            {"type": "string", "pattern": "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$",
             "patternErrorMessage": "Use small letters, digits and hyphens, at most 63."},
        ),
        "provider": _ref("provider"),
        "api": _said("Another edition of the API than the bundled one.", _section({
            "spec": _said("An OpenAPI 3.0 or 3.1 file.", _FILE),
            "operation": _said("Its operationId, or method and path.", _TEXT),
        })),
        "roots": _map(
            "More folders of the same git repository; a file in one is `NAME:PATH`.", _PATH
        ),
        "base": _list("Files whose vars, defaults, profiles and policy lie below these.", _PATH),
        **_authored(),
        "profiles": _profiles(),
        "policy": _ref("policy"),
        "output": _ref("output"),
    }  # fmt: skip


def included() -> Schema:
    """What an included file may hold."""
    return {"prefix": _said("Put before the names of the videos.", _TEXT), **_authored()}


def base() -> Schema:
    """What a base file may hold."""
    return {
        "vars": _ref("vars"),
        "defaults": _ref("defaults"),
        "profiles": _profiles(),
        "policy": _ref("policy"),
    }


def profile() -> Schema:
    return {
        "provider": _ref("provider"),
        "vars": _ref("vars"),
        "set": _said("Fields for every video, above all other layers.", _ref("set")),
        "output": _ref("output"),
        "policy": _ref("policy"),
    }


def _authored() -> Schema:
    """What both the project file and an included file may hold."""
    return {
        "vars": _ref("vars"),
        "defaults": _ref("defaults"),
        "include": _list("More files with videos; globs are allowed.", _PATH),
        "videos": _map("The videos by name.", _ref("video")),
    }


def _profiles() -> Schema:
    return _map("Settings chosen with -p. `draft` is always there.", _ref("profile"))


def build_keys() -> Schema:
    """The build's own keys beside the API's fields."""
    return {
        "for_each": _ref("for_each"),
        "name": _said("The video's name and the path of its files, a template.", _TEXT),
        "vars": _ref("vars"),
        "overrides": _list("Fields for some rows only, in order.", {
            "type": "object",
            "properties": {
                "when": _said(
                    "Columns and values to compare, or an expression; always when left out.",
                    {"type": ["object", "string", "boolean", "null"]},
                ),
                "set": _said("The fields.", {**_ref("set"), "type": "object"}),
            },
            "required": ["set"],
            "patternProperties": OWN,
            "additionalProperties": False,
        }),
        "tags": _said("Words to select by; those of all layers count.", {
            "type": ["array", "string", "integer", "null"],
            "items": {"type": ["string", "integer"]},
        }),
        "protect": _said("Neither replaces nor deletes a finished render. Off by default.", _FLAG),
        "ignore_changes": _list("Fields whose changes alone render nothing.", _WORD),
        "revision": _said("Raise it to render anew; 1 when left out.", {**_COUNT, "minimum": 1}),
        "private": _said("Keeps the texts out of lock, plan, report and logs. Off by default.",
                         _FLAG),
        "request": _said("API fields as they are, also those named like keys of the build.",
                         _ref("request")),
    }  # fmt: skip


def shared() -> Schema:
    """What several places refer to."""
    file: Schema = {"file": _said("The path, relative to this file.", _PATH)}
    files: Schema = {"type": "object", "properties": file, "required": ["file"],
                     "additionalProperties": False}  # fmt: skip
    return {
        "template": _said("A template; its value takes the field's type.", {
            "type": "string",
            "pattern": r"\{\{|\{%",
            "patternErrorMessage": "This is neither a value of the field nor a template.",
        }),
        "text_file": _said("The text of a file, rendered as a template.", files),
        "media_file": _said("A media file, uploaded once.", files),
        "vars": _map("Names that templates see.", {
            "description": "A value for templates; with `file`, the data of a file.",
            "if": {"type": "object", "required": ["file"]},
            "then": {
                "properties": {
                    **file, "key": _said("The column that rows are found by.", _TEXT),
                },
                "additionalProperties": False,
            },
        }),
        "for_each": _for_each(file),
        "provider": _said("Who renders; HeyGen when left out.", {"anyOf": [_PROVIDERS, _section({
            "name": _said("Who renders.", _PROVIDERS),
            "key_env": _said("The environment variable that holds the key.", _TEXT),
            "account": _said("The username that the key has to belong to.", _TEXT),
        })]}),
        "policy": closed({
            "max_cost": _said("Dollars an apply may cost.", _DOLLARS),
            "max_cost_day": _said("Dollars a day.", _DOLLARS),
            "max_cost_month": _said("Dollars a month.", _DOLLARS),
            "max_renders": _said('Videos rendered by an apply, or a share such as "20%".', {
                "type": ["integer", "string", "null"], "minimum": 0,
                "pattern": r"^\d+(\.\d+)?\s*%$",
                "patternErrorMessage": 'Write a number, or a share such as "20%".'}),
            "max_deletes": _said("Videos deleted by an apply.", _COUNT),
            "lint": _said("What is not to be warned of.", _section({
                "ignore": _list("Codes of warnings to leave out.", _WORD)})),
        }, description="Limits for an apply."),
        "output": closed({
            "dir": _said("The folder.", {**_FILE, "default": "build"}),
            "files": _list("The files to fetch.", {"enum": ["video", "subtitle", "thumbnail"]}),
            "keep_history": _said("Earlier renders to remember for each video.", {
                **_COUNT, "default": 5}),
        }, description="Where finished files go."),
    }  # fmt: skip


def _for_each(file: Schema) -> Schema:
    """One object for both forms, told apart by `matrix`: unions confuse editors."""
    from_file: Schema = {
        **file,
        "types": _map("The types of columns; text unless said.",
                      {"enum": ["text", "int", "float", "bool"]}),
        "where": _said("An expression; rows where it fails are left out.", _TEXT),
        "key": _said("A column that has to be unique.", _TEXT),
    }  # fmt: skip
    from_matrix: Schema = {
        "matrix": _said("The values by name; every combination makes a video.", {
            "type": "object", "additionalProperties": {"type": "array", "minItems": 1}}),
        "exclude": _list("Combinations to leave out.", {"type": "object"}),
        "include": _list("Rows to add.", {"type": "object"}),
    }  # fmt: skip
    return {
        "description": "Makes one video for each row: of a list, a data file or a matrix.",
        "type": ["array", "object", "null"],
        "items": {"type": "object"},
        "properties": {**from_file, **from_matrix},
        "additionalProperties": False,
        "if": {"required": ["matrix"]},
        "then": {"properties": dict.fromkeys(from_file, False)},
        "else": {"required": ["file"], "properties": {"exclude": False, "include": False}},
    }


def _section(properties: Schema) -> Schema:
    """A small section: these keys and no others."""
    schema = closed(properties)
    del schema["patternProperties"]
    return schema


def _said(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}


def _map(description: str, values: Schema) -> Schema:
    return _said(description, {"type": ["object", "null"], "additionalProperties": values})


def _list(description: str, items: Schema) -> Schema:
    return _said(description, {"type": ["array", "null"], "items": items})


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def refs(group: str, names: Iterable[str]) -> Schema:
    """References to the members of a group in `$defs`."""
    return {name: _ref(f"{group}/properties/{_escaped(name)}") for name in names}


def _escaped(name: str) -> str:
    """A member's name within a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


_PROVIDERS: Schema = {"enum": ["heygen", "studio"]}
