"""`--prune` and `--delete-remote`: what is asked, what is refused, what is deleted."""

from __future__ import annotations

import json

import pytest

from tests.cli.commands import vidbuild
from tests.cli.shop import Shop


def two(shop: Shop) -> None:
    """Two videos are rendered, one is left in the project."""
    shop.write(one="First.", two="Second.")
    shop.apply()
    shop.write(one="First.")


def answered(shop: Shop, answers: str, *arguments: str) -> tuple[int, str]:
    """`vidbuild apply` at a terminal where somebody has typed the answers ahead."""
    command = ("apply", "--color", "never", *arguments)
    done = vidbuild(*command, cwd=shop.folder, env=shop.env(), typed=answers)
    return done.returncode, done.stderr


def test_an_orphan_is_kept_until_it_is_pruned(shop: Shop) -> None:
    two(shop)
    assert shop.actions()["two"] == "orphan"
    shop.apply()
    assert set(shop.lock()["videos"]) == {"one", "two"}
    assert shop.actions("--prune")["two"] == "delete"
    shop.apply("--prune", "--expect", shop.digest("--prune"))
    assert set(shop.lock()["videos"]) == {"one"}
    assert sorted(p.name for p in (shop.folder / "build").glob("*.mp4")) == ["one.mp4"]
    assert shop.deleted() == []


def test_it_is_deleted_at_the_provider_on_demand(shop: Shop) -> None:
    two(shop)
    options = ("--prune", "--delete-remote")
    assert shop.digest(*options) != shop.digest("--prune")
    note = "1 video will be deleted at the provider, for good."
    assert note in shop.run("plan", *options).stdout
    assert note not in shop.run("plan", "--prune").stdout
    shop.apply(*options, "--expect", shop.digest(*options))
    assert shop.deleted() == ["Second."]
    assert shop.run("plan", "--detailed-exitcode").returncode == 0


def test_by_a_saved_plan(shop: Shop) -> None:
    two(shop)
    assert shop.run("plan", "--prune", "--delete-remote", "-o", "x.plan").returncode == 0
    for _ in range(2):
        assert shop.run("apply", "x.plan").returncode == 0
        assert shop.deleted() == ["Second."]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--prune"], 64, "VB721"),
        (["--prune", "-y"], 64, "--expect"),
        (["--prune", "--delete-remote", "-y"], 64, "--expect"),
        (["--prune", "--expect", "DIGEST"], 64, "-y"),
        (["--delete-remote", "-y"], 64, "VB717"),
        (["--prune", "--delete-remote", "-y", "--expect", "DIGEST"], 7, "VB722"),
        (["--prune", "-y", "--expect", "0"], 7, "VB722"),
    ],
)
def test_without_a_terminal_only_a_digest_or_a_saved_plan_deletes(
    arguments: list[str], code: int, said: str, shop: Shop
) -> None:
    two(shop)
    before, digest = shop.state(), shop.digest("--prune")
    done = shop.run("apply", *(digest if a == "DIGEST" else a for a in arguments))
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert shop.state() == before
    assert shop.deleted() == []


@pytest.mark.parametrize(
    ("answers", "arguments", "code", "deleted"),
    [
        ("yes\nyes\n", [], 0, ["Second."]),
        ("yes\nno\n", [], 5, []),
        ("no\n", [], 5, []),
        ("yes\n", ["-y"], 0, ["Second."]),  # deleting is asked about all the same
        ("y\n", ["-y"], 5, []),
    ],
)
def test_at_a_terminal_deleting_is_a_question_of_its_own(
    answers: str, arguments: list[str], code: int, deleted: list[str], shop: Shop
) -> None:
    two(shop)
    shop.write(one="First.", three="Third.")
    found, said = answered(shop, answers, "--prune", "--delete-remote", *arguments)
    assert found == code, said
    assert ("Render 1 video" in said) is (not arguments)
    assert ("Forget 1 video with the local files, and delete 1 at the provider" in said) is (
        answers != "no\n"
    )
    assert shop.deleted() == deleted
    assert shop.scripts() == ["First.", "Second.", *(["Third."] if code == 0 else [])]


@pytest.mark.parametrize(
    ("policy", "protect", "said"),
    [("{max_deletes: 0}", False, "VB713"), ("{}", True, "VB714")],
)
def test_refused_by_policy_and_protection(
    policy: str, protect: bool, said: str, shop: Shop
) -> None:
    shop.more = f"policy: {policy}\n"
    shop.write(one="First.", two={"script": "Second.", "protect": protect})
    shop.apply()
    shop.write(one="First.")
    before = shop.state()
    options = ("--prune", "--delete-remote")
    digest = shop.digest(*options)
    done = shop.run("apply", *options, "-y", "--expect", digest)
    assert (done.returncode, said in done.stderr) == (5, True)
    assert (shop.state(), shop.deleted()) == (before, [])
    if not protect:
        shop.apply(*options, "--expect", digest, "--allow", "max_deletes=1")
        assert shop.deleted() == ["Second."]


def test_what_another_profile_has_is_not_deleted(shop: Shop) -> None:
    shop.more = "profiles: {ci: {}}\n"
    two(shop)
    shop.write(one="First.", two="Second.")
    shop.apply("-p", "ci")
    shop.write(one="First.")
    options = ("--prune", "--delete-remote")
    shop.apply(*options, "--expect", shop.digest(*options))
    assert set(shop.lock()["videos"]) == {"one"}
    assert shop.deleted() == []


def test_a_selection_limits_what_is_deleted(shop: Shop) -> None:
    two(shop)
    shop.write()
    options = ("--prune", "--delete-remote", "-s", "action:delete,t*")
    shop.apply(*options, "--expect", shop.digest(*options))
    assert shop.deleted() == ["Second."]
    assert set(shop.lock()["videos"]) == {"one"}


def test_the_events_name_the_ids(shop: Shop) -> None:
    two(shop)
    video_id = shop.lock()["videos"]["two"]["render"]["video_id"]
    assert shop.run("plan", "--prune", "--delete-remote", "-o", "x.plan").returncode == 0
    events = [json.loads(line) for line in shop.run("apply", "x.plan", "--json").stdout.split("\n")
              if line]  # fmt: skip
    (deleted,) = [event for event in events if event["event"] == "deleted"]
    assert (deleted["name"], deleted["video_ids"]) == ("two", [video_id])


def test_with_the_key_of_another_account_nothing_is_deleted(shop: Shop) -> None:
    two(shop)
    lock = shop.lock()
    for entry in lock["videos"].values():
        entry["render"]["account"] = "0123456789ab"
        del entry["check"]
    (shop.folder / "vidbuild.lock").write_text(json.dumps(lock), "utf-8")
    (shop.folder / ".vidbuild/state/journal.db").unlink()
    options = ("--prune", "--delete-remote")
    done = shop.run("apply", *options, "-y", "--expect", shop.digest(*options))
    assert (done.returncode, "VB515" in done.stderr) == (5, True)
    assert shop.deleted() == []
