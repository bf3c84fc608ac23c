"""Estimates: seconds of speech, recordings and scenes, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import api, entry, lock, request
from vidbuild.plan.cost import Estimates, estimate, estimate_body, price_of, total
from vidbuild.plan.paces import Pace, learn_paces
from vidbuild.request.model import Media
from vidbuild.schema.rates import pace
from vidbuild.state.records import Status

TEXT = "The quick brown fox jumps over the lazy dog. " * 4


def seconds(body: dict[str, Any], media: dict[str, Media] | None = None) -> float | None:
    return estimate_body(api(), body, provider="studio", paces={}, media=media).seconds


def spoken(script: str, **settings: Any) -> float:
    body: dict[str, Any] = {"type": "avatar", "avatar_id": "A", "script": script}
    if settings:
        body["voice_settings"] = settings
    found = seconds(body)
    assert found is not None
    return found


def clip(length: float | None) -> Media:
    return Media(file="m.wav", sha256="ab" * 32, bytes=1, mime="audio/wav", seconds=length)


def test_characters_a_second_by_language() -> None:
    words = TEXT.strip()
    assert spoken(words) == pytest.approx(len(words) / pace(api()), abs=0.01)
    assert spoken(words, locale="es-ES") == pytest.approx(
        len(words) / pace(api(), locale="es-ES"), abs=0.01
    )


def test_speed_and_pauses() -> None:
    assert spoken(TEXT, speed=1.5) == pytest.approx(spoken(TEXT) / 1.5, abs=0.02)
    tags = 'One. <break time="1.5s"/> Two. <break time="500ms" />'
    assert spoken(tags) == pytest.approx(spoken("One. Two.") + 2.0, abs=0.02)
    assert spoken(tags, speed=2.0) > 2.0


@pytest.mark.parametrize(
    ("script", "locale", "said"),
    [
        ("In 42 ways.", None, len("In  ways.") + 2 * 7),
        ("Call 0800 1234.", "en-GB", len("Call  .") + 8 * 7),
        ("Acme 3", "zh-CN", len("Acme ") + 4),
    ],
)
def test_digits_are_read_out(script: str, locale: str | None, said: int) -> None:
    settings = {"locale": locale} if locale else {}
    assert spoken(script, **settings) == pytest.approx(said / pace(api()), abs=0.01)


# Hand-computed: characters over the pace (en 14.5, de 13.1, zh 4.5, ja 5.4), then the rates.
@pytest.mark.parametrize(
    ("body", "seconds_", "low", "high"),
    [
        ({"script": "a" * 145}, 10.0, 0.5, 0.667),
        ({"script": "a" * 145, "voice_settings": {"speed": 0.5}}, 20.0, 1.0, 1.334),
        ({"script": "a" * 131, "voice_settings": {"locale": "de-AT"}}, 10.0, 0.5, 0.667),
        ({"script": "安" * 45}, 10.0, 0.5, 0.667),
        ({"script": "あ" * 54, "resolution": "4k"}, 10.0, 0.5, 0.833),
        ({"script": "a" * 145 + '<break time="2.5s"/>'}, 12.5, 0.625, 0.8338),
        ({"script": "a" * 145, "engine": {"type": "avatar_v"}}, 10.0, 0.667, 0.667),
        ({"script": "a" * 145, "engine": {"type": "avatar_iii"}}, 10.0, 0.167, 0.433),
        ({"script": "a" * 145, "expressiveness": "high"}, 10.0, 0.5, 0.5),
        ({"script": "a" * 145, "output_format": "webm"}, 10.0, 0.5, 0.667),
        ({"type": "image", "script": "a" * 145}, 10.0, 0.5, 0.5),
        ({"type": "cinematic_avatar", "prompt": "x", "duration": 15}, 15.0, 7.0, 7.0),
        (
            {"type": "studio", "scenes": [
                {"type": "avatar_video", "input": {"type": "avatar", "script": "a" * 145}},
                {"type": "avatar_video", "input": {"type": "image", "script": "a" * 290}},
            ]},
            30.0, 1.5, 1.667,
        ),
    ],
)  # fmt: skip
def test_estimates_by_hand(body: dict[str, Any], seconds_: float, low: float, high: float) -> None:
    found = estimate_body(api(), {"type": "avatar", **body}, provider="heygen", paces={})
    assert found.seconds == pytest.approx(seconds_)
    assert (found.cost_low_usd, found.cost_high_usd) == pytest.approx((low, high), abs=1e-4)
    assert found.cost_usd == pytest.approx((low + high) / 2, abs=2e-4)
    assert found.unknown == ()


def test_ideographs_are_spoken_one_by_one() -> None:
    chinese = "欢迎使用我们的产品" * 4
    assert spoken(chinese) == pytest.approx(len(chinese) / pace(api(), locale="zh"), abs=0.01)
    assert spoken(chinese) > spoken("a" * len(chinese)) * 2
    mixed = f"{TEXT} 欢迎"
    assert spoken(mixed) < spoken(TEXT) + 1.5
    japanese = "Acme Cloud へようこそ。"
    assert spoken(japanese, locale="ja-JP") == pytest.approx(spoken(japanese), abs=0.01)


@pytest.mark.parametrize(
    ("body", "media", "expected"),
    [
        ({"type": "avatar", "audio_asset_id": {"sha256": "x"}}, {"audio_asset_id": clip(7.5)}, 7.5),
        ({"type": "avatar", "audio_asset_id": "id"}, {}, None),
        ({"type": "avatar", "audio_url": "https://x/y.mp3"}, {}, None),
        ({"type": "cinematic_avatar", "prompt": "A lake.", "duration": 8}, {}, 8.0),
        ({"type": "cinematic_avatar", "prompt": "A lake."}, {}, 10.0),
        ({"type": "cinematic_avatar", "prompt": "A lake.", "auto_duration": True}, {}, None),
        ({"type": "avatar", "script": {"length": 40, "sha256": "x"}}, {}, None),
    ],
)
def test_lengths_of_other_things(
    body: dict[str, Any], media: dict[str, Media], expected: float | None
) -> None:
    assert seconds(body, media) == expected


def test_scenes_add_up_and_one_unknown_makes_the_whole_unknown() -> None:
    speaks = {"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "A", "script": TEXT}}
    recording = {
        "type": "avatar_video",
        "input": {"type": "image", "audio_asset_id": {"sha256": "x"}},
    }
    still = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}, "duration": 4}
    film = {"type": "video", "source": {"type": "asset_id", "asset_id": {"sha256": "x"}}}
    media = {"scenes.1.input.audio_asset_id": clip(3.0), "scenes.3.source.asset_id": clip(10.0)}
    body = {"type": "studio", "scenes": [speaks, recording, still, film]}
    assert seconds(body, media) == pytest.approx(spoken(TEXT) + 17.0, abs=0.02)
    assert seconds(body, {}) is None


def test_prices() -> None:
    known = estimate(api(), request("a", TEXT), {})
    assert known.seconds is not None
    assert known.cost_low_usd == pytest.approx(known.seconds * 0.05, abs=1e-4)
    assert known.cost_high_usd == pytest.approx(known.seconds * 0.0667, abs=1e-4)
    flat = estimate_body(
        api(), {"type": "cinematic_avatar", "prompt": "x"}, provider="heygen", paces={}
    )
    assert (flat.seconds, flat.cost_usd) == (10.0, 7.0)
    unknown = estimate_body(
        api(), {"type": "avatar", "audio_url": "https://x/y.mp3"}, provider="heygen", paces={}
    )
    assert (unknown.seconds, unknown.cost_usd, unknown.cost_high_usd) == (None, None, None)


def test_a_voice_teaches_its_own_pace() -> None:
    said = request("a", TEXT)
    usual = spoken(TEXT)
    slow = lock({"a": entry(said, made={"duration": usual * 1.5})})
    paces = learn_paces(api(), slow)
    assert estimate(api(), request("b", TEXT + TEXT), paces).seconds == pytest.approx(
        usual * 3, rel=0.03
    )
    other = request("c", TEXT, voice_id="v2")
    assert estimate(api(), other, paces).seconds == pytest.approx(usual, rel=0.01)
    elsewhere = request("c", TEXT, provider="heygen")
    assert estimate(api(), elsewhere, paces).seconds == pytest.approx(usual, rel=0.01)


@pytest.mark.parametrize(
    ("script", "status", "duration"),
    [("Hi.", Status.completed, 30.0), (TEXT, Status.submitted, None), (TEXT, Status.failed, None)],
)
def test_what_teaches_nothing(script: str, status: Status, duration: float | None) -> None:
    world = lock({"a": entry(request("a", script), status, made={"duration": duration})})
    assert learn_paces(api(), world) == {}


def test_a_nonsensical_length_teaches_within_reason() -> None:
    world = lock({"a": entry(request("a", TEXT), made={"duration": 9999.0})})
    assert list(learn_paces(api(), world).values()) == [Pace(stretch=2.5)]


def test_private_videos_teach_by_their_lengths() -> None:
    made = {"duration": len(TEXT) * 0.1}
    world = lock({"a": entry(request("a", TEXT, private=True), made=made)})
    paces = learn_paces(api(), world)
    assert [p.letter for p in paces.values()] == [pytest.approx(0.1)]
    found = estimate(api(), request("b", TEXT + TEXT, private=True), paces).seconds
    assert found == pytest.approx(len(TEXT + TEXT) * 0.1, abs=0.01)


def test_what_is_open_teaches_more_than_what_is_private() -> None:
    world = lock({
        "a": entry(request("a", TEXT, private=True), made={"duration": 99.0}),
        "b": entry(request("b", TEXT), made={"duration": spoken(TEXT)}),
    })  # fmt: skip
    (found,) = learn_paces(api(), world).values()
    assert found.letter is None
    assert found.stretch == pytest.approx(1.0, abs=0.01)


def test_only_the_voices_that_are_wanted_are_learned() -> None:
    one, two = request("a", TEXT), request("b", TEXT, voice_id="v2")
    world = lock({"a": entry(one, made={"duration": 20.0}), "b": entry(two)})
    assert [v for _, v in learn_paces(api(), world, [two.body])] == ["v2"]
    assert len(learn_paces(api(), world)) == 2


WORDS = [
    "our",
    "team",
    "keeps",
    "every",
    "video",
    "as",
    "plain",
    "text",
    "so",
    "nothing",
    "rendered",
]
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=20, max_size=60).map(" ".join)


@given(
    st.lists(SENTENCES, min_size=2, max_size=8), SENTENCES, st.floats(0.6, 1.8),
    st.sampled_from([0.75, 1.0, 1.4]), st.booleans(),
)  # fmt: skip
def test_a_lock_brings_the_next_estimate_within_a_few_percent(
    said: list[str], next_: str, slow: float, speed: float, private: bool
) -> None:
    """Whatever the voice's own pace is, and at whatever speed it spoke."""
    settings = {"voice_settings": {"speed": speed}} if speed != 1.0 else {}

    def length(text: str, at: float) -> float:
        return len(text) / pace(api()) * slow / at

    world = lock({
        f"v{i}": entry(request(f"v{i}", text, private=private, **settings),
                       made={"duration": round(length(text, speed), 1)})
        for i, text in enumerate(said)
    })  # fmt: skip
    video = request("next", next_, private=private)
    found = estimate(api(), video, learn_paces(api(), world, [video.body])).seconds
    assert found == pytest.approx(length(next_, 1.0), rel=0.03)


@given(st.text(max_size=300))
def test_any_script_has_a_finite_length(script: str) -> None:
    found = spoken(script)
    assert 0 <= found < 1e6


def test_totals() -> None:
    assert total([]) == 0
    assert total([1.0, None]) is None
    assert total([0.1] * 3) == pytest.approx(0.3)


SCRIPTS = st.sampled_from(
    [
        TEXT,
        "Short.",
        "In 42 ways, 1,000 times.",
        "你好世界。",
        "Ένα, δύο.",
        'A <break time="2s"/> b.',
    ]
)
BODIES = st.fixed_dictionaries(
    {"script": SCRIPTS, "title": st.sampled_from(["One", "Two"])},
    optional={
        "voice_id": st.sampled_from(["V", "W"]),
        "voice_settings": st.sampled_from([{"speed": 1.5}, {"locale": "de-DE"}, {"pitch": 1}]),
        "engine": st.sampled_from([{"type": "avatar_iii"}, {"type": "avatar_v"}]),
        "resolution": st.sampled_from(["4k", "720p"]),
        "motion_prompt": st.just("waves"),
        "type": st.sampled_from(["avatar", "image", "cinematic_avatar", "studio"]),
        "scenes": st.just([{"type": "image", "duration": 4}]),
        "duration": st.just(5),
    },
)


@given(st.lists(BODIES, min_size=1, max_size=6), st.booleans())
def test_requests_that_are_alike_cost_what_each_does(
    bodies: list[dict[str, Any]], learned: bool
) -> None:
    paces = {("heygen", "V"): Pace(stretch=1.2), ("heygen", "W"): Pace(letter=0.1)}
    estimates = Estimates(api(), paces if learned else {})
    for n, body in enumerate(bodies):
        text = body["script"]
        video = request(f"v{n}", text, **{k: v for k, v in body.items() if k != "script"})
        assert estimates.of(video) == estimate(api(), video, paces if learned else {})


@given(BODIES, st.none() | st.floats(0, 36000))
def test_a_finished_video_costs_its_length_however_it_is_worked_out(
    body: dict[str, Any], seconds: float | None
) -> None:
    video = request("v", body["script"], **{k: v for k, v in body.items() if k != "script"})
    cost = price_of(api(), video, seconds)
    if seconds is not None:
        options: Any = {"provider": video.provider, "paces": {}, "media": video.media}
        assert cost == estimate_body(api(), video.body, seconds=seconds, **options).cost_usd
