"""What a request costs and how long a text takes to say, from the overlay's dated tables.

Prices are rows of data: type, engine, kind of avatar and size pick one. Nothing is guessed: a
request that no row fits has no price. Learning a voice's own pace is not for here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vidbuild.schema.api import Api
from vidbuild.schema.rules import at, fits

Range = tuple[float, float]
Row = Mapping[str, Any]


def price(
    api: Api, body: Mapping[str, Any], seconds: float | None, *, kind: str | None = None
) -> Range | None:
    """Lowest and highest price in US dollars; None where it is not known.

    `seconds` is the length of the video. `kind` is the avatar's (`photo_avatar`,
    `digital_twin`, `studio_avatar`); without it the range covers all of them.
    """
    rates = api.document.get("x-vidbuild-rates")
    if rates is None:
        return None
    kinds = [kind] if kind and kind in rates["kinds"] else list(rates["kinds"])
    return _over(_priced(rates["rows"], body, seconds, each, rates["assume"]) for each in kinds)


def as_of(api: Api) -> str:
    """The day on which the prices were last seen (ISO 8601); empty without prices."""
    return str(api.document.get("x-vidbuild-rates", {}).get("as_of", ""))


def pace(api: Api, *, locale: str | None = None, text: str = "") -> float:
    """Characters of script a second at speed 1, by the locale's language or the text's letters."""
    table = api.document.get("x-vidbuild-pace", {"default": 14.5})
    languages = table.get("languages", {})
    named = (locale or "").replace("_", "-").split("-")[0].lower()
    language = named if named in languages else _language(table.get("letters", ()), text)
    return float(languages.get(language, table["default"]))


def _priced(
    rows: Iterable[Row],
    body: Mapping[str, Any],
    seconds: float | None,
    kind: str,
    assume: Mapping[str, Any],
) -> Range | None:
    row = next((row for row in rows if _fits(row, body, kind, assume)), None)
    if row is None:
        return None
    if "parts" in row:
        return _parts(row["parts"], body, seconds, kind, assume)
    if "video" in row:
        return _range(row["video"], 1)
    return None if seconds is None else _range(row["second"], seconds)


def _fits(row: Row, body: Mapping[str, Any], kind: str, assume: Mapping[str, Any]) -> bool:
    if kind not in row.get("kinds", [kind]):
        return False
    for field, wanted in row.get("when", {}).items():
        value = at(body, field)
        if not fits(assume.get(field) if value is None else value, wanted):
            return False
    return True


def _parts(
    parts: Row,
    body: Mapping[str, Any],
    seconds: float | None,
    kind: str,
    assume: Mapping[str, Any],
) -> Range | None:
    """How the seconds fall on the parts is not known: from the cheapest part to the dearest."""
    entries = at(body, parts["of"])
    if not isinstance(entries, list):
        return None
    return _over(_priced(parts["rows"], each, seconds, kind, assume) for each in entries)


def _range(amount: Any, times: float) -> Range:
    low, high = amount if isinstance(amount, list) else (amount, amount)
    return (low * times, high * times)


def _over(ranges: Iterable[Range | None]) -> Range | None:
    """The range over several; one unknown makes the whole unknown."""
    known = []
    for each in ranges:
        if each is None:
            return None
        known.append(each)
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def _language(letters: Iterable[Row], text: str) -> str:
    for row in letters:
        if any(row["from"] <= letter <= row["to"] for letter in text):
            return str(row["language"])
    return ""
