"""Keeps what was measured: a JSON file, and the tables in docs/performance.md."""

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.section import Section

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "bench" / "report.json"
PAGE = ROOT / "docs" / "performance.md"


def write_report(name: str, section: Section, path: Path = REPORT) -> None:
    """Put a section into the JSON report, next to those of earlier runs."""
    report: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    report[name] = asdict(section) | {"machine": machine()}
    path.write_text(json.dumps(report, indent=1) + "\n")


def write_page(name: str, section: Section, path: Path = PAGE) -> None:
    """Put a section's table between its markers on the page. Raises ValueError without them."""
    begin, end = f"<!-- bench {name} begin -->", f"<!-- bench {name} end -->"
    page = path.read_text(encoding="utf-8")
    head, found, rest = page.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{path.name} lacks the markers of the section {name}")
    body = f"\n{section.markdown()}\n\nMeasured on {machine()}.\n"
    path.write_text(f"{head}{begin}{body}{end}{tail}", encoding="utf-8")


def machine() -> str:
    """What the measurements were made on."""
    return f"{os.cpu_count()} × {platform.machine()}, CPython {platform.python_version()}"
