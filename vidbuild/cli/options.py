"""The global options: they stand before or after the command, and have environment twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click

Decorator = Callable[[Any], Any]

_META = "vidbuild.globals"

EXIT_CODES = """\b
Exit codes:
  0    done
  1    an error
  2    plan --detailed-exitcode: changes are pending
  3    credentials are missing or refused
  4    stopped waiting (time-out); can be resumed
  5    refused: a policy, a protection, another account, no `yes`
  6    finished, but some videos failed
  7    the saved plan or the --expect digest does not match
  8    another apply holds the project
  64   wrong usage
  130  interrupted; can be resumed

\b
Environment:
  HEYGEN_API_KEY     the key, where the project's `key_env` names none
  HEYGEN_API_BASE    another address of the API, such as a studio's
  HEYGEN_ALLOW_HTTP  1 allows http to another machine
  HEYGEN_CONFIG_DIR  the folder of HeyGen's own client (~/.heygen)
  VIDBUILD_VAR_NAME  stands for --var NAME=VALUE
  VIDBUILD_DIRECTORY, _FILE, _PROFILE, _QUIET, _VERBOSE, _COLOR
                     stand for the options of those names
  NO_COLOR, FORCE_COLOR, TERM=dumb
                     are honoured; HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE too"""


@dataclass(slots=True, kw_only=True)
class Globals:
    """What the global options say, gathered from both sides of the command."""

    directory: str | None = None
    file: str | None = None
    profile: str | None = None
    var: list[str] = field(default_factory=list)
    var_file: list[str] = field(default_factory=list)
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"


_latest = [Globals()]


def global_options(*, root: bool = False) -> Decorator:
    """Adds the global options to a command. Only the root reads the environment, so that a
    flag before the command is not overruled by a variable."""

    def add(function: Any) -> Any:
        for option in reversed(_options(root=root)):
            function = option(function)
        return function

    return add


def current() -> Globals:
    """The global options of the running command, or of the one that has just failed."""
    context = click.get_current_context(silent=True)
    if context is None:
        return _latest[0]
    found: Globals = context.find_root().meta.setdefault(_META, Globals())
    return found


def _options(*, root: bool) -> list[Decorator]:
    def option(*names: str, help: str, **extra: Any) -> Decorator:  # noqa: A002 - click's word
        flag = names[-1].removeprefix("--").replace("-", "_")
        twin = f"VIDBUILD_{flag.upper()}" if root and not flag.startswith("var") else None
        return click.option(
            *names, expose_value=False, callback=_gather, envvar=twin, help=help, **extra
        )

    return [
        option("-C", "--directory", metavar="DIR", help="Work as if started in DIR."),
        option("-f", "--file", metavar="FILE", help="The project file, instead of searching."),
        option("-p", "--profile", metavar="NAME", help="A profile; `draft` is always there."),
        option("--var", metavar="NAME=VALUE", multiple=True, help="A value for a var. Repeatable."),
        option("--var-file", metavar="FILE", multiple=True, help="Values for vars. Repeatable."),
        option("-q", "--quiet", is_flag=True, help="Results only, in as few lines as may be."),
        option("-v", "--verbose", is_flag=True, help="Also say what is read and asked."),
        option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            help="Colour on terminals only, always or never.",
        ),
    ]


def _gather(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    found: Globals = ctx.find_root().meta.setdefault(_META, Globals())
    _latest[0] = found
    name = str(parameter.name)
    if isinstance(value, tuple):
        getattr(found, name).extend(value)
    elif value:
        setattr(found, name, value)
