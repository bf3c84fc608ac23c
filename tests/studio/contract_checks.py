"""What schemathesis is told about the studio: which refusals of what the schema allows are right.

Loaded by schemathesis itself (SCHEMATHESIS_HOOKS). Beside its own checks, all of them on: a
400 for data that the schema allows needs a reason from outside of the schema, and a video that
breaks a rule between fields must not be taken.
"""

from __future__ import annotations

import json
import re
from typing import Any

import schemathesis
from schemathesis.generation import GenerationMode

from tests.studio.rule_book import broken
from vidbuild.studio.catalogue import catalogue

SPOKEN = re.compile(r"\w")
# What the studio knows more of than the schema, and may refuse for it.
KNOWN = {*catalogue().looks, *catalogue().groups, *catalogue().voices}


@schemathesis.check
def refusals_have_reasons(ctx: Any, response: Any, case: Any) -> None:
    """The other half of `positive_data_acceptance`, which lets every 400 pass here."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    name, status = case.operation.definition.raw["operationId"], response.status_code
    if name == "createVideo":
        _judge_video(case.body, response)
    elif status == 400:
        error = json.loads(response.content)["error"]
        reason = _reason(name, case, error)
        assert reason, f"{name} is refused without a reason: {error}"


def _judge_video(video: Any, response: Any) -> None:
    rules = broken(video)
    if response.status_code < 300:
        assert not rules, f"taken, although broken: {rules}"
    elif response.status_code == 400:
        error, said = json.loads(response.content)["error"], json.dumps(video)
        may = "asset_" in said or any(f'"{each}"' in said for each in KNOWN)
        assert rules or may, f"refused without a reason: {error}"
        assert error["param"] is not None
        assert may or error["code"] == "invalid_parameter"


def _reason(name: str, case: Any, error: dict[str, Any]) -> bool:
    """Whether something may be refused that only the server can know."""
    param, code = error["param"], error["code"]
    match name:
        case "listVideoStatuses":  # at least one id, and at most a hundred
            return param in ("video_ids", "batch_ids")
        case "listAssetStatuses":
            return param in ("asset_ids", "batch_ids")
        case "uploadAsset":  # the bytes say what a file is
            return bool(param == "file")
        case "completeAssetUpload":
            return param in ("content_type", "checksum_sha256")
        case "createSpeech":
            return bool(code == "tts_text_invalid") and not SPOKEN.search(case.body["text"])
        case "createWebhookEndpoint" | "updateWebhookEndpoint":  # no address to deliver to
            return bool(param == "url")
        case _:  # a token of another list, or of none
            return bool(param == "token") and (case.query or {}).get("token") is not None
