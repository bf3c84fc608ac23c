"""What drafts could not show: by name, once, and silent about private videos."""

from __future__ import annotations

from vidbuild.apply.events import Event, EventKind
from vidbuild.diagnostics import Diagnostic
from vidbuild.workspace.remarks import Remarks


def heard(*said: tuple[str | None, str]) -> Remarks:
    remarks = Remarks()
    for video, message in said:
        remarks.heard.append(
            Diagnostic(code="VB805", severity="warning", message=message, video=video)
        )
    return remarks


def event(name: str | None, kind: EventKind = "submitted", **data: str) -> Event:
    return Event(kind=kind, name=name, at=0.0, data=dict(data))


def test_what_is_said_of_many_is_said_once() -> None:
    remarks = heard(("2", "No b.png."), ("1", "No b.png."), ("3", "No b.png."), ("1", "No font."))
    for number, name in enumerate(("one", "two", "three"), 1):
        remarks.note(event(name, video_id=str(number)))
        remarks.note(event(name, "progress", status="x"))
    remarks.note(event(None, "done"))
    told = [(w.message, w.video, [n.message for n in w.notes]) for w in remarks.warnings(())]
    assert told == [
        ("No b.png.", "one", ["and for 2 more videos"]),
        ("No font.", "one", []),
    ]


def test_a_private_video_is_named_and_nothing_of_it_shown() -> None:
    remarks = heard(("1", "No secret.png."), ("2", "No b.png."))
    remarks.note(event("one", video_id="1"))
    remarks.note(event("two", video_id="2"))
    hidden, plain = remarks.warnings({"one"})
    assert hidden.video == "one"
    assert "secret" not in repr(hidden)
    assert plain.message == "No b.png."
    assert {hidden.severity, plain.severity} == {"warning"}


def test_trouble_of_nobodys_is_kept() -> None:
    (warning,) = heard((None, "The disk is full.")).warnings(())
    assert (warning.video, warning.notes) == (None, ())
    assert heard().warnings(()) == ()
