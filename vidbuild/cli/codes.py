"""`python -m vidbuild.cli.codes` prints `docs/diagnostics.md`; not a command for users."""

from __future__ import annotations

from vidbuild.cli.output import result


def main() -> None:
    from vidbuild.report.codes_page import codes_page

    result(codes_page().rstrip("\n"))


if __name__ == "__main__":
    main()
