"""Video -> request: scripts normalised, nulls out, what must not change the fingerprint."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.project.authoring import Folder, where
from vidbuild.request.normalise import normalise_script


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Hello.", "Hello."), ("", ""), (" \n\t ", ""), ("a  b\tc", "a b c"), ("a\u00a0 b", "a b"),
        ("a \n b", "a\n b"), ("a\r\nb\rc", "a\nb\nc"), ("a\n\n\n\nb", "a\n\nb"),
        ("a\n \n \t\n\nb", "a\n\nb"), ("\n\na\n\n", "a"), ("e\u0301", "é"),
        ("a\x0bb\x0cc", "a b c"),
        ("a\x1cb", "a b"), ("a\u2028b", "a b"), ("a  ", "a"), ("東京\u3000駅", "東京 駅"),
    ],
)  # fmt: skip
def test_scripts(written: str, normal: str) -> None:
    assert normalise_script(written) == normal


@given(st.text(alphabet=st.sampled_from("ab \n\t\r\xa0e\u0301\u2028\x0b"), max_size=20) | st.text())
def test_normal_is_normal(text: str) -> None:
    once = normalise_script(text)
    assert normalise_script(once) == once
    assert once == unicodedata.normalize("NFC", once)
    assert "  " not in once
    assert "\n\n\n" not in once
    assert " \n" not in once
    assert once == once.strip()


BASE = """
vars: {product: Acme}
videos:
  v:
    title: Hello
    script: Hello, {{ product }}.
    resolution: 720p
    background: {type: color, value: "#101820"}
"""
SAME = {
    "comments": BASE.replace("title: Hello", "title: Hello  # really"),
    "order": BASE.replace("    resolution: 720p\n", "").replace(
        "    title: Hello\n", "    resolution: 720p\n    title: Hello\n"
    ),
    "quotes": BASE.replace("script: Hello, {{ product }}.", 'script: "Hello, {{ product }}."'),
    "a block": BASE.replace(
        "script: Hello, {{ product }}.", "script: |\n      Hello, {{ product }}."
    ),
    "blanks": BASE.replace("script: Hello, ", "script: '  Hello,   ").replace("}}.", "}}. '"),
    "a title": BASE.replace("title: Hello", "title: Bye"),
    "a default": BASE + "    output_format: mp4\n",
    "a null": BASE + "    callback_url: ~\n",
    "an empty object": BASE + "    voice_settings: {}\n",
    "a file": BASE.replace("script: Hello, {{ product }}.", "script: {file: s.j2}"),
    "a name": BASE.replace("  v:", "  w:"),
    "a tag": BASE + "    tags: [x]\n    protect: true\n    private: true\n",
    "revision one": BASE + "    revision: 1\n",
    "a layer": BASE.replace(
        "    resolution: 720p\n", "    overrides: [{set: {resolution: 720p}}]\n"
    ),
    "a request": BASE.replace("resolution: 720p", "request: {resolution: 720p}"),
    "line ends": BASE.replace("\n", "\r\n"),
    "a merge": BASE.replace("videos:", "x-b: &b {resolution: 720p}\nvideos:").replace(
        "resolution: 720p\n    back", "<<: *b\n    back"
    ),
}
OTHER = {
    "the script": BASE.replace("Hello, ", "Hi, "),
    "a var": BASE.replace("Acme", "Other"),
    "a field": BASE.replace("720p", "1080p"),
    "a nested field": BASE.replace("#101820", "#101821"),
    "a revision": BASE + "    revision: 2\n",
    "an object": BASE + "    voice_settings: {speed: 0.9}\n",
}


def fingerprint(folder: Folder, text: str) -> str:
    loaded = folder.load(text, {"s.j2": "Hello, {{ product }}.\n"})
    assert not loaded.diagnostics, loaded.diagnostics
    [request] = loaded.requests.values()
    return request.fingerprint


@pytest.mark.parametrize("edit", SAME)
def test_edits_that_render_nothing(folder: Folder, edit: str) -> None:
    assert SAME[edit] != BASE
    assert fingerprint(folder, SAME[edit]) == fingerprint(folder, BASE)


@pytest.mark.parametrize("edit", OTHER)
def test_edits_that_render(folder: Folder, edit: str) -> None:
    assert fingerprint(folder, OTHER[edit]) != fingerprint(folder, BASE)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"d.json": '{"x": "a\\ud83dz"}'}, "half of a character"),
        ({"d.json": '{"x": {"y": "\\udc00"}}'}, "half of a character"),
    ],
)
def test_half_a_character(folder: Folder, files: dict[str, str], words: str) -> None:
    text = "vars: {d: {file: d.json}}\nvideos:\n  v:\n    script: '{{ d.x.y or d.x }}'\n"
    text = text.replace("d.x.y or d.x", "d.x" if "y" not in files["d.json"] else "d.x.y")
    found = folder.one(text, files)
    assert found.code == "VB218"
    assert words in found.message
    assert where(found) == ("vidbuild.yaml", 8, 13)


@pytest.mark.parametrize("number", [".nan", "-.inf", "1e999", "9" * 400])
def test_numbers_that_no_api_takes(folder: Folder, number: str) -> None:
    text = f"videos:\n  v:\n    script: Hi.\n    voice_settings: {{speed: {number}}}\n"
    found = folder.one(text)
    assert found.code == "VB218"
    assert where(found) == ("vidbuild.yaml", 8, 29)


def test_a_name_at_fault_is_pointed_at(folder: Folder) -> None:
    text = "videos:\n  v:\n    script: Hi.\n    background: {type: color, colour: red}\n"
    found = folder.found(text)
    assert ("VB201", 31) in [(d.code, d.span.column) for d in found if d.span]


def test_warnings_come_beside_the_request(folder: Folder) -> None:
    text = 'videos:\n  v:\n    audio_url: "https://x.org/a.mp3"\n    voice_settings: {speed: 0.9}\n'
    loaded = folder.load(text)
    assert list(loaded.requests) == ["v"]
    assert [(d.code, d.severity) for d in loaded.diagnostics] == [("VB249", "warning")]
