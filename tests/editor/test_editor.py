"""What people see in an editor: the YAML language server on project files with our schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.editor.language_server import PROGRAM, LanguageServer, Underlined
from vidbuild.schema.api import bundled

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "tests/editor/acme.yaml", *sorted(ROOT.glob("examples/*/vidbuild.yaml"))]
LINE = "# yaml-language-server: $schema=./vidbuild.schema.json\n"
HEAD = f"{LINE}vidbuild: 1\nproject: p\n"


UNWRITTEN = [
    "defaults:\n",
    "vars:\ninclude:\nvideos:\nprofiles:\npolicy:\noutput:\napi:\n",
    "profiles:\n  draft:\n    set:\n",
    "policy:\n  max_cost:\n  max_renders:\n",
    "videos: {a: {tags: one, for_each: , script: , background: , protect: , revision: }}\n",
    "videos: {a: {remove_background: '{{ cut }}', voice_settings: {speed: '{{ s }}'}}}\n",
    "videos: {a: {background: '{{ backgrounds[0] }}', resolution: '{{ size }}'}}\n",
    "videos: {a: {type: '{% if x %}image{% else %}avatar{% endif %}', image: {}}}\n",
    "videos: {a: {for_each: [{n: 1}], name: 'a-{{ each.n }}', audio_asset_id: {file: a}}}\n",
    "x-anchors: &a {voice_id: v}\ndefaults: {<<: *a, x-note: n}\n",
]
MISTAKES = [
    ("deafults: {}\n", "deafults", "not allowed"),
    ("defaults: {avatarid: a}\n", "avatarid", "not allowed"),
    ("videos: {a: {scirpt: x}}\n", "scirpt", "not allowed"),
    ("videos: {a: {resolution: 1080}}\n", "1080", '"4k", "1080p", "720p"'),
    ("videos: {a: {background: {type: colour}}}\n", "colour", '"color", "image"'),
    ("videos: {a: {background: {colour: red}}}\n", "colour", "not allowed"),
    ("videos: {a: {voice_settings: {sped: 1}}}\n", "sped", "not allowed"),
    ("videos: {a: {voice_settings: {speed: 9}}}\n", "9", "maximum of 1.5"),
    ("videos: {a: {type: image, avatar_id: x}}\n", "avatar_id", "not allowed"),
    ("videos: {a: {engine: {type: avatar_vi}}}\n", "avatar_vi", '"avatar_iv"'),
    ("videos: {a: {script: {path: x}}}\n", "path", "not allowed"),
    ("videos: {a: {remove_background: 'yes'}}\n", "'yes'", "nor a template"),
    ("videos: {a: {for_each: {fil: x}}}\n", "fil", "not allowed"),
    ("videos: {a: {for_each: {matrix: {n: [1]}, where: x}}}\n", "where", "not allowed"),
    ("videos: {a: {overrides: [{wen: x, set: {}}]}}\n", "wen", "not allowed"),
    ("vars: {a: {file: x, kay: b}}\n", "kay", "not allowed"),
    ("provider: heygn\n", "heygn", '"heygen", "studio"'),
    ("profiles: {draft: {sett: {}}}\n", "sett", "not allowed"),
    ("output: {files: [videos]}\n", "videos", '"video", "subtitle", "thumbnail"'),
]
KEYS = [
    ("vidbuild:", "version of this file's format"),
    ("project:", "part of what keeps a video"),
    ("provider:", "`heygen`"),
    ("defaults:", "Fields of all videos"),
    ("avatar_id:", "The look to show"),
    ("resolution:", "`1080p`"),
    ("background:", "What stands behind the figure"),
    ("color,", "Allowed Values"),
    ("welcome:", "one for each row"),
    ("script:", "What the voice says"),
    ("for_each:", "one video for each row"),
    ("matrix:", "every combination"),
    ("overrides:", "some rows only"),
    ("voice_settings:", "How the script is spoken"),
    ("locale:", "The accent"),
    ("product:", "A value for templates"),
    ("private:", "Keeps the texts out"),
    ("draft:", "Settings for one use"),
    ("max_cost:", "Dollars an apply may cost"),
    ("keep_history:", "Earlier renders"),
]
OFFERED = [
    ("", {"provider", "vars", "defaults", "include", "videos", "profiles", "policy"}),
    ("provider: ", {"heygen", "studio"}),
    ("defaults:\n  ", {"type", "avatar_id", "script", "resolution", "tags", "private"}),
    ("videos:\n  a:\n    ", {"script", "for_each", "overrides", "engine", "scenes"}),
    ("videos:\n  a:\n    type: ", {"avatar", "image", "cinematic_avatar", "studio"}),
    ("videos:\n  a:\n    resolution: ", {"4k", "1080p", "720p"}),
    ("videos:\n  a:\n    remove_background: ", {"true", "false"}),
    ("videos:\n  a:\n    background:\n      ", {"type", "value", "url", "asset_id"}),
    ("videos:\n  a:\n    background:\n      type: ", {"color", "image"}),
    ("videos:\n  a:\n    engine:\n      type: ", {"avatar_iii", "avatar_iv", "avatar_v"}),
    ("videos:\n  a:\n    engine:\n      type: avatar_v\n      ", {"reference_look_id"}),
    ("videos:\n  a:\n    script:\n      ", {"file"}),
    ("videos:\n  a:\n    for_each:\n      ", {"file", "matrix", "types", "where"}),
    ("videos:\n  a:\n    overrides:\n      - ", {"when", "set"}),
    ("videos:\n  a:\n    overrides:\n      - set:\n          ", {"script", "tags"}),
    ("profiles:\n  draft:\n    ", {"provider", "set", "output"}),
    ("output:\n  files:\n    - ", {"video", "subtitle", "thumbnail"}),
    ("policy:\n  ", {"max_cost", "max_renders", "lint"}),
]


class Editor:
    """A folder with the schema in it, and a language server with a file for each text."""

    def __init__(self, folder: Path, texts: Iterable[str]) -> None:
        self.server = LanguageServer()
        self.files: dict[str, Path] = {}
        (folder / "vidbuild.schema.json").write_bytes(bundled("vidbuild.schema.json").read_bytes())
        for number, text in enumerate(texts):
            self.files[text] = path = folder / f"{number}.yaml"
            path.write_text(text, encoding="utf-8")
            self.server.open(path)

    def underlined(self, text: str) -> list[Underlined]:
        return self.server.underlined(self.files[text])

    def offered(self, before: str) -> dict[str, str]:
        """What is offered behind a text, with its description."""
        lines = before.split("\n")
        found = self.server.completions(self.files[before], len(lines) - 1, len(lines[-1]))
        return {label: str(each.get("documentation", "")) for label, each in found.items()}

    def hover(self, text: str, word: str) -> str:
        before = text[: text.index(word)].split("\n")
        return self.server.hover(self.files[text], len(before) - 1, len(before[-1]) + 1)


def shown(file: Path) -> str:
    """A file's text with the line that names the schema."""
    return LINE + file.read_text(encoding="utf-8").removeprefix(LINE)


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    assert PROGRAM.exists(), "run `make test`, which installs the language server first"
    texts = [*UNWRITTEN, *(text for text, _, _ in MISTAKES), *(text for text, _ in OFFERED)]
    made = Editor(
        tmp_path_factory.mktemp("project"), [*map(shown, FILES), *(HEAD + text for text in texts)]
    )
    yield made
    made.server.close()


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.parent.name)
def test_nothing_is_underlined_in_a_right_file(editor: Editor, file: Path) -> None:
    assert editor.underlined(shown(file)) == []


@pytest.mark.parametrize("text", UNWRITTEN)
def test_nor_where_a_value_is_a_template_or_not_written_yet(editor: Editor, text: str) -> None:
    assert editor.underlined(HEAD + text) == []


@pytest.mark.parametrize(("text", "marked", "words"), MISTAKES)
def test_a_mistake_is_underlined_where_it_stands(
    editor: Editor, text: str, marked: str, words: str
) -> None:
    found = editor.underlined(HEAD + text)
    assert [each.text for each in found if words in each.message] == [marked], found
    assert len(found) <= 2, found


@pytest.mark.parametrize(("word", "words"), KEYS)
def test_hover_says_what_a_key_is(editor: Editor, word: str, words: str) -> None:
    assert words in editor.hover(shown(FILES[0]), word)


@pytest.mark.parametrize(("before", "offered"), OFFERED)
def test_names_and_choices_are_offered(editor: Editor, before: str, offered: set[str]) -> None:
    assert offered <= editor.offered(HEAD + before).keys()


def test_what_is_offered_is_described(editor: Editor) -> None:
    for name, description in editor.offered(HEAD + "videos:\n  a:\n    ").items():
        assert description, name
