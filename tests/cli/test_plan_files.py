"""Saved plans: what is accepted is done and nothing else; the studio's ledger is the oracle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shop import Shop
from vidbuild.request.fingerprint import canonical_json

PLAN = "accepted.plan"


def save(shop: Shop, *arguments: str) -> Path:
    saved = shop.run("plan", "-o", PLAN, *arguments)
    assert saved.returncode == 0, saved.stderr
    return shop.folder / PLAN


def test_a_saved_plan_is_carried_out_without_a_question_and_once(shop: Shop) -> None:
    shop.write(one="First.", two="Second.")
    save(shop)
    assert shop.jobs() == []
    for _ in range(2):  # the second time there is nothing left to do
        assert shop.run("apply", PLAN).returncode == 0
        assert shop.scripts() == ["First.", "Second."]
    assert shop.run("plan", "--detailed-exitcode").returncode == 0


def test_the_plan_counts_and_not_todays_sources(shop: Shop) -> None:
    shop.write(one="First.", two="Second.")
    save(shop)
    shop.write(one="Changed since.", three="New since.")
    assert shop.run("apply", PLAN).returncode == 0
    assert shop.scripts() == ["First.", "Second."]


def test_what_is_done_already_is_skipped(shop: Shop) -> None:
    shop.write(one="First.", two="Second.")
    save(shop)
    shop.apply("-s", "one")
    assert shop.run("apply", PLAN).returncode == 0
    assert shop.scripts() == ["First.", "Second."]


def test_a_rename_a_title_and_a_new_one_in_one_file(shop: Shop) -> None:
    shop.write(old="First.", named={"script": "Second.", "title": "Before"})
    shop.apply()
    shop.write(new="First.", named={"script": "Second.", "title": "After"}, more="Third.")
    document = json.loads(save(shop).read_text("utf-8"))
    assert {c["name"]: c["do"] for c in document["changes"]} == {
        "new": "reuse",
        "named": "update",
        "more": "render",
    }
    assert shop.run("apply", PLAN).returncode == 0
    assert shop.scripts() == ["First.", "Second.", "Third."]
    assert set(shop.lock()["videos"]) == {"new", "named", "more"}
    assert shop.lock()["videos"]["named"]["request"]["title"] == "After"


def test_it_is_stable_to_the_byte_and_replaces_a_plan_whole(shop: Shop) -> None:
    shop.write(one="First.")
    first = save(shop).read_bytes()
    assert save(shop).read_bytes() == first
    assert [p.name for p in shop.folder.iterdir() if "accepted" in p.name] == [PLAN]
    (shop.folder / "empty").write_bytes(b"")
    assert shop.run("plan", "-o", "empty").returncode == 0
    assert shop.run("plan", "-o", "new/folder/x.plan").returncode == 0
    assert (shop.folder / "new/folder/x.plan").read_bytes() == first


@pytest.mark.parametrize("target", ["vidbuild.yaml", "folder", "data.json"])
def test_nothing_else_is_overwritten(target: str, shop: Shop) -> None:
    shop.write(one="First.")
    (shop.folder / "folder").mkdir()
    (shop.folder / "data.json").write_text("{}", "utf-8")
    before = shop.state()
    refused = shop.run("plan", "-o", target)
    assert (refused.returncode, "VB729" in refused.stderr) == (64, True)
    assert shop.state() == before


def test_a_plan_with_errors_saves_nothing(shop: Shop) -> None:
    shop.write(one={"scrpt": "First."})
    assert shop.run("plan", "-o", PLAN).returncode == 1
    assert not (shop.folder / PLAN).exists()


def test_private_text_is_not_in_the_file_and_resolved_anew(shop: Shop) -> None:
    shop.write(one={"script": "Hush, nobody.", "private": True})
    assert b"Hush" not in save(shop).read_bytes()
    assert shop.run("apply", PLAN).returncode == 0
    assert shop.scripts() == ["Hush, nobody."]


@pytest.mark.parametrize(
    "later",
    [
        {"one": {"script": "Other words.", "private": True}},
        {"one": {"script": "Hush.", "private": True, "title": "New"}},
        {"one": {"script": "Hush."}},
        {"one": {"scrpt": "Hush.", "private": True}, "two": "So that there are videos."},
        {"two": "Another."},
    ],
)
def test_private_text_that_has_changed_is_7(later: dict[str, Any], shop: Shop) -> None:
    shop.write(one={"script": "Hush.", "private": True, "title": "Old"})
    save(shop)
    shop.write(**later)
    refused(shop, 7, "VB727")


def refused(shop: Shop, code: int, said: str, *arguments: str) -> None:
    """The saved plan is refused so, and nothing is touched."""
    before, jobs = shop.state(), len(shop.jobs())
    done = shop.run("apply", PLAN, *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert shop.state() == before
    assert len(shop.jobs()) == jobs


def sealed_again(document: dict[str, Any]) -> bytes:
    """A file that was changed by somebody who knows how to make its checksum."""
    rest = {key: value for key, value in document.items() if key != "checksum"}
    checksum = "sha256:" + hashlib.sha256(canonical_json(rest)).hexdigest()
    return json.dumps({**rest, "checksum": checksum}).encode()


def edit(**members: Any) -> Callable[[bytes], bytes]:
    return lambda data: json.dumps({**json.loads(data), **members}).encode()


def forged(**members: Any) -> Callable[[bytes], bytes]:
    return lambda data: sealed_again({**json.loads(data), **members})


BAD_FILES: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "edited by hand": (lambda data: data.replace(b"First.", b"Other."), 7, "VB725"),
    "one byte of the digest": (edit(digest="sha256:" + "0" * 64), 7, "VB725"),
    "one change less": (edit(changes=[]), 7, "VB725"),
    "one change less, with a checksum": (forged(changes=[]), 7, "VB725"),
    "another member, with a checksum": (forged(videos=[]), 7, "VB725"),
    "members lost, with a checksum": (lambda _: sealed_again({"format_version": 1}), 7, "VB725"),
    "nonsense members, with a checksum": (forged(videos={"one": {"media": 5}}), 7, "VB725"),
    "a newer format": (forged(format_version=2), 7, "VB726"),
    "another project": (edit(project="other"), 7, "VB725"),
    "a number for a checksum": (edit(checksum=5), 7, "VB725"),
    "truncated": (lambda data: data[: len(data) // 2], 1, "VB724"),
    "empty": (lambda _: b"", 1, "VB724"),
    "not JSON": (lambda _: b"vidbuild: 1\n", 1, "VB724"),
    "not UTF-8": (lambda _: b"\xff\xfe\x00", 1, "VB724"),
    "a list": (lambda _: b"[1]", 1, "VB724"),
    "infinite": (lambda _: b'{"format_version": Infinity}', 1, "VB724"),
    "deep": (lambda _: b"[" * 100_000, 1, "VB724"),
    "a long number": (lambda _: b'{"checksum": ' + b"9" * 5000 + b"}", 1, "VB724"),
    "a lock": (lambda _: b'{"project": "x", "version": 1, "videos": {}}', 1, "VB724"),
}


@pytest.mark.parametrize(("change", "code", "said"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_refused(
    change: Callable[[bytes], bytes], code: int, said: str, shop: Shop
) -> None:
    shop.write(one="First.")
    path = save(shop)
    path.write_bytes(change(path.read_bytes()))
    refused(shop, code, said)


def test_what_plan_json_prints_is_no_saved_plan(shop: Shop) -> None:
    shop.write(one="First.")
    (shop.folder / PLAN).write_text(shop.run("plan", "--json").stdout, "utf-8")
    refused(shop, 1, "plan -o FILE")


@pytest.mark.parametrize("arguments", [["nowhere.plan"], ["folder"], ["n" * 300]])
def test_a_file_that_is_not_there(arguments: list[str], shop: Shop) -> None:
    shop.write(one="First.")
    (shop.folder / "folder").mkdir()
    done = shop.run("apply", *arguments)
    assert (done.returncode, "VB724" in done.stderr) == (1, True)
    assert not (shop.folder / ".vidbuild").exists()


def test_of_another_project_profile_or_provider(shop: Shop) -> None:
    shop.more = "profiles: {ci: {}, local: {provider: studio}}\n"
    shop.write(one="First.")
    save(shop)
    refused(shop, 7, "VB726", "-p", "ci")
    save(shop, "-p", "ci")
    refused(shop, 7, "repeat with -p ci")
    name, shop.name = shop.name, "other"
    shop.write(one="First.")
    refused(shop, 7, f"project {name}, not for project other", "-p", "ci")
    shop.more = "profiles: {ci: {provider: studio}}\n"
    shop.name = name
    shop.write(one="First.")
    refused(shop, 7, "provider", "-p", "ci")


@pytest.mark.parametrize(
    ("then", "arguments"),
    [
        ({"one": "Another content by now."}, ()),  # an update would have to be a render
        ({}, ("--prune", "--expect", "digest")),  # ... as would what is not in the lock any more
    ],
)
def test_a_plan_that_has_become_stale(
    then: dict[str, str], arguments: tuple[str, ...], shop: Shop
) -> None:
    shop.write(one={"script": "First.", "title": "Before"})
    shop.apply()
    shop.write(one={"script": "First.", "title": "After"})
    save(shop)
    shop.write(**then)
    options = [shop.digest("--prune") if a == "digest" else a for a in arguments]
    shop.apply(*options)
    for file in (".vidbuild/state/journal.db", "vidbuild.lock"):
        if not then:
            (shop.folder / file).unlink()
    if then:
        lock = shop.folder / "vidbuild.lock"
        body = json.loads(lock.read_text("utf-8"))
        del body["videos"]["one"]["history"], body["videos"]["one"]["check"]
        lock.write_text(json.dumps(body), "utf-8")
        (shop.folder / ".vidbuild/state/journal.db").unlink()
    refused(shop, 7, "VB727")


def test_budgets_are_checked_again(shop: Shop) -> None:
    shop.write(one="First.")
    save(shop)
    refused(shop, 5, "VB710", "--max-cost", "0.01")
    shop.more = "policy: {max_renders: 0}\n"
    shop.write(one="First.")
    refused(shop, 5, "VB712")
    assert shop.run("apply", PLAN, "--allow", "max_renders=1").returncode == 0


def test_what_is_protected_since_is_not_replaced(shop: Shop) -> None:
    shop.write(one="First.")
    shop.apply()
    shop.write(one="Second.")
    save(shop)
    shop.write(one={"script": "First.", "protect": True})
    refused(shop, 5, "VB714")


@pytest.mark.parametrize(
    "options", [["-s", "one"], ["--exclude", "one"], ["--prune"], ["--resubmit", "one"],
                ["--delete-remote"]],
)  # fmt: skip
def test_nothing_about_it_can_be_changed(options: list[str], shop: Shop) -> None:
    shop.write(one="First.")
    save(shop)
    refused(shop, 64, "VB728", *options)


def test_an_expected_digest_is_the_plans(shop: Shop) -> None:
    shop.write(one="First.")
    digest = json.loads(save(shop).read_text("utf-8"))["digest"]
    refused(shop, 7, "VB722", "--expect", "sha256:" + "0" * 64)
    assert shop.run("apply", PLAN, "--expect", digest).returncode == 0


def test_a_selection_is_saved_with_it(shop: Shop) -> None:
    shop.write(one="First.", two="Second.")
    save(shop, "-s", "one")
    assert shop.run("apply", PLAN).returncode == 0
    assert shop.scripts() == ["First."]


def test_without_downloads(shop: Shop) -> None:
    shop.write(one="First.")
    save(shop, "--no-download")
    assert shop.run("apply", PLAN).returncode == 0
    assert not (shop.folder / "build").exists()


def test_local_media_are_sent_as_they_were_planned(shop: Shop) -> None:
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
        "0000000d49444154789c6360f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
    shop.write(one="First.")
    (shop.folder / "office.png").write_bytes(picture)
    scene = {"type": "image", "asset_id": {"file": "office.png"}}
    shop.write(one={"script": "First.", "background": scene})
    document = json.loads(save(shop).read_text("utf-8"))
    stray = document["videos"]["one"]
    stray["media"]["background.asset_id"]["file"] = "../../office.png"
    saved = (shop.folder / PLAN).read_bytes()
    (shop.folder / PLAN).write_bytes(sealed_again(document))
    refused(shop, 7, "outside the project")
    (shop.folder / PLAN).write_bytes(saved)
    (shop.folder / "office.png").write_bytes(picture + b"changed")
    assert shop.run("apply", PLAN).returncode == 6
    assert shop.jobs() == []
    (shop.folder / "office.png").write_bytes(picture)
    assert shop.run("apply", PLAN).returncode == 0
    assert shop.scripts() == ["First."]
