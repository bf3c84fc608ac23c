"""The lock format: stable to the byte, read strictly, refused with a place and a hint."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import one_in
from tests.state.strategies import FINGERPRINTS, PROJECT, locks
from vidbuild.codes import CODES
from vidbuild.diagnostics import Problems
from vidbuild.request.fingerprint import canonical_json
from vidbuild.state.lock import Text, check_of, decode_lock, encode_lock, read_lock
from vidbuild.state.records import Entry, Lock, Output, Render, Status


def sample() -> Lock:
    render = Render(
        provider="heygen",
        fingerprint=FINGERPRINTS[1],
        status=Status.completed,
        account="acc1",
        video_id="v_1",
        completed_at="2026-11-22T10:00:00Z",
        cost_usd=0.83,
        duration=12.4,
        page_url="https://app/v_1",
        outputs={"video": Output(path="tour.mp4", bytes=123456, sha256="a" * 64), "subtitle": None},
    )
    past = Render(
        provider="heygen",
        fingerprint=FINGERPRINTS[0],
        status=Status.completed,
        video_id="v_0",
        duration=11.9,
    )
    request = {"script": "Hello, …", "type": "avatar"}
    entry = Entry(fingerprint=FINGERPRINTS[1], request=request, render=render, history=(past,))
    return Lock(project=PROJECT, videos={"tour": entry, "intro": entry})


def read(data: bytes) -> Lock:
    return decode_lock(data, project=PROJECT, file="vidbuild.lock")


def test_the_format_is_pinned() -> None:
    text = encode_lock(Lock(project=PROJECT, videos={"tour": sample().videos["tour"]})).decode()
    assert (
        text
        == f"""{{
  "project": "acme",
  "version": 1,
  "videos": {{
    "tour": {{
      "check": "{json.loads(text)["videos"]["tour"]["check"]}",
      "fingerprint": "{FINGERPRINTS[1]}",
      "history": [
        {{"attempt": 1, "duration": 11.9, "fingerprint": "{FINGERPRINTS[0]}", \
"provider": "heygen", "status": "completed", "video_id": "v_0"}}
      ],
      "render": {{
        "account": "acc1",
        "attempt": 1,
        "completed_at": "2026-11-22T10:00:00Z",
        "cost_usd": 0.83,
        "duration": 12.4,
        "outputs": {{"subtitle": null, "video": {{"bytes": 123456, "path": "tour.mp4", \
"sha256": "{"a" * 64}"}}}},
        "page_url": "https://app/v_1",
        "provider": "heygen",
        "status": "completed",
        "video_id": "v_1"
      }},
      "request": {{
        "script": "Hello, …",
        "type": "avatar"
      }}
    }}
  }}
}}
"""
    )


@given(locks)
def test_a_lock_reads_back_as_it_was_written(lock: Lock) -> None:
    data = encode_lock(lock)
    assert read(data) == lock
    assert encode_lock(read(data)) == data


@given(locks)
def test_keys_are_alphabetical_and_the_check_is_of_the_canonical_form(lock: Lock) -> None:
    pairs: list[list[str]] = []

    def note(members: list[tuple[str, object]]) -> dict[str, object]:
        pairs.append([key for key, _ in members])
        return dict(members)

    body = json.loads(encode_lock(lock), object_pairs_hook=note)
    assert all(keys == sorted(keys) for keys in pairs)
    import hashlib

    for entry in body["videos"].values():
        rest = {key: value for key, value in entry.items() if key != "check"}
        assert entry["check"] == hashlib.sha256(canonical_json(rest)).hexdigest()[:12]


def test_one_block_changes_one_block() -> None:
    lock = sample()
    before = encode_lock(lock)
    other = Entry(
        fingerprint=FINGERPRINTS[2], request={}, render=lock.videos["tour"].render, protect=True
    )
    after = encode_lock(Lock(project=PROJECT, videos={**lock.videos, "tour": other}))
    assert before.split(b'    "tour"')[0] == after.split(b'    "tour"')[0]
    assert read(after).videos["tour"] == other


@one_in(2)  # locks take long to draw
@given(st.lists(locks, max_size=5))
def test_a_text_that_changes_is_that_of_each_lock(versions: list[Lock]) -> None:
    text, before = Text(), Lock(project=PROJECT)
    for lock in versions:
        for name in before.videos.keys() | lock.videos.keys():
            entry = lock.videos.get(name)
            if entry is None:
                text.drop(name)
            elif before.videos.get(name) != entry:
                text.put(name, entry)
        assert b"".join(text.pieces(lock.project, lock.extra)) == encode_lock(lock)
        before = lock


def test_members_of_a_later_minor_format_are_kept() -> None:
    body = json.loads(encode_lock(sample()))
    body["mood"] = {"of": "the lock"}
    body["videos"]["tour"]["mood"] = [1, 2]
    body["videos"]["tour"]["render"]["mood"] = "good"
    body["videos"]["tour"].pop("check")
    again = json.loads(encode_lock(read(json.dumps(body).encode())))
    assert again["mood"] == {"of": "the lock"}
    assert again["videos"]["tour"]["mood"] == [1, 2]
    assert again["videos"]["tour"]["render"]["mood"] == "good"


def test_a_missing_lock_is_an_empty_one(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "vidbuild.lock", project=PROJECT) == Lock(project=PROJECT)
    assert list(tmp_path.iterdir()) == []


def edit(*path: str | int, to: object) -> Callable[[bytes], bytes]:
    """Changes one member of the entry `tour` and drops its check."""

    def edited(data: bytes) -> bytes:
        body = json.loads(data)
        entry = body["videos"]["tour"]
        del entry["check"]
        at = entry
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = to
        return json.dumps(body, indent=2, sort_keys=True).encode()

    return edited


def top(key: str, value: object) -> Callable[[bytes], bytes]:
    return lambda data: json.dumps({**json.loads(data), key: value}, indent=2).encode()


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new, 1)


DAMAGED: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "empty": (lambda _: b"", "VB503", "damaged"),
    "cut": (lambda data: data[: len(data) // 2], "VB503", "damaged"),
    "not UTF-8": (swap(b"Hello", b"H\xff"), "VB503", "UTF-8"),
    "a list": (lambda _: b"[]", "VB503", "object"),
    "deep": (lambda _: b"[" * 100_000, "VB503", "damaged"),
    "not a number": (swap(b"0.83", b"NaN"), "VB503", "NaN"),
    "infinite": (swap(b"0.83", b"1e999"), "VB506", "cost_usd"),
    "conflict": (swap(b'    "tour"', b'<<<<<<< HEAD\n    "tour"'), "VB502", "conflict"),
    "conflict's middle": (swap(b'    "tour"', b'=======\n    "tour"'), "VB502", "conflict"),
    "no version": (top("version", None), "VB503", "version"),
    "version true": (top("version", True), "VB503", "version"),
    "newer": (top("version", 2), "VB504", "format 2"),
    "other project": (top("project", "beta"), "VB505", "beta"),
    "videos a list": (top("videos", []), "VB503", "videos"),
    "edited by hand": (swap(b"Hello", b"Hallo"), "VB507", "edited or merged"),
    "entry a text": (top("videos", {"tour": "x"}), "VB506", "tour"),
    "no render": (top("videos", {"tour": {"request": {}}}), "VB506", "is missing"),
    "status": (edit("render", "status", to="done"), "VB506", "render.status"),
    "fingerprint": (edit("fingerprint", to="sha256:1"), "VB506", "fingerprint"),
    "attempt 0": (edit("render", "attempt", to=0), "VB506", "render.attempt"),
    "attempt true": (edit("render", "attempt", to=True), "VB506", "render.attempt"),
    "video_id": (edit("render", "video_id", to=7), "VB506", "render.video_id"),
    "duration": (edit("render", "duration", to=-1), "VB506", "render.duration"),
    "time": (edit("render", "completed_at", to="yesterday"), "VB506", "render.completed_at"),
    "history": (edit("history", to={}), "VB506", "history"),
    "history entry": (edit("history", 0, "provider", to=None), "VB506", "history.0.provider"),
    "history print": (edit("history", 0, "fingerprint", to="x"), "VB506", "history.0.fingerprint"),
    "protect": (edit("protect", to="yes"), "VB506", "protect"),
    "request": (edit("request", to=[]), "VB506", "request"),
    "request infinite": (swap(b'"Hello, \xe2\x80\xa6"', b"1e999"), "VB506", "JSON"),
    "asset": (edit("assets", to={"a": {"asset_id": "x"}}), "VB506", "assets.a.file"),
    "output path up": (
        edit("render", "outputs", "video", "path", to="../../etc/passwd"),
        "VB506",
        "render.outputs.video.path",
    ),
    "output path absolute": (
        edit("render", "outputs", "video", "path", to="/etc/passwd"),
        "VB506",
        "inside the output folder",
    ),
    "output path of Windows": (
        edit("render", "outputs", "video", "path", to="C:/x"),
        "VB506",
        "inside the output folder",
    ),
    "output digest": (edit("render", "outputs", "video", "sha256", to="A"), "VB506", "sha256"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_lock_is_refused_and_left_as_it_is(tmp_path: Path, case: str) -> None:
    damage, code, words = DAMAGED[case]
    path = tmp_path / "vidbuild.lock"
    path.write_bytes(damage(encode_lock(sample())))
    before = path.read_bytes()
    with pytest.raises(Problems) as caught:
        read_lock(path, project=PROJECT)
    found = caught.value.diagnostics[0]
    assert (found.code, found.code in CODES) == (code, True)
    assert words in found.message
    assert found.hint
    assert found.span is not None
    assert found.span.file == "vidbuild.lock"
    assert path.read_bytes() == before


def test_a_name_twice_is_refused() -> None:
    text = encode_lock(sample()).decode()
    block = text[text.index('    "tour": {') : text.index("\n  }\n}")]
    with pytest.raises(Problems) as caught:
        read(text.replace(block, block + ",\n" + block).encode())
    assert "'tour' twice" in caught.value.diagnostics[0].message


def test_a_member_twice_does_not_pass_the_check() -> None:
    line = '        "cost_usd": 0.83,\n'
    text = encode_lock(sample()).decode().replace(line, line + line.replace("83", "99"))
    with pytest.raises(Problems) as caught:
        read(text.encode())
    assert caught.value.diagnostics[0].code == "VB507"


def test_the_place_of_a_problem_is_its_line() -> None:
    text = encode_lock(sample()).decode()
    broken = re.sub('"Hello', '"Hallo', text)
    with pytest.raises(Problems) as caught:
        read(broken.encode())
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert broken.splitlines()[span.line - 1].strip() == '"intro": {'


def test_the_fast_check_is_the_canonical_one() -> None:
    for value in (
        12.0,
        1e-7,
        1e22,
        0.1,
        2**53 + 1,
        -0.0,
        "e-5",
        "1e-5",
        "\U0001f600",
        "\u2028\x7f",
    ):
        import hashlib

        body = {"a": value, "\ue000": 1, "ä": 2}
        assert check_of(body) == hashlib.sha256(canonical_json(body)).hexdigest()[:12]


def test_an_unreadable_lock_is_said(tmp_path: Path) -> None:
    (tmp_path / "vidbuild.lock").mkdir()
    with pytest.raises(Problems) as caught:
        read_lock(tmp_path / "vidbuild.lock", project=PROJECT)
    assert caught.value.diagnostics[0].code == "VB501"
