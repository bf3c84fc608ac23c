"""Projects as teams have them, at any size: the texts, and the same with one script edited.

Every number of videos gives the same text each time. A video in YAML takes nine lines; of ten,
seven are plain text, two have templates and one overrides the voice. A loop is one video block
over the rows of a CSV.
"""

from __future__ import annotations

from pathlib import Path

HEAD = """\
vidbuild: 1
project: bench
vars: {product: Acme Cloud, release: "4.2"}
defaults:
  type: avatar
  avatar_id: Abigail_expressive_2024112501
  voice_id: 73c0b6a2e29d4d38aca41454bf58c955
  resolution: 1080p
videos:
"""
PLAIN = """\
  course-{course:02}/lesson-{n:06}:
    title: Lesson {n}, {topic}
    script: >-
      In lesson {n} we look at {topic}. {said}
      That is all there is to {topic}; the next lesson goes on from here.
    resolution: 720p
    background:
      type: color
      value: "#{colour:06x}"
"""
TEMPLATED = """\
  course-{course:02}/lesson-{n:06}:
    title: "{{{{ product }}}}: {topic}"
    script: >-
      Welcome to lesson {n} of {{{{ product }}}} {{{{ release }}}}, which is about {topic}.
      {said}
    resolution: 720p
    background:
      type: color
      value: "#{colour:06x}"
"""
VOICED = """\
  course-{course:02}/lesson-{n:06}:
    title: Lesson {n}, {topic}
    script: Here is lesson {n}. {said} See you in the next one.
    voice_id: {voice}
    voice_settings:
      speed: 1.1
      locale: en-GB
    tags: [course, guest]
    resolution: 720p
"""
SHAPES = (PLAIN, PLAIN, TEMPLATED, PLAIN, PLAIN, VOICED, PLAIN, TEMPLATED, PLAIN, PLAIN)
LOOP = """\
  customer:
    for_each: {file: customers.csv}
    name: customers/{{ each.id }}
    title: For {{ each.first_name }}
    script: >-
      Hi {{ each.first_name }}, thanks for choosing {{ product }}. Your team at
      {{ each.company }} can start today with {{ each.seats }} seats.
"""
TOPICS = ("invoices", "access rights", "backups", "audit trails", "dashboards", "single sign-on",
          "data exports")  # fmt: skip
SENTENCES = (
    "First open the settings and choose the workspace that you want to change.",
    "Your team sees the change at once, and nobody has to sign in again.",
    "If something goes wrong, the history keeps every version for thirty days.",
    "Ask your administrator when a button is grey; it is a matter of rights.",
    "We will go through three examples, from the simplest to the one you need most.",
)
VOICES = ("de4b5c0e2f1a4b6c8d9e0f1a2b3c4d5e", "0a1b2c3d4e5f60718293a4b5c6d7e8f9")
NAMES = ("Ada", "Grace", "Linus", "Edsger", "Barbara", "Donald", "Margaret", "Ken", "Zoë")
EDIT = "This sentence is new. "


def videos_in_yaml(folder: Path, count: int, edited: int | None = None) -> None:
    """Writes a project of `count` videos in one file; `edited` is the number of one with a new
    sentence in its script."""
    texts = [_video(n, edited=n == edited) for n in range(count)]
    (folder / "vidbuild.yaml").write_text(HEAD + "".join(texts), encoding="utf-8")


def rows_in_csv(folder: Path, count: int, edited: int | None = None) -> None:
    """Writes a project of one video block over `count` rows; `edited` as above."""
    rows = ["id,first_name,company,seats\n", *(_row(n, edited=n == edited) for n in range(count))]
    (folder / "customers.csv").write_text("".join(rows), encoding="utf-8")
    (folder / "vidbuild.yaml").write_text(HEAD + LOOP, encoding="utf-8")


def _video(n: int, *, edited: bool) -> str:
    said = " ".join(SENTENCES[(n + i) % len(SENTENCES)] for i in range(2 + n % 2))
    return SHAPES[n % len(SHAPES)].format(
        n=n,
        course=n % 40,
        topic=TOPICS[n % len(TOPICS)],
        said=EDIT + said if edited else said,
        colour=n * 7919 % 0x1000000,
        voice=VOICES[n % len(VOICES)],
    )


def _row(n: int, *, edited: bool) -> str:
    name = "Somebody" if edited else NAMES[n % len(NAMES)]
    return f"c{n:06},{name},Company {n},{n % 300 + 1}\n"
