"""From a create body to takes: what is heard, shown and written in each stretch of a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vidbuild.studio.render import sound
from vidbuild.studio.render.captions import Cue, write_cues
from vidbuild.studio.render.media import Medium, find, place
from vidbuild.studio.render.model import Job, RenderError
from vidbuild.studio.render.script import read_script
from vidbuild.studio.render.sound import Sound
from vidbuild.studio.render.voice import utter

_CINEMATIC_SECONDS = 10
_CLIP_SECONDS = 5  # of a clip that a draft does not fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One stretch of a draft.

    `picture` fills the frame (`contain` leaves margins), `clip` moves in it, `colour` is
    behind both. `figure` is the id whose badge speaks; `note` is large text in its place,
    with the `cast` (ids) and the `references` in a row beneath.
    """

    heading: str
    line: str
    sound: Sound
    cues: tuple[Cue, ...] = ()
    phonemes: tuple[tuple[int, str], ...] = ()
    figure: str | None = None
    note: str | None = None
    cast: tuple[str, ...] = ()
    references: tuple[Medium, ...] = ()
    colour: str | None = None
    picture: Medium | None = None
    contain: bool = False
    clip: Medium | None = None
    identity: str = ""
    talks: bool = True


@dataclass(slots=True)
class Desk:
    """What the takes of one job share: its assets, a folder for sound, speech made before, and
    the warnings so far.
    """

    assets: Mapping[str, str]
    folder: Path
    shelf: Path | None = None
    warnings: list[str] = field(default_factory=list)
    files: int = 0

    def path(self) -> Path:
        self.files += 1
        return self.folder / f"{self.files}.pcm"

    def warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)


def write_takes(job: Job, desk: Desk) -> list[Take]:
    """The takes of a request, in order. Raises RenderError where a part can't be made."""
    body = job.request
    kinds: dict[str, Callable[[Mapping[str, Any], Desk], list[Take]]] = {
        "avatar": _avatar,
        "image": _image,
        "cinematic_avatar": _cinematic,
        "studio": _studio,
    }
    kind = kinds.get(str(body.get("type")))
    if kind is None:
        raise RenderError("invalid_parameter", f"There is no video type {body.get('type')!r}.")
    return kind(body, desk)


def _avatar(body: Mapping[str, Any], desk: Desk) -> list[Take]:
    return [_speaker(body, desk, title=_title(body))]


def _image(body: Mapping[str, Any], desk: Desk) -> list[Take]:
    return [_photo(body, desk, title=_title(body))]


def _cinematic(body: Mapping[str, Any], desk: Desk) -> list[Take]:
    ids = tuple(str(i) for i in body.get("avatar_id") or ())
    found = [find(value, desk.assets) for value in body.get("references") or ()]
    references = tuple(medium for medium in found if medium is not None)
    for reference in references:
        if reference.remote:
            desk.warn(f"The reference {reference.name} is not fetched in a draft.")
    seconds = body.get("duration") or _CINEMATIC_SECONDS
    return [
        Take(
            heading=_title(body) or "Cinematic",
            line=_joined("cinematic", *ids, f"{seconds} s"),
            sound=sound.silence(float(seconds)),
            note=str(body.get("prompt") or ""),
            cast=ids,
            references=references,
            identity=ids[0] if ids else "",
            talks=False,
        )
    ]


def _studio(body: Mapping[str, Any], desk: Desk) -> list[Take]:
    scenes = body.get("scenes") or []
    takes = []
    for number, scene in enumerate(scenes, 1):
        kind = scene.get("type")
        title = _title(body)
        count = f"Scene {number} of {len(scenes)}"
        if kind == "avatar_video":
            part = scene.get("input") or {}
            make = _photo if part.get("type") == "image" else _speaker
            takes.append(make(part, desk, title=title, count=count))
        elif kind == "image":
            takes.append(_still(scene, desk, title=title, count=count))
        elif kind == "video":
            takes.append(_clip(scene, desk, title=title, count=count))
        else:
            raise RenderError("invalid_parameter", f"There is no scene type {kind!r}.")
    if not takes:
        raise RenderError("invalid_parameter", "There is no scene.")
    return takes


def _speaker(body: Mapping[str, Any], desk: Desk, *, title: str, count: str = "") -> Take:
    avatar = str(body.get("avatar_id") or "")
    back = body.get("background") or {}
    picture = find(back, desk.assets) if back.get("type") == "image" else None
    heard, cues, phonemes = _audio(body, desk)
    if picture and picture.remote:
        desk.warn(f"The background {picture.name} is not fetched in a draft.")
    return Take(
        heading=title or avatar,
        line=_joined(count, avatar if title else "", _voice(body)),
        sound=heard,
        cues=cues,
        phonemes=phonemes,
        figure=avatar,
        colour=back.get("value") or back.get("color"),
        picture=picture,
        identity=avatar,
    )


def _photo(body: Mapping[str, Any], desk: Desk, *, title: str, count: str = "") -> Take:
    back = body.get("background") or {}
    heard, cues, phonemes = _audio(body, desk)
    return _pictured(
        find(body.get("image") or {}, desk.assets),
        desk,
        heading=title or "Image",
        line=_joined(count, _voice(body)),
        sound=heard,
        cues=cues,
        phonemes=phonemes,
        colour=back.get("value"),
        contain=body.get("fit") == "contain",
        identity=str(body.get("voice_id") or ""),
    )


def _still(scene: Mapping[str, Any], desk: Desk, *, title: str, count: str) -> Take:
    spoken = any(scene.get(k) for k in ("script", "audio_url", "audio_asset_id"))
    heard, cues, phonemes = (
        _audio(scene, desk)
        if spoken
        else (sound.silence(float(scene.get("duration") or _CLIP_SECONDS)), (), ())
    )
    return _pictured(
        find(scene.get("source") or {}, desk.assets),
        desk,
        heading=title or count,
        line=_joined(count if title else "", _voice(scene)),
        sound=heard,
        cues=cues,
        phonemes=phonemes,
        talks=spoken,
    )


def _clip(scene: Mapping[str, Any], desk: Desk, *, title: str, count: str) -> Take:
    source = find(scene.get("source") or {}, desk.assets)
    heading, line = title or count, count if title else ""
    if source is None or source.remote:
        missing = f"The clip {source.name if source else ''} is not fetched in a draft"
        desk.warn(f"{missing}.")
        silent = sound.silence(_CLIP_SECONDS)
        return Take(heading=heading, line=line, sound=silent, note=missing, talks=False)
    from vidbuild.studio.render.clips import clip_sound

    clip = _on_disk(source, desk)
    playback = scene.get("playback") or {}
    given = playback.get("volume")
    volume = 0.0 if playback.get("mute") else 1.0 if given is None else float(given)
    return Take(
        heading=heading,
        line=line,
        sound=clip_sound(clip, desk.path(), volume=volume),
        clip=clip,
        talks=False,
    )


def _on_disk(medium: Medium, desk: Desk) -> Medium:
    """A clip is read piece by piece: one that came in the request gets a file for that."""
    if medium.data is None:
        return medium
    path = desk.path()
    path.write_bytes(medium.data)
    return replace(medium, path=str(path), data=None)


def _pictured(picture: Medium | None, desk: Desk, **parts: Any) -> Take:
    if picture is None:
        raise RenderError("invalid_parameter", "The image is missing.")
    if not picture.remote:
        return Take(picture=picture, **parts)
    desk.warn(f"The image {picture.name} is not fetched in a draft.")
    return Take(note=f"The image {picture.name} is not fetched in a draft", **parts)


def _audio(
    body: Mapping[str, Any], desk: Desk
) -> tuple[Sound, tuple[Cue, ...], tuple[tuple[int, str], ...]]:
    """Speech with its captions, a recording, or the placeholder of one that is not fetched."""
    if body.get("script"):
        script = read_script(str(body["script"]))
        spoken = utter(
            script,
            voice_id=str(body.get("voice_id") or body.get("avatar_id") or ""),
            settings=body.get("voice_settings") or {},
            path=desk.path(),
            cache=desk.shelf,
        )
        if spoken.language == "en" and not spoken.wanted.startswith("en"):
            desk.warn(f"The speech engine has no voice for {spoken.wanted}: an English one reads.")
        heard = Sound(path=spoken.path, samples=spoken.samples)
        return heard, write_cues(script, spoken), spoken.phonemes
    if asset_id := body.get("audio_asset_id"):
        medium = find({"asset_id": asset_id}, desk.assets)
        assert medium is not None  # noqa: S101 - `find` raises for an unknown asset
        heard = sound.decode(str(medium.path), desk.path(), name=medium.name)
        return heard, (_cue(heard, f"[Recording {asset_id}]"),), ()
    if url := body.get("audio_url"):
        desk.warn(f"The recording {place(url)} is not fetched in a draft.")
        heard = sound.tone(desk.path())
        return heard, (_cue(heard, f"[Recording {place(url)}, not fetched in a draft]"),), ()
    raise RenderError("invalid_parameter", "There is neither a script nor a recording.")


def _cue(heard: Sound, text: str) -> Cue:
    return Cue(start=0.0, end=heard.seconds, text=text)


def _title(body: Mapping[str, Any]) -> str:
    return str(body.get("title") or "").strip()


def _voice(body: Mapping[str, Any]) -> str:
    voice = body.get("voice_id")
    return f"voice {voice}" if voice else ""


def _joined(*parts: str) -> str:
    return "  ·  ".join(part for part in parts if part)
