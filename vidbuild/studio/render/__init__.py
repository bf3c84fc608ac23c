"""Drafts: a create body becomes a spoken, captioned video file. Runs in worker processes.

Importing this costs next to nothing; the wheels behind the extra load when `render` runs.
"""

from __future__ import annotations

from vidbuild.studio.render.model import Draft, Job, RenderError
from vidbuild.studio.render.wheels import require

__all__ = ["Draft", "Job", "RenderError", "render"]


def render(job: Job) -> Draft:
    """Makes the video, the captions and the thumbnail of one job.

    Raises RenderError for what the API reports as a failed video, and Problems (VB801)
    where the wheels of the extra are missing.
    """
    require("av", "espeakng_loader", "PIL")
    from vidbuild.studio.render.production import produce

    return produce(job)
