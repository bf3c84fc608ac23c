"""Measured lengths: what is spoken, under which name it is remembered, and what the plan says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import api, entry, plan, request
from vidbuild.plan.measure import (
    MOST_CHARACTERS,
    NO_VOICE,
    TOO_LONG,
    Heard,
    Unheard,
    Utterance,
    measured,
    to_speak,
    utterances,
)
from vidbuild.plan.model import Estimate, Plan
from vidbuild.request.model import Media
from vidbuild.schema.rates import price

PAUSE = '<break time="1.5s"/>'


def orders(*requests: Any) -> list[dict[str, Any]]:
    return [u.order for _, _, u in to_speak(api(), plan(requests).changes)]


def unheard(**body: Any) -> list[str]:
    found = utterances(api(), request("a", **body))
    return [f"{part.place}: {u.why}" for part, u in found if isinstance(u, Unheard)]


def measured_by(requests: Any, *, ear: Any = None, **state: Any) -> Plan:
    """The plan of requests, each text a second for every character unless `ear` says otherwise."""
    hear = ear or (lambda u: Heard(seconds=float(len(u.text)), audio=f"{u.text}.wav"))
    return measured(api(), plan(requests, **state), hear, {})


def only(found: Plan) -> Estimate:
    [change] = found.changes
    return change.estimate


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ({"script": "Hi."}, {"text": "Hi.", "voice_id": "v1"}),
        ({"script": "R&D <3 >"}, {"text": "R&D <3 >", "voice_id": "v1"}),
        ({"script": f"A{PAUSE}B"}, {"text": f"A{PAUSE}B", "voice_id": "v1", "input_type": "ssml"}),
        (
            {"script": f"R&D <b>{PAUSE}<3"},
            {"text": f"R&amp;D &lt;b&gt;{PAUSE}&lt;3", "voice_id": "v1", "input_type": "ssml"},
        ),
        (
            {"script": "Hi.", "voice_settings": {"speed": 1.2, "locale": "de-DE", "pitch": 3}},
            {"text": "Hi.", "voice_id": "v1", "speed": 1.2, "locale": "de-DE"},
        ),
        (
            {"script": "Hi.", "voice_settings": {"engine_settings": {"engine_type": "starfish"}}},
            {"text": "Hi.", "voice_id": "v1"},
        ),
    ],
)
def test_a_script_is_ordered_as_a_video_would_speak_it(
    body: dict[str, Any], order: dict[str, Any]
) -> None:
    assert orders(request("a", **body)) == [order]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"voice_id": None}, [f"script: {NO_VOICE}"]),
        ({"script": "x" * (MOST_CHARACTERS + 1)}, [f"script: {TOO_LONG}"]),
        ({"script": "x" * MOST_CHARACTERS}, []),
        ({"script": "&" * (MOST_CHARACTERS // 2) + PAUSE}, [f"script: {TOO_LONG}"]),
        (
            {"voice_settings": {"engine_settings": {"engine_type": "elevenlabs"}}},
            ["script: spoken by the engine elevenlabs"],
        ),
        ({"script": None, "audio_url": "https://x.test/a.mp3"}, []),
    ],
)
def test_what_cannot_be_measured_says_why(body: dict[str, Any], why: list[str]) -> None:
    assert unheard(**body) == why
    found = only(measured_by([request("a", **body)]))
    assert list(found.unmeasured) == why
    if why:
        assert not found.measured
        assert found.seconds == only(plan([request("a", **body)])).seconds


def scenes(*inner: dict[str, Any]) -> Any:
    staged = [
        {"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "A", **each}}
        for each in inner
    ]
    found = request("film", None, scenes=staged)
    return replace(found, body={"type": "studio", "scenes": staged})


def test_each_scene_is_spoken_by_its_own_voice() -> None:
    film = scenes({"script": "One.", "voice_id": "a"}, {"script": "Four.", "voice_id": "b"})
    assert orders(film) == [
        {"text": "One.", "voice_id": "a"},
        {"text": "Four.", "voice_id": "b"},
    ]
    found = only(measured_by([film]))
    assert (found.seconds, found.audio, found.measured) == (9.0, ("One..wav", "Four..wav"), True)
    assert (found.cost_low_usd, found.cost_high_usd) == tuple(
        round(bound, 4) for bound in price(api(), film.body, 9.0, lengths=(4.0, 5.0)) or ()
    )


def test_a_scene_without_a_voice_keeps_its_estimate() -> None:
    film = scenes({"script": "One.", "voice_id": "a"}, {"script": "Four."})
    before, after = only(plan([film])), only(measured_by([film]))
    one = only(plan([scenes({"script": "One.", "voice_id": "a"})])).seconds
    assert before.seconds is not None
    assert one is not None
    assert after.seconds == pytest.approx(before.seconds - one + 4.0)
    assert not after.measured
    assert after.unmeasured == (f"scenes.1.input.script: {NO_VOICE}",)


def test_exact_seconds_are_an_exact_price_where_the_rate_is_known() -> None:
    known = request("a", "Hello there.", motion_prompt="waves")  # photo avatars alone take it
    found = only(measured_by([known]))
    assert found.seconds == 12.0
    assert found.cost_low_usd == found.cost_usd == found.cost_high_usd == pytest.approx(12 * 0.05)
    open_ = only(measured_by([request("a", "Hello there.")]))
    assert (open_.cost_low_usd, open_.cost_high_usd) == (0.6, 0.8004)


def test_a_recording_beside_speech_counts_by_its_own_length() -> None:
    sound = Media(file="m.wav", sha256="ab" * 32, bytes=1, mime="audio/wav", seconds=3.0)
    film = scenes({"script": "Four", "voice_id": "a"}, {"audio_asset_id": {"sha256": "ab" * 32}})
    film = replace(film, media={"scenes.1.input.audio_asset_id": sound})
    found = only(measured_by([film]))
    assert (found.seconds, found.measured) == (7.0, True)
    remote = scenes({"script": "Four", "voice_id": "a"}, {"audio_url": "https://x.test/a.mp3"})
    lost = only(measured_by([remote]))
    assert (lost.seconds, lost.measured, lost.unknown[0]) == (
        None,
        False,
        "length of scenes.1.input.audio_url",
    )


def test_the_digest_and_the_rest_of_the_plan_stay() -> None:
    same, changed = request("same", "Same."), request("changed", "New words.")
    ours = {"same": entry(same), "changed": entry(request("changed", "Old."))}
    wanted = [same, changed, request("new", "New.")]
    before, after = plan(wanted, ours), measured_by(wanted, entries=ours)
    assert after.digest == before.digest
    assert [c.name for c, _, _ in to_speak(api(), before.changes)] == ["changed", "new"]
    assert [replace(c, estimate=Estimate()) for c in after.changes] == [
        replace(c, estimate=Estimate()) for c in before.changes
    ]
    assert after.summary.counts == before.summary.counts
    assert after.summary.seconds == 10.0 + 4.0
    by_name = {change.name: change.estimate for change in after.changes}
    assert by_name["same"] == next(c.estimate for c in before.changes if c.name == "same")


def test_of_a_private_video_neither_recording_nor_words_are_shown() -> None:
    hidden = request("a", "Classified words.", private=True)
    found = only(measured_by([hidden]))
    assert (found.seconds, found.measured, found.audio) == (17.0, True, ())
    refusal = Unheard(why="refused [tts_text_invalid]", words="Classified cannot be spoken")
    assert only(measured_by([hidden], ear=lambda _: refusal)).unmeasured == (
        "script: refused [tts_text_invalid]",
    )
    shown = only(measured_by([request("a", "Open words.")], ear=lambda _: refusal))
    assert shown.unmeasured == ("script: refused [tts_text_invalid] (Classified cannot be spoken)",)


SPEECH = st.builds(
    Utterance,
    text=st.sampled_from(["One.", "Two.", f"A{PAUSE}B"]),
    voice_id=st.sampled_from(["a", "b"]),
    speed=st.sampled_from([1.0, 1.25]),
    locale=st.sampled_from([None, "de-DE"]),
)


@given(SPEECH, SPEECH, st.sampled_from(["x", "y"]), st.sampled_from(["x", "y"]))
def test_a_key_is_another_wherever_something_else_is_heard(
    one: Utterance, other: Utterance, here: str, there: str
) -> None:
    assert (one.key(here) == other.key(there)) == ((one, here) == (other, there))
    assert set(one.key(here)) <= set("0123456789abcdef")
