"""A project whose only credential is the login of HeyGen's own client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import vidbuild
from tests.cli.shop import KEY, Shop
from tests.report.schemas import WRITER


@pytest.fixture
def env(tmp_path: Path, shop: Shop) -> dict[str, str]:
    """A login alone, as HeyGen's own client keeps it."""
    store = tmp_path / "store"
    store.mkdir()
    (store / "credentials").write_text(json.dumps({"oauth": {"access_token": KEY}}))
    return {"HEYGEN_API_BASE": shop.studio.url, "HEYGEN_CONFIG_DIR": str(store)}


def test_a_login_works_and_is_told_once_before_anything_is_paid(
    env: dict[str, str], shop: Shop
) -> None:
    shop.write(a="One.", b="Two.")
    done = vidbuild("apply", "-y", cwd=shop.folder, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("VB613") == 1
    assert done.stderr.index("VB613") < done.stderr.index("submitted")
    assert KEY not in done.stdout + done.stderr
    shop.write(a="One.", b="Two.", c="Three.")
    events = vidbuild("apply", "-y", "--json", cwd=shop.folder, env=env)
    assert events.returncode == 0
    assert events.stderr.count("VB613") == 1  # beside the events: those have no warnings
    assert shop.scripts() == ["One.", "Three.", "Two."]


def test_measuring_tells_of_a_login_before_it_asks(env: dict[str, str], shop: Shop) -> None:
    shop.write(a="One.", b="Two.")
    command = ("plan", "--measure", "--color", "never")
    asked = vidbuild(*command, cwd=shop.folder, env=env, typed="no\n")
    assert asked.returncode == 5
    said = [asked.stderr.index(words) for words in ("Measuring speaks", "VB613", "Speak 2 texts")]
    assert said == sorted(said)
    done = vidbuild(*command, "-y", cwd=shop.folder, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("VB613") == 1
    # Everything has been heard: nothing is paid for, and there is nothing to say.
    assert "VB613" not in vidbuild(*command, "-y", cwd=shop.folder, env=env).stderr


def test_a_measured_plan_as_a_document_has_it_too(env: dict[str, str], shop: Shop) -> None:
    shop.write(a="One.")
    done = vidbuild("plan", "--measure", "-y", "--json", cwd=shop.folder, env=env)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert not list(WRITER.iter_errors(found))
    assert [each["code"] for each in found["diagnostics"]].count("VB613") == 1
    assert done.stderr.count("VB613") == 1
    assert KEY not in done.stdout + done.stderr
