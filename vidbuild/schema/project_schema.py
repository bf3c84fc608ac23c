"""The project file's JSON Schema (Draft 2020-12), for editors, made from an Api.

The build's own keys are in `project_keys`; the fields of a video come from the spec. Editors
get names, descriptions, choices and defaults, and see misspellings. What depends on merged
layers or rendered templates is for `validate`, not for here.
"""

from __future__ import annotations

import json

from vidbuild.schema import project_keys as keys
from vidbuild.schema.api import Api
from vidbuild.schema.project_fields import ProjectFields, Schema
from vidbuild.schema.project_keys import closed, refs

_NOT_SET = ("for_each", "name", "overrides", "vars")  # of a block of its own, never of a `set`


def project_schema(api: Api) -> Schema:
    """The schema of `vidbuild.yaml`; `$defs/included` and `$defs/base` are those of other files."""
    made = ProjectFields(api.request)
    own = keys.build_keys()
    fields, build = refs("fields", made.fields), refs("build", own)
    settable = {name: each for name, each in build.items() if name not in _NOT_SET}
    video = closed(
        {**fields, **build}, kind="object",
        description="A video, or with `for_each` one for each row.",
    )  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **closed(keys.project(), kind="object", description=_about(api)),
        "required": ["vidbuild", "project"],
        "$defs": {
            "fields": {"properties": made.fields},
            "build": {"properties": own},
            "defaults": closed({**fields, **build}, description="Fields of all videos."),
            "video": {**video, **made.variants()},
            "set": closed({**fields, **settable}, description="Fields, as those of a video."),
            "request": closed(fields, description="API fields."),
            "included": closed(keys.included(), kind="object"),
            "base": closed(keys.base(), kind="object"),
            "profile": closed(keys.profile(), description="Settings for one use."),
            **keys.shared(),
            **made.shared,
        },
    }


def encode(schema: Schema) -> bytes:
    """The schema as a file: the same bytes for the same API, on every machine."""
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


def _about(api: Api) -> str:
    return f"A vidbuild project: videos as code, for {api.operation} of edition {api.edition}."
