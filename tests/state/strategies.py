"""Generated locks: small alphabets, so that names, contents and videos meet again."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from vidbuild.state.records import Asset, Entry, Lock, Output, Render, Status

PROJECT = "acme"
FINGERPRINTS = [f"sha256:{digit * 64}" for digit in "0123"]
TIMES = ["2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z"]

texts = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.integers(-5, 2**60) | st.floats(allow_nan=False, allow_infinity=False)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
hexes = st.sampled_from([digit * 64 for digit in "abc"])
outputs = st.builds(
    Output,
    path=st.sampled_from(["tour.mp4", "a/b.srt"]),
    bytes=st.integers(0, 10**12),
    sha256=hexes,
)


# Made once: a strategy that is made for each draw is looked through for each.
_statuses = st.sampled_from(Status)
_fingerprints = st.sampled_from(FINGERPRINTS)
_few = st.integers(1, 3)
_providers = st.sampled_from(["heygen", "studio"])
_accounts = st.sampled_from([None, "acc1"])
_times = st.sampled_from(TIMES)
_amounts = st.none() | st.floats(0, 1000)
_files = st.dictionaries(st.sampled_from(["video", "subtitle"]), st.none() | outputs)
_requests = st.dictionaries(texts, json_values, max_size=4)
_assets = st.dictionaries(
    st.sampled_from(["background.asset_id"]),
    st.builds(Asset, asset_id=st.sampled_from(["a1", "a2"]), file=st.just("m.png"), sha256=hexes),
)
_extras = st.dictionaries(st.sampled_from(["note", "zeta"]), json_values, max_size=1)
_flags = st.booleans()


@st.composite
def renders(draw: st.DrawFn) -> Render:
    """A render that the lock can hold: an intent has no id, a finished one no key."""
    status = draw(_statuses)
    fingerprint = draw(_fingerprints)
    attempt = draw(_few)
    in_flight = status.in_flight
    key = f"vb1:{PROJECT}:{fingerprint[7:]}:{attempt}"
    done = status is Status.completed
    return Render(
        provider=draw(_providers),
        account=draw(_accounts),
        fingerprint=fingerprint,
        status=status,
        attempt=attempt,
        # One video belongs to one send: its id follows from content and attempt.
        video_id=None if status is Status.intent else f"v{fingerprint[7]}{attempt}",
        key=key if in_flight else None,
        sent_at=draw(_times) if in_flight else None,
        completed_at=draw(_times) if done else None,
        duration=draw(_amounts) if done else None,
        cost_usd=draw(_amounts) if done else None,
        failure_code="rendering_failed" if status is Status.failed else None,
        outputs=draw(_files) if done else {},
    )


_renders = renders()
_past = st.lists(_renders, max_size=3)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    render = draw(_renders)
    names = {render.video_id}
    past = []
    for each in draw(_past):
        if each.video_id not in names and each.status is not Status.failed:
            names.add(each.video_id)
            past.append(each)
    return Entry(
        fingerprint=draw(st.sampled_from([render.fingerprint, *FINGERPRINTS])),
        request=draw(_requests),
        render=render,
        revision=draw(_few),
        assets=draw(_assets),
        history=tuple(past),
        protect=draw(_flags),
        private=draw(_flags),
        extra=draw(_extras),
    )


names = st.sampled_from(["a", "b", "sub/c", "Ä"])
locks = st.builds(
    Lock,
    project=st.just(PROJECT),
    videos=st.dictionaries(names, entries(), max_size=3),
    extra=st.dictionaries(st.just("later"), json_values, max_size=1),
)
