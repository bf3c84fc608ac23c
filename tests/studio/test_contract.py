"""The studio against its spec file: requests made up from the schema, all answers judged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.studio.studio_kit import served
from vidbuild.schema.api import bundled

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
KEY = "contract"
# `make contract` asks for all of it.
FULL = os.environ.get("CONTRACT") == "full"
EXAMPLES = 30 if FULL else 5
PHASES = "examples,coverage,fuzzing,stateful" if FULL else "examples,fuzzing,stateful"


@pytest.mark.timeout(900 if FULL else 100)
def test_every_answer_is_as_the_spec_says(tmp_path: Path) -> None:
    with served(tmp_path / "studio", "simulated", key=KEY) as (_, url):
        done = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli",
                "--config-file", str(HERE / "contract.toml"),
                "run", str(bundled("heygen-v3.openapi.yaml")), "--url", url,
                "--header", f"x-api-key: {KEY}", "--max-examples", str(EXAMPLES),
                "--phases", PHASES, "--seed", "1", "--checks", "all", "--continue-on-failure",
                "--request-timeout", "30", "--no-color", "--suppress-health-check", "all",
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "SCHEMATHESIS_HOOKS": "tests.studio.contract_checks",
                "PYTHONPATH": str(ROOT),
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
