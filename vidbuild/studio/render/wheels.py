"""The wheels of the extra, asked for before they are used: what is missing is named."""

from __future__ import annotations

from importlib import import_module

from vidbuild.diagnostics import problem


def require(*names: str) -> None:
    """Raises Problems (VB801) for the first package that is not installed."""
    for name in names:
        try:
            import_module(name)
        except ImportError as error:
            raise problem(
                "VB801",
                f"Drafts need the package {error.name}, which is not installed",
                hint="Install it with: pip install 'vidbuild[studio]'",
            ) from error
