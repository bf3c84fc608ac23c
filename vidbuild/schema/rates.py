"""What a request costs and how long a text takes to say, from the overlay's dated tables.

Prices are rows of data: type, engine, kind of avatar and size pick one. Nothing is guessed: a
request that no row fits has no price. Learning a voice's own pace is not for here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vidbuild.schema.api import Api
from vidbuild.schema.rules import at, fits

Range = tuple[float, float]
Row = Mapping[str, Any]
Lengths = Sequence[float | None]


def price(
    api: Api,
    body: Mapping[str, Any],
    seconds: float | None,
    *,
    kind: str | None = None,
    lengths: Lengths = (),
) -> Range | None:
    """Lowest and highest price in US dollars; None where it is not known.

    `seconds` is the length of the video, `lengths` those of its scenes where they are known:
    without them their total costs from the cheapest scene's rate to the dearest's. `kind` is
    the avatar's (`photo_avatar`, `digital_twin`, `studio_avatar`); where neither that nor the
    request tells, the range covers all of them.
    """
    rates = api.document.get("x-vidbuild-rates")
    if rates is None:
        return None
    kinds = [kind] if kind and kind in rates["kinds"] else list(rates["kinds"])
    return _priced(_Asked(rates, kinds, seconds, lengths), rates["rows"], body)


def deciding(api: Api) -> frozenset[str]:
    """The members of a request that its price depends on, besides its length."""
    rates = api.document.get("x-vidbuild-rates", {})
    rows = (*rates.get("rows", ()), *rates.get("tells", ()))
    fields = {field for row in rows for field in row.get("when", {})}
    fields |= {row["given"] for row in rates.get("tells", ())}
    return frozenset(field.partition(".")[0] for field in fields)


def tariff(api: Api, body: Mapping[str, Any]) -> Callable[[float], Range] | None:
    """The price of a request by its length, for who asks it of many that differ in their words
    alone. None where the length of the whole does not tell the price."""
    rates = api.document.get("x-vidbuild-rates")
    rows = _rows(rates, rates["rows"], body, rates["kinds"]) if rates is not None else None
    if rows is None or any("parts" in row for row in rows):
        return None
    each = [_range(row["video" if "video" in row else "second"], 1) for row in rows]
    flat = ["video" in row for row in rows]

    def priced(seconds: float) -> Range:
        times = [1 if is_flat else seconds for is_flat in flat]
        lows = [low * many for (low, _), many in zip(each, times, strict=True)]
        highs = [high * many for (_, high), many in zip(each, times, strict=True)]
        return min(lows), max(highs)

    return priced


def unpriced(api: Api, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Which parts of a request have no published price, dotted; `""` is the whole of it."""
    rates = api.document.get("x-vidbuild-rates")
    if rates is None:
        return ("",)
    rows = _rows(rates, rates["rows"], body, rates["kinds"])
    if rows is None:
        return ("",)
    parts = next((row["parts"] for row in rows if "parts" in row), None)
    if parts is None:
        return ()
    entries = at(body, parts["of"])
    return tuple(
        f"{parts['of']}.{number}"
        for number, entry in enumerate(entries if isinstance(entries, list) else ())
        if _rows(rates, parts["rows"], entry, rates["kinds"]) is None
    )


def speech_price(api: Api, seconds: float) -> float | None:
    """US dollars for a text that is spoken by itself; None where that is not known."""
    listed = api.document.get("x-vidbuild-rates", {}).get("speech")
    return None if listed is None else round(float(listed["second"]) * seconds, 6)


def as_of(api: Api) -> str:
    """The day on which the prices were last seen (ISO 8601); empty without prices."""
    return str(api.document.get("x-vidbuild-rates", {}).get("as_of", ""))


def pace(api: Api, *, locale: str | None = None, text: str = "") -> float:
    """Characters of script a second at speed 1, by the locale's language or the text's letters."""
    table = api.document.get("x-vidbuild-pace", _NO_PACES)
    if not (locale or text):
        return float(table["default"])
    languages = table.get("languages", {})
    named = (locale or "").replace("_", "-").split("-")[0].lower()
    language = named if named in languages else _language(table.get("letters", ()), text)
    return float(languages.get(language, table["default"]))


_NO_PACES = {"default": 14.5}


def usual_length(api: Api, body: Mapping[str, Any]) -> float | None:
    """Seconds of a video that has a length and names none, where the API says how long."""
    found = api.document.get("x-vidbuild-lengths", {}).get(body.get("type"))
    return None if found is None else float(found)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of a table beside the request."""

    rates: Row
    kinds: Sequence[str]
    seconds: float | None
    lengths: Lengths = ()


def _priced(asked: _Asked, rows: Sequence[Row], body: Mapping[str, Any]) -> Range | None:
    found = _rows(asked.rates, rows, body, asked.kinds)
    return None if found is None else _over(_by_row(asked, row, body) for row in found)


def _by_row(asked: _Asked, row: Row, body: Mapping[str, Any]) -> Range | None:
    if "parts" in row:
        return _parts(asked, row["parts"], body)
    if "video" in row:
        return _range(row["video"], 1)
    return None if asked.seconds is None else _range(row["second"], asked.seconds)


def _rows(
    rates: Row, rows: Sequence[Row], body: Mapping[str, Any], kinds: Sequence[str]
) -> list[Row] | None:
    """The first row that fits each kind of avatar; None where a kind has none.

    Videos of one project are priced by the same few rows: what was found is remembered.
    """
    memory = _MEMORIES.get((id(rates), id(rows)))
    if memory is None:
        memory = _MEMORIES[id(rates), id(rows)] = _Memory(rates, rows)
    key = (*kinds, *memory.key(body))
    if key not in memory.known:
        memory.known[key] = _find(rates, rows, body, kinds)
    return memory.known[key]


def _find(
    rates: Row, rows: Iterable[Row], body: Mapping[str, Any], kinds: Sequence[str]
) -> list[Row] | None:
    fitting = [row for row in rows if _fits(row, body, rates["assume"])]
    found: list[Row] = []
    for kind in _told(rates, body, kinds):
        row = next((row for row in fitting if kind in row.get("kinds", (kind,))), None)
        if row is None:
            return None
        if row not in found:
            found.append(row)
    return found or None


class _Memory:
    """The rows found before, by the fields whose values, and those whose presence, decide. It
    holds the table itself, so that no other one ever has its `id`."""

    __slots__ = ("_deep", "_flat", "_given", "_table", "known")

    def __init__(self, rates: Row, rows: Sequence[Row]) -> None:
        self._table = (rates, rows)
        tells = rates.get("tells", ())
        fields = sorted({field for row in (*rows, *tells) for field in row.get("when", {})})
        self._flat = [field for field in fields if "." not in field]
        self._deep = [field for field in fields if "." in field]
        self._given = [row["given"] for row in tells]
        self.known: dict[tuple[object, ...], list[Row] | None] = {}

    def key(self, body: Mapping[str, Any]) -> Iterator[object]:
        """What of a request decides."""
        yield from [_plain(value) for value in map(body.get, self._flat)]
        yield from [_plain(at(body, field)) for field in self._deep]
        yield from [at(body, field) is None for field in self._given]


_MEMORIES: dict[tuple[int, int], _Memory] = {}


def _plain(value: Any) -> object:
    """A value as a part of a key; 1 and true are two."""
    return value if value is None or isinstance(value, str) else repr(value)


def _told(rates: Row, body: Mapping[str, Any], kinds: Sequence[str]) -> Sequence[str]:
    """The kinds that the request leaves open: some fields are taken with one kind alone."""
    if len(kinds) > 1:
        for row in rates.get("tells", ()):
            if at(body, row["given"]) is not None and _fits(row, body, rates["assume"]):
                return [str(row["kind"])]
    return kinds


def _fits(row: Row, body: Mapping[str, Any], assume: Mapping[str, Any]) -> bool:
    for field, wanted in row.get("when", {}).items():
        value = at(body, field)
        if not fits(assume.get(field) if value is None else value, wanted):
            return False
    return True


def _parts(asked: _Asked, parts: Row, body: Mapping[str, Any]) -> Range | None:
    """The sum of the parts. Where it is not known how the seconds fall on them, all of the
    seconds at the cheapest part's rate, and at the dearest's."""
    entries = at(body, parts["of"])
    if not isinstance(entries, list):
        return None
    if len(asked.lengths) == len(entries) and None not in asked.lengths:
        each = [replace(asked, seconds=length, lengths=()) for length in asked.lengths]
        pairs = zip(each, entries, strict=True)
        return _sum(_priced(own, parts["rows"], entry) for own, entry in pairs)
    return _over(_priced(asked, parts["rows"], entry) for entry in entries)


def _range(amount: Any, times: float) -> Range:
    low, high = amount if isinstance(amount, list) else (amount, amount)
    return (low * times, high * times)


def _known(ranges: Iterable[Range | None]) -> Iterator[Range]:
    """The ranges, none of them if one is unknown."""
    found = list(ranges)
    yield from (each for each in found if each is not None and None not in found)


def _over(ranges: Iterable[Range | None]) -> Range | None:
    """The range over several; one unknown makes the whole unknown."""
    known = list(_known(ranges))
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def _sum(ranges: Iterable[Range | None]) -> Range | None:
    known = list(_known(ranges))
    return (sum(low for low, _ in known), sum(high for _, high in known)) if known else None


def _language(letters: Iterable[Row], text: str) -> str:
    if not text:
        return ""
    for row in letters:
        if any(row["from"] <= letter <= row["to"] for letter in text):
            return str(row["language"])
    return ""
