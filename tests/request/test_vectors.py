"""Golden vectors: the bytes and fingerprints that name what people have paid for.

`vectors.json` is only ever added to. A line that no longer holds means that an upgrade would
render every video of every user anew.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from vidbuild.request.fingerprint import canonical_json, fingerprint
from vidbuild.schema.api import load_api
from vidbuild.schema.canonical import content

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="ascii"))


def named(kind: str) -> list[Any]:
    return [pytest.param(each, id=each["what"]) for each in VECTORS[kind]]


@pytest.mark.parametrize("vector", named("canonical"))
def test_bytes(vector: dict[str, Any]) -> None:
    assert canonical_json(vector["value"]).decode() == vector["bytes"]
    try:
        assert rfc8785.dumps(vector["value"]).decode() == vector["bytes"]
    except rfc8785.IntegerDomainError:  # past 2^53 - 1 it has no opinion: the next double is ours
        assert float(vector["bytes"]) == float(vector["value"])


@pytest.mark.parametrize("vector", named("refused"))
def test_what_no_request_can_hold_has_no_bytes(vector: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        canonical_json(vector["value"])
    with pytest.raises((rfc8785.CanonicalizationError, UnicodeEncodeError)):
        rfc8785.dumps(vector["value"])


@pytest.mark.parametrize("vector", named("requests"))
def test_requests(vector: dict[str, Any]) -> None:
    """From the request as it is written to the name of its content."""
    api = load_api()
    assert api.edition == VECTORS["edition"], "keep the old edition and give it to this test"
    form = content(api, vector["body"])
    assert form == vector["content"]
    how = {"provider": vector["provider"], "operation": api.operation}
    assert fingerprint(form, revision=vector["revision"], **how) == vector["fingerprint"]
    written = {"form": 1, "request": form, **how}
    if vector["revision"] != 1:
        written["revision"] = vector["revision"]
    digest = hashlib.sha256(rfc8785.dumps(written)).hexdigest()
    assert vector["fingerprint"] == f"sha256:{digest}"


def test_every_variant_is_pinned() -> None:
    variants = {vector["body"].get("type") for vector in VECTORS["requests"]}
    assert variants >= set(load_api().request.variants)


def test_same_videos_have_one_fingerprint_and_others_their_own() -> None:
    """Metadata and written-out defaults name the same content; nothing else does."""
    names: dict[str, set[str]] = {}
    for vector in VECTORS["requests"]:
        names.setdefault(vector["fingerprint"], set()).add(vector["what"])
    together = [each for each in names.values() if len(each) > 1]
    assert together == [
        {"the smallest avatar video", "metadata apart", "every default written out"}
    ]
