"""`--expect`: today's digest, or that of an unfinished apply of which the rest is left."""

from __future__ import annotations

import pytest

from tests.cli.shop import Shop

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes.fromhex(
    "0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def begun(shop: Shop) -> str:
    """An apply of two videos of which one could not be sent; its digest."""
    shop.write()
    (shop.folder / "office.png").write_bytes(PICTURE)
    scene = {"type": "image", "asset_id": {"file": "office.png"}}
    shop.write(one="First.", two={"script": "Second.", "background": scene})
    digest = shop.digest()
    saved = shop.run("plan", "-o", "x.plan")
    assert saved.returncode == 0, saved.stderr
    (shop.folder / "office.png").write_bytes(PICTURE + b"altered")
    done = shop.run("apply", "x.plan", "--expect", digest)
    assert done.returncode == 6, done.stderr
    (shop.folder / "office.png").write_bytes(PICTURE)
    return digest


def test_the_rest_of_an_unfinished_apply_is_what_was_expected(shop: Shop) -> None:
    digest = begun(shop)
    assert shop.digest() != digest
    shop.apply("--expect", digest)
    assert shop.scripts() == ["First.", "Second."]
    # It has finished: the digest has had its day.
    assert shop.run("apply", "-y", "--expect", digest).returncode == 7
    assert shop.run("apply", "x.plan").returncode == 0


def test_todays_digest_is_good_as_well_and_in_any_spelling(shop: Shop) -> None:
    begun(shop)
    shop.apply("--expect", shop.digest().removeprefix("sha256:").upper())
    assert shop.scripts() == ["First.", "Second."]


@pytest.mark.parametrize(
    "more",
    [
        {"three": "Third."},
        {"one": "Changed since."},
        {"one": {"script": "First.", "title": "Since"}},
    ],
)
def test_anything_more_than_the_rest_is_7(more: dict[str, object], shop: Shop) -> None:
    digest = begun(shop)
    shop.write(**{**shop.videos, **more})
    before = shop.state()
    done = shop.run("apply", "-y", "--expect", digest)
    assert (done.returncode, "VB722" in done.stderr) == (7, True)
    assert (shop.state(), shop.scripts()) == (before, ["First."])


@pytest.mark.parametrize("digest", ["", "sha256:", "latest", "sha256:" + "0" * 64, "é" * 64])
def test_a_digest_of_nothing_is_7(digest: str, shop: Shop) -> None:
    begun(shop)
    done = shop.run("apply", "-y", "--expect", digest)
    assert (done.returncode, "VB722" in done.stderr) == (7, True)
    assert shop.scripts() == ["First."]


def test_without_the_journal_it_is_unknown(shop: Shop) -> None:
    digest = begun(shop)
    (shop.folder / ".vidbuild/state/journal.db").unlink()
    assert shop.run("apply", "-y", "--expect", digest).returncode == 7
    assert shop.run("apply", "x.plan").returncode == 0
    assert shop.scripts() == ["First.", "Second."]


def test_an_apply_that_does_not_wait_goes_on_under_the_same_digest(shop: Shop) -> None:
    shop.write(one="First.", two="Second.")
    digest = shop.digest()
    shop.apply("--no-wait", "--expect", digest)
    shop.apply("--expect", digest)
    assert shop.scripts() == ["First.", "Second."]
    assert shop.actions() == {"one": "unchanged", "two": "unchanged"}
