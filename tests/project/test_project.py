"""The project file: structure, profiles, includes, build keys, and files it may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.authoring import HEAD, Folder, where
from vidbuild.diagnostics import Problems
from vidbuild.project.discover import find_project
from vidbuild.project.model import OutputSettings

VIDEO = "videos: {v: {script: Hi.}}\n"


def test_provider_and_output_defaults(folder: Folder) -> None:
    text = "vidbuild: 1\nproject: demo\n"
    project = folder.load(text).project
    assert project.provider.name == "heygen"
    assert project.output == OutputSettings(
        dir="build", files=("video", "subtitle", "thumbnail"), keep_history=5
    )
    assert project.policy == {}
    assert project.profile is None


def test_a_key_without_a_value_counts_as_absent(folder: Folder) -> None:
    text = "vidbuild: 1\nproject: demo\nprovider:\nvars:\ninclude:\noutput:\nprofiles:\nvideos:\n"
    assert folder.load(text).requests == {}


@pytest.mark.parametrize(
    ("provider", "name", "key_env", "account"),
    [
        ("studio", "studio", None, None), ("{name: studio}", "studio", None, None),
        ("{key_env: K, account: me}", "heygen", "K", "me"), ("{}", "heygen", None, None),
    ],
)  # fmt: skip
def test_providers(
    folder: Folder, provider: str, name: str, key_env: str | None, account: str | None
) -> None:
    found = folder.load(f"vidbuild: 1\nproject: demo\nprovider: {provider}\n").project.provider
    assert (found.name, found.key_env, found.account) == (name, key_env, account)


def test_profiles(folder: Folder) -> None:
    text = """
provider: heygen
output: {dir: out/, files: [video], keep_history: 2}
policy: {max_cost: 5, max_renders: 20%}
defaults: {type: avatar, avatar_id: a, voice_id: v, resolution: 1080p}
profiles:
  pilot: {provider: studio, set: {resolution: 720p, tags: [p]}, policy: {max_cost: 1}}
  named: {output: {dir: elsewhere, keep_history: 0}}
  bare:
videos: {v: {script: Hi., resolution: 4k, tags: [t]}}
"""
    text = HEAD.replace("provider: studio\n", "") + text
    plain = folder.load(text)
    assert plain.requests["v"].body["resolution"] == "4k"
    pilot = folder.load(text, profile="pilot")
    assert pilot.requests["v"].body["resolution"] == "720p"
    assert pilot.requests["v"].tags == {"t", "p"}
    assert pilot.requests["v"].provider == pilot.project.provider.name == "studio"
    assert pilot.project.policy == {"max_cost": 1, "max_renders": "20%"}
    assert pilot.project.output.dir == "out.pilot"
    named = folder.load(text, profile="named").project.output
    assert (named.dir, named.files, named.keep_history) == ("elsewhere", ("video",), 0)
    assert folder.load(text, profile="bare").project.output.dir == "out.bare"
    draft = folder.load(text, profile="draft").project
    assert (draft.provider.name, draft.output.dir) == ("studio", "out.draft")


def test_a_draft_of_ones_own(folder: Folder) -> None:
    head = "vidbuild: 1\nproject: demo\n"
    own = folder.load(f"{head}profiles: {{draft: {{vars: {{}}}}}}\n", profile="draft").project
    assert own.provider.name == "studio"
    other = folder.load(f"{head}profiles: {{draft: {{provider: heygen}}}}\n", profile="draft")
    assert other.project.provider.name == "heygen"


def test_a_profiles_set_takes_no_key_of_the_block(folder: Folder) -> None:
    found = folder.one(f"profiles: {{p: {{set: {{name: x}}}}}}\n{VIDEO}", profile="p")
    assert (found.code, *where(found)) == ("VB253", "vidbuild.yaml", 5, 22)


@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("vidbuild: 1\nproject: demo\noutput: {dir: /abs}", ["VB251"]),
        ("vidbuild: 1\nproject: demo\noutput: {dir: ''}", ["VB251"]),
        ("vidbuild: 1\nproject: demo\noutput: {dir: a/../../b}", ["VB251"]),
        ("vidbuild: 1\nproject: demo\noutput: {dir: a..b}", []),
        ("vidbuild: 1\nproject: demo\noutput: {keep_history: true}", ["VB254"]),
        ("vidbuild: 1\nproject: demo\noutput: {files: [video, [x]]}", ["VB254"]),
        ("vidbuild: 1\nproject: demo\npolicy: {max_cost: .nan}", ["VB254"]),
        ("vidbuild: 1\nproject: demo\npolicy: {max_renders: 5 %, max_deletes: 0}", []),
        ("vidbuild: 1\nproject: demo\npolicy: {max_renders: 0.5}", ["VB254"]),
        ("vidbuild: 1\nproject: demo\napi: x", ["VB254"]),
        ("vidbuild: 1\nproject: demo\napi: {spec: [x], operation: 1}", ["VB254", "VB254"]),
        ("vidbuild: 1\nproject: demo\napi: {spec: ../x.yaml}", ["VB251"]),
        ("vidbuild: 1\nproject: demo\nprofiles: {p: x, q: {sets: 1}}", ["VB254", "VB253"]),
        ("vidbuild: 1\nproject: demo\nprofiles: {p: {provider: x}}", []),  # not the active one
        ("vidbuild: '1'\nproject: demo", ["VB254"]),
        ("vidbuild: true\nproject: demo", ["VB254"]),
        ("vidbuild: 1\nproject: 12", ["VB254"]),
        ("vidbuild: 1\nproject: -demo", ["VB257"]),
        (f"vidbuild: 1\nproject: {'x' * 64}", ["VB257"]),
        (f"vidbuild: 1\nproject: {'x' * 63}", []),
        ("vidbuild: 1\nproject: demo\nvideos: [a]", ["VB254"]),
        ("vidbuild: 1\nproject: demo\nvideos: {a: ~, b: [x]}", ["VB254", "VB254"]),
        ("vidbuild: 1\nproject: demo\nroots: {a: ../b}", ["VB280"]),
        ("vidbuild: 1\nproject: demo\nx-own: {anything: [1]}", []),
        ("vidbuild: 1\nproject: demo\ndefaults: {vars: {omit: 1}}", ["VB252"]),
        ("vidbuild: 1\nproject: demo\nvideos: {v: {vars: {a-b: 1}}}", ["VB252"]),
        ("vidbuild: 1\nproject: demo\nprofiles: {p: {vars: {_: 1}}}", ["VB252"]),
        ("vidbuild: 1\nproject: demo\ninclude: [1, '', '**x/*.yaml', no-*.yaml]",
         ["VB254", "VB254", "VB265", "VB265"]),
    ],
)  # fmt: skip
def test_structure(folder: Folder, section: str, codes: list[str]) -> None:
    assert [d.code for d in folder.found(section + "\n")] == codes


def test_includes(folder: Folder) -> None:
    text = """
include: ["courses/**/_course.yaml", courses/a/_course.yaml, extra.yml]
videos: {top: {script: Hi.}}
"""
    files = {
        "courses/a/_course.yaml": "prefix: a/\nvars: {w: A}\ndefaults: {resolution: 720p}\n"
        "include: [more/*.yaml]\nvideos: {one: {script: '{{ w }}'}}\n",
        "courses/a/more/m.yaml": "prefix: m-\nvideos: {two: {script: '{{ w }} two'}, "
        "three: {for_each: {matrix: {n: [1]}}, script: '3'}}\n",
        "courses/b/_course.yaml": "vars: {w: B}\nvideos: {b: {script: '{{ w }}'}}\n",
        "extra.yml": "prefix: extra/\nvideos: {x: {script: x}}\n",
    }
    found = folder.bodies(text, files)
    assert {name: body["script"] for name, body in found.items()} == {
        "a/m-three-1": "3", "a/m-two": "A two", "a/one": "A", "b": "B", "extra/x": "x",
        "top": "Hi.",
    }  # fmt: skip
    assert [name for name, body in found.items() if body.get("resolution") == "720p"] == [
        "a/m-three-1", "a/m-two", "a/one",
    ]  # fmt: skip


def test_files_are_relative_to_the_file_that_names_them(folder: Folder) -> None:
    files = {
        "c/course.yaml": """
vars: {facts: {file: facts.json}}
videos:
  v:
    for_each: {file: ../rows.csv}
    name: "{{ each.id }}"
    script: {file: "s/{{ each.id }}.j2"}
""",
        "c/facts.json": '{"n": 1}',
        "c/s/a.j2": "{{ facts.n }} {% include 'part.j2' %}",
        "c/s/part.j2": "part",
        "rows.csv": "id\na\n",
    }
    loaded = folder.load("include: [c/course.yaml]\n", files)
    assert loaded.requests["a"].body["script"] == "1 part"
    assert loaded.requests["a"].depends_on == (*sorted(files), "vidbuild.yaml")
    assert [source.name for source in loaded.project.files] == ["vidbuild.yaml", "c/course.yaml"]


def test_an_include_of_itself_is_read_once(folder: Folder) -> None:
    files = {
        "a.yaml": "include: [b.yaml]\n",
        "b.yaml": f"include: [a.yaml, vidbuild.yaml]\n{VIDEO}",
    }
    assert list(folder.bodies("include: [a.yaml, b.yaml]\n", files)) == ["v"]


def test_everything_wrong_in_several_files_shows_at_once(folder: Folder) -> None:
    files = {"a.yaml": "vidoes: {}\n", "b.yaml": "videos: [", "c.yaml": "videos: {x: 1}\n"}
    found = folder.found("include: [a.yaml, b.yaml, c.yaml, d.yaml]\noutptu: {}\n", files)
    assert [(d.code, d.span.file if d.span else "") for d in found] == [
        ("VB253", "vidbuild.yaml"), ("VB253", "a.yaml"), ("VB110", "b.yaml"), ("VB254", "c.yaml"),
        ("VB101", "vidbuild.yaml"),
    ]  # fmt: skip


def test_build_keys(folder: Folder) -> None:
    text = """
defaults:
  type: avatar
  avatar_id: a
  voice_id: v
  tags: [d, shared]
  private: true
  request: {resolution: 720p, background: {type: color, value: "#000000"}}
profiles: {p: {set: {protect: true, revision: 4, tags: p}}}
videos:
  v:
    for_each: {matrix: {lang: [en, de]}}
    script: Hi.
    tags: [shared, "lang-{{ each.lang }}", 2024]
    revision: 3
    ignore_changes: [title, background.value]
    private: false
    request: {title: From request, background: {value: "#ffffff"}}
    title: Replaced
    x-note: mine
    overrides:
      - {when: {lang: de}, set: {protect: true, tags: german, ignore_changes: ~, resolution: 4k}}
"""
    loaded = folder.load(text)
    english, german = loaded.requests["v-en"], loaded.requests["v-de"]
    assert english.tags == {"d", "shared", "lang-en", "2024"}
    assert german.tags == {"d", "shared", "lang-de", "2024", "german"}
    assert (english.revision, english.protect, english.private) == (3, False, False)
    assert german.protect
    assert english.ignore_changes == ("title", "background.value")
    assert german.ignore_changes == ()
    assert english.body["title"] == "From request"
    assert english.body["background"] == {"type": "color", "value": "#ffffff"}
    assert english.body["resolution"] == "720p"
    assert german.body["resolution"] == "4k"
    assert "x-note" not in english.body
    profiled = folder.load(text, profile="p").requests["v-en"]
    assert (profiled.revision, profiled.protect) == (4, True)
    assert "p" in profiled.tags


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("tags: {a: 1}", 11), ("tags: [[a]]", 11), ("tags: [true]", 11), ("protect: 1", 14),
        ("private: 'no'", 14), ("revision: 1.0", 15), ("revision: true", 15), ("revision: 0", 15),
        ("ignore_changes: title", 21), ("ignore_changes: [1]", 21), ("request: [a]", 14),
        ("vars: [a]", 11), ("overrides: {}", 16), ("name: [x]", 11), ("name: 12", 11),
    ],
)  # fmt: skip
def test_build_keys_of_the_wrong_form(folder: Folder, line: str, column: int) -> None:
    found = folder.one(f"videos:\n  v:\n    script: Hi.\n    {line}\n")
    assert (found.code, *where(found)) == ("VB254", "vidbuild.yaml", 8, column)
    assert found.video == "v"
    assert found.hint


def test_a_wrong_key_in_an_override_is_shown_there(folder: Folder) -> None:
    text = "videos:\n  v:\n    script: Hi.\n    overrides: [{set: {revision: 0}}]\n"
    assert where(folder.one(text)) == ("vidbuild.yaml", 8, 34)


def test_a_null_ends_a_loop_and_a_setting(folder: Folder) -> None:
    text = """
defaults:
  type: avatar
  avatar_id: a
  voice_id: v
  for_each: {matrix: {n: [1, 2]}}
  revision: 2
  title: T
videos:
  loop: {script: Hi.}
  single: {script: Hi., for_each: ~, revision: ~, title: ~}
"""
    loaded = folder.load(text)
    assert list(loaded.requests) == ["loop-1", "loop-2", "single"]
    assert loaded.requests["single"].revision == 1
    assert "title" not in loaded.requests["single"].body


def test_defaults_of_another_kind_are_dropped(folder: Folder) -> None:
    text = """
defaults: {type: avatar, avatar_id: a, voice_id: v, script: Hello.}
videos:
  plain: {}
  picture: {type: image, image: {type: url, url: "https://x.org/a.png"}}
  templated:
    for_each: [{id: t, kind: image}]
    name: "{{ each.id }}"
    type: "{{ each.kind }}"
    image: {type: url, url: "https://x.org/a.png"}
"""
    found = folder.bodies(text)
    assert found["plain"]["avatar_id"] == "a"
    for name in ("picture", "t"):
        assert "avatar_id" not in found[name]
        assert found[name]["type"] == "image"
        assert found[name]["voice_id"] == "v"
    own = folder.one(text.replace("picture: {type", "picture: {avatar_id: b, type"))
    assert own.code == "VB209"
    assert own.video == "picture"


def test_two_excluding_fields_of_one_layer(folder: Folder) -> None:
    text = 'videos:\n  v:\n    script: Hi.\n    audio_url: "https://x.org/a.mp3"\n'
    found = folder.one(text)
    assert (found.code, *where(found)) == ("VB267", "vidbuild.yaml", 8, 5)
    assert [n.span.line for n in found.notes if n.span] == [7]


def test_errors_of_one_video_leave_the_others(folder: Folder) -> None:
    text = """
videos:
  bad: {script: "{{ zzz }}"}
  good: {script: Hi.}
  loop:
    for_each: [{id: a}, {id: b, n: x}, {id: c}]
    name: loop/{{ each.id }}
    script: "{{ each.n }}"
  worse: {script: Hi., resolution: 8k}
"""
    loaded = folder.load(text)
    assert list(loaded.requests) == ["good", "loop/b"]
    assert set(loaded.broken) == {"bad", "loop/a", "loop/c", "worse"}
    assert {d.video for d in loaded.diagnostics} == set(loaded.broken)


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.fixture
def outside(folder: Folder) -> Path:
    """A folder beside the project, with one of everything, and links into it."""
    place = folder.root.parent / "outside"
    place.mkdir()
    for name, content in {
        "s.j2": "secret", "r.csv": "id\na\n", "i.yaml": VIDEO, "m.png": "\x89PNG", "d.json": "{}",
    }.items():  # fmt: skip
        (place / name).write_text(content, encoding="latin-1")
        link(folder.root / "links" / name, place / name)
    link(folder.root / "folder", place)
    return place


USES = {
    "s.j2": "videos:\n  v:\n    script: {file: NAME}\n",
    "r.csv": "videos:\n  v:\n    for_each: {file: NAME}\n    name: x\n    script: Hi.\n",
    "i.yaml": "include:\n  - NAME\n",
    "m.png": "videos:\n  v:\n    script: Hi.\n    background: {asset_id: {file: NAME}}\n",
    "d.json": "vars: {d: {file: NAME}}\nvideos:\n  v:\n    script: '{{ d }}'\n",
}


@pytest.mark.parametrize("kind", USES)
@pytest.mark.parametrize(
    "way", ["../outside/{}", "links/{}", "folder/{}", "x/../../outside/{}", "{abs}/{}"]
)
@pytest.mark.usefixtures("outside")
def test_nothing_outside_the_project_is_read(folder: Folder, kind: str, way: str) -> None:
    name = way.format(kind, abs=folder.root.parent / "outside")
    found = folder.one(USES[kind].replace("NAME", name))
    assert found.code == "VB251"
    assert found.span is not None
    assert found.hint


@pytest.mark.usefixtures("outside")
def test_globs_do_not_leave_the_project(folder: Folder) -> None:
    assert folder.one("include: [links/*.yaml]\n").code == "VB251"
    assert folder.one("include: ['../outside/*.yaml']\n").code == "VB251"
    assert folder.one(f"include: ['{folder.root.parent}/outside/*.yaml']\n").code == "VB251"


def test_links_inside_the_project_are_fine(folder: Folder) -> None:
    folder.write("real/s.j2", "Hello.")
    link(folder.root / "s.j2", folder.root / "real" / "s.j2")
    assert folder.scripts("videos: {v: {script: {file: ./x/../s.j2}}}\n") == {"v": "Hello."}


def test_a_relative_path_and_a_linked_folder_lead_to_the_same(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vidbuild.pipeline import load

    folder.scripts("videos: {v: {script: {file: s.j2}}}\n", {"s.j2": "Hello."})
    link(folder.root.parent / "linked", folder.root)
    monkeypatch.chdir(folder.root.parent)
    for path in (
        "project/vidbuild.yaml",
        "linked/vidbuild.yaml",
        "linked/../project/vidbuild.yaml",
    ):
        assert load(Path(path)).requests["v"].body["script"] == "Hello."


def test_finding_the_project(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    with pytest.raises(Problems):
        find_project(inner)
    (tmp_path / "vidbuild.yaml").write_text(HEAD, encoding="utf-8")
    assert find_project(inner) == tmp_path / "vidbuild.yaml"
    (tmp_path / "a" / "vidbuild.yaml").write_text(HEAD, encoding="utf-8")
    assert find_project(inner) == tmp_path / "a" / "vidbuild.yaml"
    assert find_project(inner, "../../vidbuild.yaml") == tmp_path / "vidbuild.yaml"
    for directory, file in ((tmp_path / "none", None), (inner, "no.yaml"), (inner, "..")):
        with pytest.raises(Problems) as caught:
            find_project(directory, file)
        assert caught.value.diagnostics[0].code == "VB264"


def test_the_search_ends_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / "vidbuild.yaml").write_text(HEAD, encoding="utf-8")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    with pytest.raises(Problems):
        find_project(tmp_path / "repo")


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf" + HEAD.encode(), HEAD.replace("\n", "\r\n").encode()]
)
def test_marks_and_line_ends_of_other_systems(folder: Folder, content: bytes) -> None:
    from vidbuild.pipeline import load

    assert load(folder.write("vidbuild.yaml", content)).project.name == "demo"
