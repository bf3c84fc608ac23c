"""Two tools that compare what is wanted with what is there, set up as their manuals say.

octoDNS: one zone of as many records, kept by its YAML provider on both sides, one record edited;
`octodns-sync` without `--doit` says what it would change. ninja: as many targets, each copied
from a file of its own, all built and logged; `ninja -n` finds nothing to do.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ZONE = "bench.test."
SYNC = """\
providers:
  wanted:
    class: octodns.provider.yaml.YamlProvider
    directory: ./wanted
    default_ttl: 3600
  present:
    class: octodns.provider.yaml.YamlProvider
    directory: ./present
    default_ttl: 3600
zones:
  bench.test.:
    sources: [wanted]
    targets: [present]
"""
RECORDS = (
    "host-{n:06}:\n  ttl: 300\n  type: A\n  values:\n  - 192.0.2.{byte}\n  - 198.51.100.{byte}\n",
    "host-{n:06}:\n  ttl: 300\n  type: CNAME\n  value: target-{n}.example.com.\n",
    "host-{n:06}:\n  ttl: 300\n  type: A\n  value: 192.0.2.{byte}\n",
    "host-{n:06}:\n  ttl: 300\n  type: TXT\n  value: verification of host {n}\n",
)


def records(folder: Path, count: int) -> None:
    """A zone of `count` records on both sides, and a configuration to compare them."""
    for side in ("wanted", "present"):
        (folder / side).mkdir(parents=True, exist_ok=True)
        (folder / side / f"{ZONE}yaml").write_text(_zone(count, None), encoding="utf-8")
    (folder / "config.yaml").write_text(SYNC, encoding="utf-8")


def edit_record(folder: Path, count: int, edited: int) -> None:
    """One record is wanted otherwise than it is."""
    (folder / "wanted" / f"{ZONE}yaml").write_text(_zone(count, edited), encoding="utf-8")


def targets(folder: Path, count: int, ninja: Path) -> None:
    """`count` targets, built once by ninja itself so that its log is right."""
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(count):
        file = folder / "src" / f"{n % 40:02}" / f"{n:06}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{n}\n", encoding="utf-8")
    (folder / "build.ninja").write_text("\n".join(_edges(count)) + "\n", encoding="utf-8")
    subprocess.run([ninja, "-C", folder, "--quiet"], check=True)


def version(tool: Path) -> str:
    """The version that a tool says it has, the number alone."""
    done = subprocess.run([tool, "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout)
    return found[0] if found else "of unknown version"


def _zone(count: int, edited: int | None) -> str:
    texts = []
    for n in range(count):
        text = RECORDS[n % len(RECORDS)].format(n=n, byte=n % 250 + 1)
        texts.append(text.replace("ttl: 300", "ttl: 600") if n == edited else text)
    return "---\n" + "".join(texts)


def _edges(count: int) -> Iterator[str]:
    yield "rule copy\n  command = cp $in $out\n"
    for n in range(count):
        place = f"{n % 40:02}/{n:06}"
        yield f"build out/{place}.mp4: copy src/{place}.txt"
