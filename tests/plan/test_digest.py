"""The plan's digest: golden vectors and what it must and must not depend on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.plan.worlds import api, entry, plan, render, request
from vidbuild.plan.digest import carried_out, digest, listed, sealed, unlisted
from vidbuild.plan.model import FileState
from vidbuild.state.records import Status

# Pinned: a saved plan or an accepted digest of today has to be good tomorrow.
VECTORS: list[tuple[dict[str, Any], str]] = [
    (
        {"project": "demo", "profile": None, "provider": "heygen", "items": []},
        "sha256:ad5216a41c84f6378a1ae4f31b367dc65c90ee7efe8773869112fd252fddd3b5",
    ),
    (
        {
            "project": "demo",
            "profile": "draft",
            "provider": "studio",
            "items": [
                {
                    "name": "ä/b",
                    "do": "render",
                    "fingerprint": "sha256:00",
                    "request": {"script": "Grüße\n", "speed": 1.0, "n": 1e-7},
                },
                {"name": "old", "do": "delete", "fingerprint": "sha256:11", "delete": ["v_1"]},
            ],
        },
        "sha256:0808d8cc14d5b651ae52e5590318798cbb9b2347c912111bc3f47211424c52c8",
    ),
]


@pytest.mark.parametrize(("form", "expected"), VECTORS)
def test_vectors(form: dict[str, Any], expected: str) -> None:
    assert digest(**form) == expected


A, B = request("a", "One."), request("b", "Two.")


def items(*args: Any, **options: Any) -> dict[str, dict[str, Any]]:
    result = plan(*args, **options)
    return {each["name"]: each for each in listed(api(), result.changes)}


def test_what_is_listed() -> None:
    world = {
        "update": entry(request("update", "U.")),
        "fetch": entry(request("fetch", "F.")),
        "resume": entry(request("resume", "R."), Status.submitted),
        "over": entry(request("over", "O."), Status.failed, made={"attempt": 3}),
        "orphan": entry(request("orphan", "P.")),
        "back": entry(request("back", "B2."), history=(render(request("back", "B1.")),)),
    }
    wanted = [
        request("new", "N."),
        request("update", "U.", title="T"),
        request("fetch", "F."),
        request("resume", "R."),
        request("over", "O."),
        request("held", "H."),
        request("back", "B1."),
    ]
    found = items(
        wanted,
        world,
        held={"held": "untranslated"},
        files=lambda name, _: FileState.missing if name == "fetch" else FileState.good,
    )
    assert {name: item["do"] for name, item in found.items()} == {
        "new": "render",
        "update": "update",
        "back": "reuse",
    }
    assert found["update"]["request"]["title"] == "T"


def test_a_delete_lists_ids_only_when_they_are_deleted_remotely() -> None:
    world = {"a": entry(A)}
    without, with_ids = (
        listed(api(), plan([], world, prune=True).changes, delete_remote=remote)
        for remote in (False, True)
    )
    assert without[0]["delete"] == []
    assert with_ids[0]["delete"] == [world["a"].render.video_id]
    assert (
        plan([], world, prune=True).digest != plan([], world, prune=True, delete_remote=True).digest
    )


def test_a_sent_byte_changes_it_callbacks_included() -> None:
    base = plan([A]).digest
    assert plan([request("a", "One.", callback_id="x")]).digest != base
    assert plan([request("a", "One.", title="x")]).digest != base
    assert plan([replace(A, name="z")]).digest != base
    assert plan([A], profile="draft").digest != base


def test_what_leaves_it_alone() -> None:
    failed = {"a": entry(A, Status.failed)}
    again = {"a": entry(A, Status.failed, made={"attempt": 2, "failure_code": "x"})}
    assert plan([A], failed).digest == plan([A], again).digest == plan([A]).digest
    assert plan([A, B], {"b": entry(B)}).digest == plan([A]).digest
    flying = {"b": entry(B, Status.submitted)}
    assert plan([A, B], flying).digest == plan([A, B], {"b": entry(B)}).digest


def test_a_title_counts_however_far_file_and_render_are() -> None:
    titled = request("a", "One.", title="New")
    finished = plan([titled], {"a": entry(A)})
    for status in (Status.intent, Status.submitted, Status.completed):
        for state in FileState:
            other = plan([titled], {"a": entry(A, status)}, files=lambda *_, s=state: s)
            assert other.digest == finished.digest
    assert plan([A], {"a": entry(A)}).digest != finished.digest
    elsewhere = plan([titled], {"a": entry(B, Status.submitted), "b": entry(A, Status.submitted)})
    assert [c.action.value for c in elsewhere.changes] == ["resume"]
    assert listed(api(), elsewhere.changes) == []


def test_a_private_list_can_be_saved() -> None:
    secret = request("a", "Top secret.", private=True)
    found = items([secret])
    assert "secret" not in repr(found)
    other = request("a", "Top secrets.", private=True)
    assert plan([secret]).digest != plan([other]).digest


def test_unlisted_names() -> None:
    accepted = sealed(items([A, B]).values())

    def left(*wanted: Any) -> tuple[str, ...]:
        return unlisted(sealed(items(list(wanted)).values()), accepted)

    assert left(A) == left(A, B) == left() == ()
    assert left(A, request("b", "Other.")) == ("b",)
    assert left(A, request("b", "Two.", title="Other")) == ("b",)
    assert left(A, request("c", "C.")) == ("c",)


def test_a_sealed_list_has_no_text() -> None:
    assert "One." not in repr(sealed(items([A]).values()))


@pytest.mark.parametrize(
    ("ids", "left"),
    [(["v1", "v2"], ()), (["v2"], ()), ([], ()), (["v3"], ("a",)), (["v1", "v3"], ("a",))],
)
def test_a_delete_may_have_fewer_ids_left(ids: list[str], left: tuple[str, ...]) -> None:
    item = {"name": "a", "do": "delete", "fingerprint": "sha256:1", "delete": ["v1", "v2"]}
    assert unlisted([{**item, "delete": ids}], [item]) == left
    assert unlisted([{**item, "fingerprint": "sha256:2"}], [item]) == ("a",)
    assert unlisted([{"name": "a", "do": "update", "fingerprint": "sha256:1"}], [item]) == ("a",)


def test_a_list_is_over_when_the_lock_has_all_of_it() -> None:
    after = [A, request("b", "Two.", title="New")]
    begun = sealed(
        items(after, {"b": entry(B), "c": entry(request("c", "C."))}, prune=True).values()
    )
    assert [item["do"] for item in begun] == ["render", "update", "delete"]
    done = {"a": entry(A), "b": entry(after[1])}
    assert carried_out(begun, done)
    for undone in (
        {**done, "a": entry(A, Status.submitted)},
        {**done, "a": entry(A, Status.failed)},
        {**done, "a": entry(request("a", "Other."))},
        {**done, "b": entry(B)},
        {**done, "c": entry(request("c", "C."))},
        {"b": done["b"]},
    ):
        assert not carried_out(begun, undone)
