"""`vidbuild schema`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vidbuild.cli.options import global_options
from vidbuild.cli.output import message


@click.command("schema")
@click.option("--spec", metavar="FILE", help="An OpenAPI 3.0 or 3.1 file, JSON or YAML.")
@click.option("--operation", metavar="ID", help="Its operation: an operationId or `POST /path`.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@global_options()
def command(spec: str | None, operation: str | None, output: str | None) -> int:
    """Print the JSON Schema of project files, generated from the API spec.

    Editors use it through a first line such as
    `# yaml-language-server: $schema=./vidbuild.schema.json`.
    """
    from vidbuild.files import write_atomic
    from vidbuild.schema.api import load_api
    from vidbuild.schema.project_schema import encode, project_schema

    data = encode(project_schema(load_api(Path(spec) if spec else None, operation)))
    if output is None or output == "-":
        sys.stdout.buffer.write(data)
    else:
        write_atomic(Path(output), data)
        message(f"wrote {output}")
    return 0
