"""Another edition of the API, or another default in it, renders nothing by itself.

The edition is a real spec file of the project; the lock was left by an apply under the
bundled one. Contents are compared, not their fingerprints, which may well be others by now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plan.edited import each, swap, write
from tests.plan.office import Office, Sources, copied, read
from vidbuild.plan.model import Action
from vidbuild.schema.api import bundled
from vidbuild.source.yaml import load

PROJECT = """\
vidbuild: 1
project: acme
provider: studio
api: {spec: api/spec.json, operation: createVideo}
defaults: {type: avatar, avatar_id: anna, voice_id: vera}
videos:
  plain: {script: Plain.}
  twin: {script: Plain.}
  wide: {script: Plain., aspect_ratio: "16:9"}
  tall: {script: Plain., aspect_ratio: "9:16"}
  slow: {script: Slow., voice_settings: {speed: 0.9, pitch: 0}}
  sure: {script: Sure., voice_settings: {speed: 1, volume: 1.0}, output_format: mp4}
  quiet: {script: Between us., private: true}
  signed: {script: Signed., protect: true, title: Signed}
  story:
    type: studio
    scenes:
      - {type: video, source: {type: url, url: "https://example.org/a.mp4"}}
      - {type: video, source: {type: url, url: "https://example.org/b.mp4"}, playback: {volume: 1}}
"""
SPEC: dict[str, Any] = load(
    bundled("heygen-v3.openapi.yaml").read_text(encoding="utf-8"), file="spec"
)


def nodes(value: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the spec that stands under a key."""
    if isinstance(value, dict):
        yield key, value
        for name, member in value.items():
            yield from nodes(member, name)
    elif isinstance(value, list):
        for member in value:
            yield from nodes(member, key)


def defaults(**changed: Any) -> Callable[[Any], None]:
    """Other defaults for fields of these names; None takes a default away."""

    def change(spec: Any) -> None:
        found = [
            (name, node[name])
            for key, node in nodes(spec["components"])
            if key == "properties"
            for name in changed.keys() & node.keys()
        ]
        assert {name for name, _ in found} == changed.keys()
        for name, field in found:
            field.pop("default", None)
            if changed[name] is not None:
                field["default"] = changed[name]

    return change


def words(spec: Any) -> None:
    spec["info"]["version"] = "2031-01-01"
    for _, node in nodes(spec["components"]):
        if isinstance(node.get("description"), str):
            node["description"] = "In other words."


def order(spec: Any) -> None:
    for key, node in nodes(spec["components"]):
        if key == "properties":
            members = list(node.items())
            node.clear()
            node.update(reversed(members))


def everything(spec: Any) -> None:
    words(spec)
    order(spec)
    defaults(aspect_ratio="9:16", speed=0.9, volume=None, resolution="4k", fit="cover")(spec)


EDITIONS: dict[str, Callable[[Any], None]] = {
    "words": words,
    "order": order,
    "a default changed": defaults(aspect_ratio="9:16"),
    "defaults changed at depth": defaults(speed=1.2, volume=0.5),
    "a default in a list changed": defaults(mute=True),
    "a default for what had none": defaults(resolution="1080p", fit="contain"),
    "defaults taken away": defaults(aspect_ratio=None, output_format=None, speed=None, pitch=None),
    "everything at once": everything,
}


def spec_file(folder: Path, change: Callable[[Any], None] = lambda _: None) -> None:
    spec = json.loads(json.dumps(SPEC))
    change(spec)
    write("api/spec.json", json.dumps(spec))(folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Office]:
    folder = tmp_path_factory.mktemp("editions")
    write("vidbuild.yaml", PROJECT)(folder)
    spec_file(folder)
    office = Office()
    office.apply(read(folder))
    return folder, office


def actions(office: Office, sources: Sources) -> set[Action]:
    return {change.action for change in office.plan(sources).changes}


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_new_edition_renders_nothing(
    edition: str, finished: tuple[Path, Office], tmp_path: Path
) -> None:
    folder, office = copied(finished[0], tmp_path / "edited"), finished[1].copy()
    spec_file(folder, EDITIONS[edition])
    sources = read(folder)
    assert actions(office, sources) == {Action.unchanged}
    jobs = len(office.jobs)

    each(r"(?m)^  (\w+):", r"  new/\1:")(folder)  # every video under another name
    # Contents that have become alike take one render: the other's old name is left over.
    assert actions(office, read(folder)) <= {Action.reuse, Action.orphan}
    office.apply(read(folder))
    assert actions(office, read(folder)) <= {Action.unchanged, Action.orphan}
    assert len(office.jobs) == jobs

    # What is edited under the new edition pays, and going back to what was made under the old
    # one does not: there the history has fingerprints of another form.
    swap("script: Plain.}\n  new/twin: {script: Plain.}", "script: A.}\n  new/twin: {script: B.}")(
        folder
    )
    each(r"0\.9", "0.8")(folder)
    office.apply(read(folder))
    assert len(office.jobs) == jobs + 3
    swap("script: A.}\n  new/twin: {script: B.}", "script: Plain.}\n  new/twin: {script: Plain.}")(
        folder
    )
    each(r"0\.8", "0.9")(folder)
    assert actions(office, read(folder)) <= {Action.reuse, Action.unchanged, Action.orphan}
    office.apply(read(folder))
    assert actions(office, read(folder)) <= {Action.unchanged, Action.orphan}
    assert len(office.jobs) == jobs + 3


def test_a_spec_under_another_path_renders_nothing(
    finished: tuple[Path, Office], tmp_path: Path
) -> None:
    folder, office = copied(finished[0], tmp_path / "edited"), finished[1].copy()
    (folder / "api/spec.json").rename(folder / "heygen.json")
    swap("api/spec.json", "heygen.json")(folder)
    assert actions(office, read(folder)) == {Action.unchanged}
    swap("api: {spec: heygen.json, operation: createVideo}\n", "")(folder)
    assert actions(office, read(folder)) == {Action.unchanged}


def test_the_same_fingerprint_is_not_the_same_video(
    finished: tuple[Path, Office], tmp_path: Path
) -> None:
    """`wide` was rendered as the default of its day. Where that is another one, the default has
    the fingerprint that its entry has, and is a different picture."""
    folder, office = copied(finished[0], tmp_path / "edited"), finished[1].copy()
    spec_file(folder, EDITIONS["a default changed"])
    swap('wide: {script: Plain., aspect_ratio: "16:9"}', "wide: {script: Plain.}")(folder)
    sources = read(folder)
    [change] = [c for c in office.plan(sources).changes if c.action is not Action.unchanged]
    entry = office.lock(sources).videos["wide"]
    assert entry.fingerprint == sources.requests["wide"].fingerprint
    assert (change.name, change.reason) == ("wide", "twin")
    assert [(f.path, f.old, f.new) for f in change.fields] == [("aspect_ratio", "16:9", None)]
