"""Drafts: a create body becomes a spoken, captioned video file. Runs in worker processes.

Importing this costs next to nothing; the wheels behind the extra load when `render` runs.
"""

from __future__ import annotations

from vidbuild.diagnostics import problem
from vidbuild.studio.render.model import Draft, Job, RenderError

__all__ = ["Draft", "Job", "RenderError", "render"]


def render(job: Job) -> Draft:
    """Makes the video, the captions and the thumbnail of one job.

    Raises RenderError for what the API reports as a failed video, and Problems (VB801)
    where the wheels of the extra are missing.
    """
    try:
        import av  # noqa: F401 - asked for here, used further down
        import espeakng_loader  # noqa: F401 - the same
        import PIL  # noqa: F401 - the same
    except ImportError as error:
        raise problem(
            "VB801",
            f"Drafts need the package {error.name}, which is not installed",
            hint="Install it with: pip install 'vidbuild[studio]'",
        ) from error
    from vidbuild.studio.render.production import produce

    return produce(job)
