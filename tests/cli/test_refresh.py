"""`plan --refresh`: what the provider says today, as data for the plan; nothing is written."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.cli.shop import KEY, Shop


def delete(shop: Shop, *names: str) -> None:
    """Somebody deletes videos in the provider's own pages."""
    for name in names:
        video_id = shop.lock()["videos"][name]["render"]["video_id"]
        answer = httpx.delete(f"{shop.studio.url}/v3/videos/{video_id}", headers={"x-api-key": KEY})
        assert answer.status_code == 200


def without_files(shop: Shop) -> None:
    for path in (shop.folder / "build").iterdir():
        path.unlink()


def everything(shop: Shop) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(shop.folder.rglob("*")) if p.is_file()}


def calls(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = shop.studio.ledger(KEY)["requests"]
    return {call: n for call, n in found.items() if "_studio" not in call}


def test_a_video_that_is_gone_is_planned_anew(shop: Shop) -> None:
    shop.write(one="First.", two="Second.")
    shop.apply()
    delete(shop, "two")
    assert shop.actions("--refresh") == {"one": "unchanged", "two": "unchanged"}  # the file is good
    without_files(shop)
    before = everything(shop)
    assert shop.actions() == {"one": "fetch", "two": "fetch"}
    assert shop.actions("--refresh") == {"one": "fetch", "two": "rerender"}
    assert everything(shop) == before


def test_a_saved_plan_knows_what_was_seen(shop: Shop) -> None:
    shop.write(one="First.", two="Second.")
    shop.apply()
    delete(shop, "two")
    without_files(shop)
    assert shop.run("plan", "--refresh", "-o", "x.plan").returncode == 0
    for _ in range(2):
        assert shop.run("apply", "x.plan").returncode == 0
        assert shop.scripts() == ["First.", "Second.", "Second."]
    keys = [j["idempotency_key"][-1] for j in shop.jobs() if j["request"]["script"] == "Second."]
    assert sorted(keys) == ["1", "2"]


def test_what_finished_meanwhile_is_fetched(shop: Shop) -> None:
    shop.write(one="First.")
    shop.apply("--no-download")
    (shop.folder / ".vidbuild/state/journal.db").unlink()
    lock = shop.lock()
    entry = lock["videos"]["one"]
    kept = ("account", "attempt", "provider", "video_id")
    entry["render"] = {key: entry["render"][key] for key in kept} | {
        "key": shop.jobs()[0]["idempotency_key"],
        "sent_at": "2026-11-22T10:00:00Z",
        "status": "submitted",
    }
    del entry["check"]
    (shop.folder / "vidbuild.lock").write_text(json.dumps(lock), "utf-8")
    assert shop.actions() == {"one": "resume"}
    assert shop.actions("--refresh") == {"one": "fetch"}
    assert shop.run("plan", "--refresh", "-o", "x.plan").returncode == 0
    assert shop.run("apply", "x.plan").returncode == 0
    render = shop.lock()["videos"]["one"]["render"]
    assert render["status"] == "completed"
    assert render["cost_usd"] > 0
    assert shop.scripts() == ["First."]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_where_nothing_is_found_nothing_is_planned(count: int, shop: Shop) -> None:
    shop.write(**{f"v{i}": f"Script {i}." for i in range(count)})
    shop.apply()
    delete(shop, *shop.videos)
    without_files(shop)
    before = everything(shop)
    done = shop.run("plan", "--refresh", "-o", "x.plan")
    assert (done.returncode, done.stdout) == (5, "")
    assert "another account?" in done.stderr
    assert everything(shop) == before


def test_a_hundred_ids_a_call(shop: Shop) -> None:
    shop.write(**{f"v{i}": "The same." if i < 60 else f"Script {i}." for i in range(61)})
    shop.apply("--no-download")
    lock = shop.lock()
    for i in range(150):  # videos that an earlier apply has left behind
        entry = json.loads(json.dumps(lock["videos"]["v0"]))
        entry["render"]["video_id"] = f"{i:032x}"
        lock["videos"][f"w{i}"] = {**entry, "check": None}
        del lock["videos"][f"w{i}"]["check"]
    (shop.folder / "vidbuild.lock").write_text(json.dumps(lock), "utf-8")
    before = calls(shop)
    assert set(shop.actions("--refresh").values()) == {"fetch", "orphan"}
    after = calls(shop)
    new = {call: n - before.get(call, 0) for call, n in after.items() if n != before.get(call, 0)}
    bulk = next(call for call in new if "status" in call)
    assert new[bulk] == 2
    assert (
        sum(n for call, n in new.items() if call.startswith("GET /v3/videos/")) == 150 + new[bulk]
    )


def test_nothing_recorded_is_nothing_to_ask(shop: Shop) -> None:
    shop.write(one="First.")
    assert shop.actions("--refresh") == {"one": "create"}
    assert shop.jobs() == []


@pytest.mark.parametrize(("key", "code"), [("", 3), ("sk-a-key-of-somebody-else", 3)])
def test_without_a_good_key(key: str, code: int, shop: Shop) -> None:
    shop.write(one="First.")
    shop.apply()
    done = shop.run("plan", "--refresh", key=key)
    assert (done.returncode, done.stdout) == (code, "")
    assert "hint:" in done.stderr


def test_the_key_of_another_account_asks_about_no_video(shop: Shop) -> None:
    shop.write(one="First.")
    shop.apply()
    lock = shop.lock()
    lock["videos"]["one"]["render"]["account"] = "0123456789ab"
    del lock["videos"]["one"]["check"]
    (shop.folder / "vidbuild.lock").write_text(json.dumps(lock), "utf-8")
    before = calls(shop)
    done = shop.run("plan", "--refresh")
    assert (done.returncode, "VB515" in done.stderr) == (5, True)
    after = calls(shop)
    assert [call for call in after if after[call] != before.get(call, 0)] == ["GET /v3/users/me"]
