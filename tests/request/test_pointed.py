"""A parameter in an error answer -> the part of the request that is meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.plan.changes import look_up
from vidbuild.request.pointed import pointed

BODY: dict[str, Any] = {
    "type": "studio",
    "title": "T",
    "background": {"type": "color", "value": "#fff"},
    "voice_settings": {"speed": 1.2, "engine_settings": {"engine_type": "fish", "stability": 2}},
    "scenes": [
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "video", "source": {"type": "url", "url": "https://x/y.mp4"}},
        {"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "a", "script": "Hi."}},
    ],
}


@pytest.mark.parametrize(
    ("param", "path"),
    [
        ("title", ("title",)),
        ("background.value", ("background", "value")),
        ("scenes.2.input.script", ("scenes", 2, "input", "script")),
        ("scenes[2].input.script", ("scenes", 2, "input", "script")),
        ("scenes[2].script", ("scenes", 2, "input", "script")),
        ("/scenes/2/input/script", ("scenes", 2, "input", "script")),
        ("$.scenes[2]['input']['script']", ("scenes", 2, "input", "script")),
        ("body.scenes.2.input.script", ("scenes", 2, "input", "script")),
        ("body.scenes.2.avatar_video.input.avatar.script", ("scenes", 2, "input", "script")),
        ("body.studio.scenes.0.image.source.url.url", ("scenes", 0, "source", "url")),
        ("body.StudioVideo.title", ("title",)),
        ("voice_settings.engine_settings.fish.stability",
         ("voice_settings", "engine_settings", "stability")),
        ("speed", ("voice_settings", "speed")),
        ("scenes.2.input.voice_id", ("scenes", 2, "input")),
        ("scenes.9.script", ("scenes",)),
        ("background.url", ("background",)),
        ("voice_id", ()),
        ("nonsense.title", ()),
        ("body", ()),
        ("", ()),
        ("...[[]]//", ()),
        ("scenes.²", ("scenes",)),
        ("scenes." + "9" * 5000, ("scenes",)),
    ],
)  # fmt: skip
def test_spellings_of_a_parameter(param: str, path: tuple[str | int, ...]) -> None:
    assert pointed(param, BODY) == path


@given(st.text(st.sampled_from("scenes.[]0129/body input'\"$²typeurlvidoavtr"), max_size=60))
def test_whatever_a_server_says_is_a_part_of_the_request_or_nothing(param: str) -> None:
    assert look_up(BODY, pointed(param, BODY)) is not None
