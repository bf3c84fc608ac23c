"""`roots` and `base`: folders of the same repository, and what lies below a project's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.project.authoring import DEFAULTS, HEAD, Folder, where
from vidbuild.pipeline import load
from vidbuild.project.discover import find_project

ROOTS = HEAD + "roots: {brand: ../shared}\n"
BASED = ROOTS + "base: ['brand:brand.yaml']\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0"


@pytest.fixture
def shared(folder: Folder) -> Path:
    """A folder beside the project in one repository."""
    (folder.root.parent / ".git").mkdir()
    place = folder.root.parent / "shared"
    for name, content in {
        "intro.j2": "{% include 'parts/logo.j2' %} {{ product }}",
        "parts/logo.j2": "Logo of",
        "facts.json": '{"year": 2031}',
        "rows.csv": "id\na\nb\n",
    }.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    (place / "logo.png").write_bytes(PNG)
    return place


def test_files_of_a_root(folder: Folder, shared: Path) -> None:
    text = ROOTS + DEFAULTS + (
        "vars: {product: Acme, facts: {file: brand:facts.json}}\n"
        "videos:\n"
        "  v:\n"
        "    for_each: {file: brand:rows.csv}\n"
        "    name: v/{{ each.id }}\n"
        "    script: {file: brand:intro.j2}\n"
        "    background: {type: image, asset_id: {file: brand:logo.png}}\n"
        "  w:\n"
        "    script: '{% include \"brand:parts/logo.j2\" %} {{ facts.year }}'\n"
    )  # fmt: skip
    loaded = folder.load(text)
    assert not loaded.diagnostics
    assert {n: r.body["script"] for n, r in loaded.requests.items()} == {
        "v/a": "Logo of Acme", "v/b": "Logo of Acme", "w": "Logo of 2031",
    }  # fmt: skip
    video = loaded.requests["v/a"]
    assert video.media["background.asset_id"].file == "../shared/logo.png"
    assert {f for f in video.depends_on if f.startswith("..")} == {
        f"../shared/{name}" for name in ("rows.csv", "intro.j2", "parts/logo.j2", "logo.png")
    }
    assert set(loaded.requests["w"].depends_on) == {
        "vidbuild.yaml", "../shared/parts/logo.j2", "../shared/facts.json",
    }  # fmt: skip
    assert all((folder.root / name).is_file() for name in video.depends_on)
    assert shared.is_dir()


@pytest.mark.usefixtures("shared")
def test_an_include_of_a_root(folder: Folder, shared: Path) -> None:
    (shared / "courses").mkdir()
    (shared / "courses" / "one.yaml").write_text("videos: {v: {script: {file: ../intro.j2}}}")
    text = ROOTS + DEFAULTS + "vars: {product: Acme}\n"
    for pattern in ("brand:courses/*.yaml", "brand:courses/one.yaml"):
        assert folder.scripts(f"{text}include: ['{pattern}']\n") == {"v": "Logo of Acme"}


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("brand:../project/vidbuild.yaml", "VB251"),
        ("brand:/etc/hostname", "VB251"),
        ("brand:", "VB250"),
        ("brand:link.j2", "VB251"),
        ("brand:missing.j2", "VB101"),
        ("brnd:intro.j2", "VB281"),
        ("https://example.org/a.j2", "VB281"),
        ("../shared/intro.j2", "VB251"),
    ],
)
@pytest.mark.parametrize("use", ["{file: 'NAME'}", "'{% include \"NAME\" %}'"])
def test_what_a_root_does_not_reach(
    folder: Folder, shared: Path, reference: str, code: str, use: str
) -> None:
    outside = folder.root.parent / "secret"
    outside.write_text("secret")
    (shared / "link.j2").symlink_to(outside)
    found = folder.one(f"{ROOTS}{DEFAULTS}videos: {{v: {{script: {use}}}}}\n".replace(
        "NAME", reference
    ))  # fmt: skip
    template_missing = "include" in use and code == "VB101"
    assert found.code == ("VB305" if template_missing else code)
    assert found.span is not None
    assert found.hint


def test_a_file_of_a_root_names_no_file_of_the_project(folder: Folder, shared: Path) -> None:
    (shared / "out.j2").write_text("one\n{% include '../project/own.j2' %}")
    folder.write("own.j2", "own")
    found = folder.one(f"{ROOTS}{DEFAULTS}videos: {{v: {{script: {{file: brand:out.j2}}}}}}\n")
    assert found.code == "VB251"
    assert where(found)[:2] == ("../shared/out.j2", 2)


@pytest.mark.parametrize(
    ("roots", "line"),
    [
        ("{brand: ../../beyond}", "outside"), ("{brand: ../nothing}", "no folder"),
        ("{brand: ../shared/logo.png}", "no folder"), ("{brand: 1}", "must be a folder"),
        ("{brand: ../nested}", "outside"), ("{brand: ../way-out}", "outside"),
        ("{'b:c': ../shared}", "cannot name"), ("{brand: /}", "outside"),
        ("{brand: ../circle}", "no folder"), ("[../shared]", "must be a mapping"),
    ],
)  # fmt: skip
def test_roots_that_cannot_be_opened(
    folder: Folder, shared: Path, tmp_path_factory: pytest.TempPathFactory, roots: str, line: str
) -> None:
    (tmp_path_factory.getbasetemp() / "beyond").mkdir(exist_ok=True)
    (shared.parent / "nested" / ".git").mkdir(parents=True)
    (shared.parent / "way-out").symlink_to(tmp_path_factory.getbasetemp())
    (shared.parent / "circle").symlink_to(shared.parent / "circle")
    if "beyond" in roots:
        (shared.parent.parent / "beyond").mkdir(exist_ok=True)
    found = folder.one(f"{HEAD}roots: {roots}\nvideos: {{}}\n")
    assert found.code in ("VB280", "VB254")
    assert line in found.message
    assert where(found)[1] == 4
    assert found.hint


def test_a_project_without_a_repository_has_no_roots(folder: Folder) -> None:
    (folder.root.parent / "shared").mkdir()
    found = folder.one(ROOTS + "videos: {}\n")
    assert found.code == "VB280"
    assert "git init" in str(found.hint)


def test_a_link_to_a_folder_of_the_repository(folder: Folder, shared: Path) -> None:
    (shared.parent / "linked").symlink_to(shared)
    text = HEAD + "roots: {brand: ../linked}\n" + DEFAULTS
    scripts = folder.scripts(text + "videos: {v: {script: {file: brand:parts/logo.j2}}}\n")
    assert scripts == {"v": "Logo of"}


def test_a_root_around_the_project(folder: Folder, shared: Path) -> None:
    text = HEAD + "roots: {repo: ..}\n" + DEFAULTS
    scripts = folder.scripts(
        text + "videos: {v: {script: {file: repo:shared/parts/logo.j2}},"
        " w: {script: {file: own.j2}}, x: {script: {file: 'repo:project/own.j2'}}}\n",
        {"own.j2": "Own."},
    )
    assert scripts == {"v": "Logo of", "w": "Own.", "x": "Own."}
    found = folder.one(text + "videos: {v: {script: {file: ../shared/parts/logo.j2}}}\n")
    assert found.code == "VB251"
    assert shared.is_dir()


def test_a_colon_in_a_name_of_the_project(folder: Folder) -> None:
    found = folder.scripts("videos: {v: {script: {file: 'a:b.j2'}}}\n", {"a:b.j2": "Hello."})
    assert found == {"v": "Hello."}


BASE = """
vars: {product: Base product, company: Base company, greeting: "Hello from {{ company }}"}
defaults:
  type: avatar
  avatar_id: base_avatar
  voice_id: base_voice
  resolution: 1080p
  background: {type: color, value: "#000000"}
  tags: [brand]
profiles:
  draft: {set: {resolution: 720p}, vars: {greeting: Draft}}
  prod: {provider: {name: heygen, key_env: BRAND_KEY}, policy: {max_cost: 20}}
policy: {max_cost: 50, max_renders: 10}
"""


@pytest.fixture
def based(folder: Folder, shared: Path) -> Folder:
    (shared / "brand.yaml").write_text(BASE)
    return folder


def test_layers_above_a_base(based: Folder) -> None:
    text = BASED + (
        "vars: {company: Acme}\n"
        "defaults: {voice_id: own_voice, tags: [own], background: {value: '#ffffff'}}\n"
        "videos:\n"
        "  v: {script: '{{ greeting }} {{ product }}', resolution: 720p}\n"
    )
    loaded = based.load(text)
    assert not loaded.diagnostics
    request = loaded.requests["v"]
    assert request.body == {
        "type": "avatar", "avatar_id": "base_avatar", "voice_id": "own_voice",
        "resolution": "720p", "background": {"type": "color", "value": "#ffffff"},
        "script": "Hello from Acme Base product",
    }  # fmt: skip
    assert request.tags == {"brand", "own"}
    assert "../shared/brand.yaml" in request.depends_on


def test_profiles_of_base_and_project_merge(based: Folder) -> None:
    text = (
        BASED
        + "profiles: {draft: {set: {voice_id: quick}}}\nvideos: {v: {script: '{{ greeting }}'}}\n"
    )
    loaded = based.load(text, profile="draft")
    body = loaded.requests["v"].body
    assert (body["resolution"], body["voice_id"], body["script"]) == ("720p", "quick", "Draft")
    assert loaded.project.provider.name == "studio"
    assert loaded.project.output.dir == "build.draft"
    prod = based.load(text, profile="prod").project
    assert (prod.provider.name, prod.provider.key_env) == ("heygen", "BRAND_KEY")
    assert prod.policy == {"max_cost": 20, "max_renders": 10}
    assert based.one(text, profile="prob").hint == "did you mean prod?"


def test_an_outside_value_for_a_var_of_a_base(based: Folder) -> None:
    text = BASED + "videos: {v: {script: '{{ greeting }}'}}\n"
    assert based.scripts(text, outside={"company": "Outside"}) == {"v": "Hello from Outside"}


@pytest.mark.parametrize(
    ("own", "profile", "limits", "codes"),
    [
        ("max_cost: 40", None, {"max_cost": 40, "max_renders": 10}, []),
        ("max_cost: 50", None, {"max_cost": 50, "max_renders": 10}, []),
        ("max_cost: 50.5", None, {"max_cost": 50, "max_renders": 10}, ["VB282"]),
        ("max_cost: null", None, {"max_cost": 50, "max_renders": 10}, ["VB282"]),
        ("max_renders: 20%", None, {"max_cost": 50, "max_renders": 10}, ["VB282"]),
        ("max_deletes: 3", None, {"max_cost": 50, "max_renders": 10, "max_deletes": 3}, []),
        ("max_cost: 60, max_renders: 11", None, {"max_cost": 50, "max_renders": 10},
         ["VB282", "VB282"]),
        ("max_cost: 30", "prod", {"max_cost": 20, "max_renders": 10}, ["VB282"]),
        ("max_cost: 60, lint: {ignore: [VB282]}", None,
         {"max_cost": 50, "max_renders": 10, "lint": {"ignore": ["VB282"]}}, []),
    ],
)  # fmt: skip
def test_a_policy_of_a_base_can_only_be_lowered(
    based: Folder, own: str, profile: str | None, limits: dict[str, Any], codes: list[str]
) -> None:
    text = f"{BASED}policy: {{{own}}}\nvideos: {{v: {{script: Hi.}}}}\n"
    loaded = based.load(text, profile=profile)
    assert loaded.project.policy == limits
    assert [d.code for d in loaded.diagnostics] == codes
    for found in loaded.diagnostics:
        assert (found.severity, where(found)[:2]) == ("warning", ("vidbuild.yaml", 6))
        [note] = found.notes
        assert note.span is not None
        assert note.span.file == "../shared/brand.yaml"


def test_several_bases(based: Folder, shared: Path) -> None:
    (shared / "more.yaml").write_text(
        "defaults: {voice_id: more}\nvars: {product: More}\npolicy: {max_cost: 5, max_renders: 11}"
    )
    text = ROOTS + "base: ['brand:brand.yaml', 'brand:more.yaml', 'brand:more.yaml', own.yaml]\n"
    text += "videos: {v: {script: '{{ product }} {{ own }}'}}\n"
    loaded = based.load(text, {"own.yaml": "vars: {own: mine}\n"})
    assert loaded.project.policy == {"max_cost": 5, "max_renders": 10}
    assert [where(d)[0] for d in loaded.diagnostics] == ["../shared/more.yaml"]
    body = loaded.requests["v"].body
    assert (body["voice_id"], body["script"]) == ("more", "More mine")


@pytest.mark.parametrize(
    ("base", "codes"),
    [
        ("videos: {v: {script: Hi.}}", ["VB253"]), ("[1]", ["VB254"]), ("", []),
        ("a: [", ["VB110"]),
        ("vars: {each: 1}", ["VB252"]), ("defaults: {vars: {omit: 1}}", ["VB252"]),
        ("profiles: {'a b': {}}", ["VB268"]), ("profiles: {a: {sets: {}}}", ["VB253"]),
        ("policy: {max_costs: 1}", ["VB253"]), ("policy: {max_cost: -1}", ["VB254"]),
        ("policy: {lint: {ignore: [x]}}", ["VB254"]), ("provider: studio", ["VB253"]),
    ],
)  # fmt: skip
def test_bad_bases(based: Folder, shared: Path, base: str, codes: list[str]) -> None:
    (shared / "brand.yaml").write_text(base)
    found = based.found(BASED + "videos: {}\n")
    assert [d.code for d in found] == codes
    assert {where(d)[0] for d in found} <= {"../shared/brand.yaml"}
    assert all(d.hint for d in found)


@pytest.mark.parametrize("base", ["[1]", "['none.yaml']", "brand:brand.yaml", "['../x.yaml']"])
def test_bases_that_are_not_there(based: Folder, base: str) -> None:
    found = based.one(f"{ROOTS}base: {base}\nvideos: {{}}\n")
    assert where(found)[:2] == ("vidbuild.yaml", 5)
    assert found.hint


def test_a_project_in_a_worktree(folder: Folder, shared: Path) -> None:
    """`.git` is a file in a worktree; the project is found from a folder below it."""
    (shared.parent / ".git").rmdir()
    (shared.parent / ".git").write_text("gitdir: elsewhere\n")
    folder.write(
        "vidbuild.yaml",
        f"{ROOTS}{DEFAULTS}videos: {{v: {{script: {{file: brand:parts/logo.j2}}}}}}\n",
    )
    (folder.root / "deep").mkdir()
    assert list(load(find_project(folder.root / "deep")).requests) == ["v"]
