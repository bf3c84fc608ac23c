"""From a provider's refusal back to the sources: which line set the field that it names.

Only for what has failed: finding a place costs a second reading of its file.
"""

from __future__ import annotations

from vidbuild.apply.work import Place
from vidbuild.project.model import origin
from vidbuild.project.trace import label
from vidbuild.request.pointed import pointed
from vidbuild.workspace.opened import Workspace


def place_of(workspace: Workspace, name: str, param: str | None) -> Place | None:
    """Where a video's field is set; where the video is, for a field that nothing sets; None for a
    video that the sources do not have (any more)."""
    video = workspace.loaded.videos.get(name)
    if video is None:
        return None
    request = workspace.loaded.requests.get(name)
    body = request.body if request is not None else video.fields
    found = origin(video.layers, pointed(param, body)) if param else None
    if found is None:
        return Place(span=video.definition.layer.span(key=True))
    layer, held = found
    return Place(span=layer.span(*held), layer=label(layer))
