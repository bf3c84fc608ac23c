"""A project whose only credential is the login of HeyGen's own client."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.commands import vidbuild
from tests.cli.shop import KEY, Shop


def test_a_login_works_and_is_told_once_before_anything_is_paid(tmp_path: Path, shop: Shop) -> None:
    shop.write(a="One.", b="Two.")
    store = tmp_path / "store"
    store.mkdir()
    (store / "credentials").write_text(json.dumps({"oauth": {"access_token": KEY}}))
    env = {"HEYGEN_API_BASE": shop.studio.url, "HEYGEN_CONFIG_DIR": str(store)}
    done = vidbuild("apply", "-y", cwd=shop.folder, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("VB613") == 1
    assert done.stderr.index("VB613") < done.stderr.index("submitted")
    assert KEY not in done.stdout + done.stderr
    shop.write(a="One.", b="Two.", c="Three.")
    events = vidbuild("apply", "-y", "--json", cwd=shop.folder, env=env)
    assert events.returncode == 0
    assert "VB613" not in events.stderr
    assert shop.scripts() == ["One.", "Three.", "Two."]
