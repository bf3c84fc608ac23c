"""Workspace and a name -> everything that is known of that video, private text hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems, folded, nearest
from vidbuild.plan.changes import look_up, shown_request
from vidbuild.plan.mask import is_mask, mask_text, masked
from vidbuild.plan.model import Change
from vidbuild.plan.selection import Selection
from vidbuild.project.model import Path, Video
from vidbuild.project.trace import FieldTrace, Trace, VarTrace, Written, trace
from vidbuild.report.explanation import Explanation
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.planning import PlanOptions, make_plan


def explain(workspace: Workspace, name: str) -> Explanation:
    """Explains a video. Raises `Problems` for a name that the project does not have."""
    loaded = workspace.loaded
    if name not in loaded.requests and name not in loaded.broken:
        raise _unknown(workspace, name)
    request = loaded.requests.get(name)
    video = loaded.videos.get(name) or loaded.broken.get(name)
    found = tuple(folded(d for d in loaded.diagnostics if d.video == name))
    bare = Explanation(
        name=name,
        project=loaded.project.name,
        profile=loaded.project.profile,
        provider=loaded.project.provider.name,
        media=request.media if request else {},
        change=_change(workspace, name) if request else None,
        request=shown_request(loaded.api, request) if request else None,
        diagnostics=found,
    )
    return _with_video(bare, video, request, workspace) if video else bare


def _with_video(
    bare: Explanation, video: Video, request: Request | None, workspace: Workspace
) -> Explanation:
    loaded = workspace.loaded
    body = dict(request.body) if request else dict(video.fields)
    traced = _hidden(trace(video, body, loaded.project, loaded.sources), video, body, loaded.api)
    return replace(
        bare,
        defined=video.definition.layer.span(key=True),
        row=None if video.private else video.row,
        row_span=video.row_span,
        tags=tuple(sorted(video.tags)),
        protect=video.protect,
        private=video.private,
        revision=video.revision,
        fields=traced.fields,
        vars=traced.vars,
        depends_on=request.depends_on if request else video.depends_on,
    )


def _change(workspace: Workspace, name: str) -> Change:
    """What an apply of this video alone would do today."""
    pattern = f"?{name[1:]}" if name.startswith("each.") else name  # no `each.COLUMN=VALUE`
    plan = make_plan(workspace, PlanOptions(selection=Selection(select=(pattern,))))
    return next(change for change in plan.changes if change.name == name)


def _hidden(traced: Trace, video: Video, body: Mapping[str, Any], api: Api) -> Trace:
    """Without callbacks' addresses, and without the text of a private video."""
    shown = masked(api.request, body) if video.private else body

    def field(each: FieldTrace) -> FieldTrace:
        if each.path[0] in api.callbacks:
            return _masked(each)
        if not video.private:
            return each
        return _masked(each) if not each.sent or is_mask(_at(shown, each.path)) else each

    vars_ = (replace(var, value=None) if video.private else var for var in traced.vars)
    return Trace(fields=tuple(map(field, traced.fields)), vars=tuple[VarTrace, ...](vars_))


def _masked(field: FieldTrace) -> FieldTrace:
    def written(one: Written) -> Written:
        return replace(one, value=_mask(one.value))

    return replace(
        field,
        value=_mask(field.value),
        by=written(field.by) if field.by else None,
        over=tuple(map(written, field.over)),
    )


def _mask(value: Any) -> Any:
    return mask_text(value) if isinstance(value, str) else value


def _at(shown: Any, path: Path) -> Any:
    return look_up(shown, path)


def _unknown(workspace: Workspace, name: str) -> Problems:
    loaded = workspace.loaded
    names = sorted({*loaded.requests, *loaded.broken})
    made = [v.name for v in loaded.videos.values() if v.definition.prefix + v.key == name]
    if made:
        hint = f"its loop makes {len(made)} videos, such as {min(made)}"
    elif close := nearest(name, names):
        hint = f"did you mean {close}?"
    else:
        hint = "`vidbuild list` shows every name" if names else "the project has no videos"
    where = "only the lock has" if name in workspace.lock.videos else "there is no video named"
    return Problems([Diagnostic(code="VB730", message=f"{where} {name!r}", hint=hint)])
