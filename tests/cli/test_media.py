"""Local media through the whole command line, with the studio as the provider."""

from __future__ import annotations

from tests.cli.shop import KEY, Shop

HEAD = b"\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10\x08\x02"
PNG = b"\x89PNG\r\n\x1a\n" + HEAD + bytes(64)


def office(shop: Shop, data: bytes = PNG) -> dict[str, object]:
    (shop.folder / "media").mkdir(parents=True, exist_ok=True)
    (shop.folder / "media" / "office.png").write_bytes(data)
    return {"background": {"type": "image", "asset_id": {"file": "media/office.png"}}}


def ids(shop: Shop) -> dict[str, str]:
    """The picture's id in the job of each script."""
    jobs = (job["request"] for job in shop.jobs())
    return {job["script"]: job["background"]["asset_id"] for job in jobs}


def delete_asset(shop: Shop, asset_id: str) -> None:
    url = f"{shop.studio.url}/v3/assets/{asset_id}"
    assert shop.studio.http.delete(url, headers={"x-api-key": KEY}).status_code == 200


def assets(shop: Shop, name: str) -> str:
    found: str = shop.lock()["videos"][name]["assets"]["background.asset_id"]["asset_id"]
    return found


def test_a_file_deleted_at_the_provider_is_uploaded_again(shop: Shop) -> None:
    picture = office(shop)
    shop.write(a={"script": "One.", **picture})
    shop.apply()
    first = ids(shop)["One."]
    shop.write(a={"script": "One.", **picture}, b={"script": "Two.", **picture})
    shop.apply()
    assert set(ids(shop).values()) == {first}
    delete_asset(shop, first)
    shop.write(**{n: {"script": f"{n}.", **picture} for n in "cd"}, a=shop.videos["a"])
    shop.apply()
    found = ids(shop)
    assert found["c."] == found["d."] != first
    assert {assets(shop, name) for name in "acd"} == {found["c."]}
    assert len(shop.jobs()) == 4


def test_a_file_over_the_limit_of_one_request_is_uploaded_all_the_same(shop: Shop) -> None:
    picture = office(shop)
    with (shop.folder / "media" / "office.png").open("r+b") as file:
        file.truncate((32 << 20) + 7)
    shop.write(a={"script": "One.", **picture})
    shop.apply()
    url = f"{shop.studio.url}/v3/assets/{ids(shop)['One.']}"
    found = shop.studio.http.get(url, headers={"x-api-key": KEY}).json()["data"]
    stored = shop.studio.http.get(found["url"])
    assert len(stored.content) == (32 << 20) + 7


def test_a_file_that_is_too_large_for_its_kind_is_refused_before_anything(shop: Shop) -> None:
    picture = office(shop)
    with (shop.folder / "media" / "office.png").open("r+b") as file:
        file.truncate((50 << 20) + 1)
    shop.write(a={"script": "One.", **picture})
    done = shop.run("apply", "-y")
    assert done.returncode == 1
    assert "VB421" in done.stderr
    assert "50 MB" in done.stderr
    assert shop.jobs() == []
