"""A project that uses most of what there is, and the ways in which its files are edited."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from tests.request.samples import picture

PROJECT = """\
vidbuild: 1
project: acme
provider: studio
base: [base.yaml]
vars:
  product: Acme Cloud
  release: {file: facts/release.json}
  words: {file: strings.csv, key: id}
  unused: nobody asks
defaults:
  type: avatar
  avatar_id: anna
  voice_id: vera
  resolution: 1080p
  background: {type: color, value: "#101820"}
include: [courses/*/_course.yaml]
videos:
  welcome:
    title: Welcome to {{ product }}
    script: Hello, and welcome to {{ product }} {{ release.version }}.
  tour:
    script: {file: scripts/tour.md.j2}
    background: {type: image, asset_id: {file: media/office.png}}
    resolution: 720p
    voice_settings: {speed: 1.1, engine_settings: {engine_type: elevenlabs, stability: 0.5}}
  cafe:
    script: Un caf\u00e9, s'il vous pla\u00eet.
    tags: [short]
    x-note: for the lobby
  pricing:
    for_each:
      matrix: {lang: [en, de], plan: [team, enterprise]}
    name: pricing/{{ each.lang }}-{{ each.plan }}
    script: "{{ words[each.lang].price }} {{ each.plan }}."
    overrides:
      - when: {lang: de}
        set: {voice_id: german, voice_settings: {locale: de-DE}}
  customer:
    for_each: {file: data/customers.csv, types: {seats: int}}
    name: customers/{{ each.id }}
    script: {file: scripts/customer.j2}
  story:
    type: studio
    scenes:
      - type: avatar_video
        input:
          type: avatar
          avatar_id: anna
          voice_id: vera
          script: One.
          voice_settings: {speed: 1.2}
          background: {type: color, color: "#101820"}
      - {type: image, source: {type: asset_id, asset_id: {file: media/slide.png}}, duration: 4}
      - {type: video, source: {type: url, url: "https://example.org/a.mp4"}}
  secret:
    script: Between us.
    private: true
  fixed:
    script: Signed off.
    protect: true
  loose:
    script: As it was.
    ignore_changes: [script, voice_settings.speed]
profiles:
  pilot: {set: {resolution: 720p}, vars: {product: Acme Pilot}}
  same: {set: {resolution: 1080p}}
output: {keep_history: 3}
"""
BASE = """\
vars: {house: Acme}
defaults: {output_format: mp4}
"""
COURSE = """\
prefix: basics/
vars: {course: Basics}
defaults: {caption: {style: default}}
videos:
  one:
    script: |
      {{ course }} from {{ house }}, part one.

      Ready?
  two:
    script: {file: two.txt}
"""
TOUR = """\
{% include "_intro.j2" %}
This is the tour.
{% set n = 2 %}
{% if n > 1 %}
Stop {{ n }}.
{% endif %}
"""
CUSTOMERS = """\
id,first_name,company,seats
globex,Hank,Globex,12
initech,Bill,Initech,3
"""
OFFICE, SLIDE = picture("PNG", 64, 36), picture("PNG", 32, 18)
FILES: dict[str, str | bytes] = {
    "vidbuild.yaml": PROJECT,
    "base.yaml": BASE,
    "courses/basics/_course.yaml": COURSE,
    "courses/basics/two.txt": "Part two.\n",
    "scripts/tour.md.j2": TOUR,
    "scripts/_intro.j2": "Welcome to {{ product }}.\n",
    "scripts/customer.j2": (
        "Hi {{ each.first_name }} of {{ each.company }}, {{ each.seats }} seats.\n"
    ),
    "facts/release.json": '{"version": "4.1", "date": "2026-11-22"}\n',
    "strings.csv": "id,price\nen,Price of\nde,Preis von\n",
    "data/customers.csv": CUSTOMERS,
    "media/office.png": OFFICE,
    "media/slide.png": SLIDE,
}


# A change of a project's files; it must find what it wants to change.
Edit = Callable[[Path], None]


def swap(*pairs: str, file: str = "vidbuild.yaml") -> Edit:
    """Replaces texts by others, each found exactly once."""

    def edit(folder: Path) -> None:
        text = _text(folder / file)
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert text.count(old) == 1, (old, text.count(old))
            text = text.replace(old, new)
        _write(folder / file, text)

    return edit


def each(pattern: str, new: str, *files: str) -> Edit:
    """Replaces every match of a pattern, in the project file or in each of the files."""

    def edit(folder: Path) -> None:
        for file in files or ("vidbuild.yaml",):
            text, count = re.subn(pattern, new, _text(folder / file))
            assert count, pattern
            _write(folder / file, text)

    return edit


def line(name: str, text: str) -> Edit:
    """One more line of a video."""
    return swap(f"\n  {name}:\n", f"\n  {name}:\n    {text}\n")


def write(file: str, text: str | bytes) -> Edit:
    return lambda folder: _write(folder / file, text)


def move(old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)

    return edit


def remove(file: str) -> Edit:
    return lambda folder: (folder / file).unlink()


def nfd(folder: Path) -> None:
    """Accents as code points of their own."""
    text = _text(folder / "vidbuild.yaml")
    assert unicodedata.normalize("NFD", text) != text
    _write(folder / "vidbuild.yaml", unicodedata.normalize("NFD", text))


def do(*edits: Edit) -> Edit:
    def edit(folder: Path) -> None:
        for each_ in edits:
            each_(folder)

    return edit


def write_project(folder: Path) -> Path:
    """The project as it is before any edit."""
    do(*(write(name, data) for name, data in FILES.items()))(folder)
    return folder


def _text(path: Path) -> str:
    return path.read_bytes().decode()


def _write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
