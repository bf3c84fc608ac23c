"""Why a change is in the plan: the stable codes of `reason` and their words.

Besides these, `FIELD_changed` names the one top-level request field that differs, such as
`script_changed` or `background_changed`.
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    # create
    "new": "new",
    # rerender
    "content_changed": "several fields changed",
    "provider_changed": "rendered by another provider",
    "revision_changed": "revision raised",
    "gone": "its video is gone at the provider",
    # retry
    "failed": "its last render failed",
    "abandoned": "its last render was given up on",
    "refused": "its last request was refused",
    # any of the three
    "resubmitted": "resubmitted",
    "gave_up": "failed three times, not tried again without --resubmit",
    # reuse
    "renamed": "renamed",
    "reverted": "back to an earlier content",
    "earlier": "an earlier content of another video",
    "twin": "the same content as another video",
    "profile": "rendered under another profile",
    # resume
    "in_flight": "submitted earlier, not finished",
    "journal": "rendered in an interrupted apply",
    "unsure": "nobody can tell whether it was taken",
    # update
    "title_changed": "title changed",
    "protect_changed": "protection changed",
    "private_changed": "privacy changed",
    "metadata_changed": "several recorded fields changed",
    # fetch
    "file_missing": "a file is missing",
    "file_altered": "a file was altered",
    # hold
    "not_ready": "its sources are not ready",
    "invalid": "its sources have errors",
    "untranslated": "a translation is missing",
    "translation_stale": "a translation is stale",
    # orphan and delete
    "not_in_project": "no longer in the project",
    "in_flight_orphan": "no longer in the project, still in flight",
    # unchanged
    "up_to_date": "up to date",
}


def in_words(reason: str) -> str:
    """A reason for people: `script_changed` is "script changed"."""
    return REASONS.get(reason) or reason.replace("_", " ")
