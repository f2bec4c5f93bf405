"""A gate for others: JUnit for CI servers, summary, annotations and outputs for GitHub."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from evalyard.cli.session import Session
from evalyard.models import Gate, GateSeries

_ANNOTATIONS = 10
_BAD = ("fail", "no_data", "inconclusive")
_GOOD = ("pass", "new")


def junit(found: Gate) -> str:
    """One test case a series and metric."""
    cases = [_case(series) for series in found.series]
    failed = sum(series.verdict == "fail" for series in found.series)
    skipped = sum(series.verdict not in ("fail", *_GOOD) for series in found.series)
    head = f'tests="{len(cases)}" failures="{failed}" skipped="{skipped}"'
    body = "\n".join(cases)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuite name="evalyard gate: {found.verdict}" {head}>\n{body}\n</testsuite>\n'
    )


def github(session: Session, found: Gate) -> None:
    """Append to the files that GitHub names; at most 10 annotations, the gravest first."""
    _append("GITHUB_STEP_SUMMARY", f"### Evalyard: {found.verdict}\n\n{found.markdown}\n")
    _append("GITHUB_OUTPUT", f"verdict={found.verdict}\nurl={session.ev.target.url}/\n")
    bad = sorted(
        (series for series in found.series if series.verdict in _BAD),
        key=lambda series: _BAD.index(series.verdict),
    )
    for series in bad[:_ANNOTATIONS]:
        level = "error" if series.verdict == "fail" else "warning"
        session.warn(f"::{level} title=Evalyard::{_command(_sentence(series))}")


def label(key: Mapping[str, Any]) -> str:
    """A series in a few words; what its runs do not say is left out."""
    return ", ".join(str(value) for value in key.values() if value is not None) or "all"


def _case(series: GateSeries) -> str:
    name = quoteattr(f"{series.metric}")
    where = quoteattr(label(series.key))
    inner = ""
    if series.verdict == "fail":
        inner = f"<failure>{escape(_sentence(series))}</failure>"
    elif series.verdict not in _GOOD:
        inner = f"<skipped message={quoteattr(_sentence(series))}/>"
    return f"  <testcase classname={where} name={name}>{inner}</testcase>"


def _sentence(series: GateSeries) -> str:
    change = "" if series.delta_pct is None else f" {series.delta_pct:+.1f} %"
    runs = f"{series.n_a} and {series.n_b} runs"
    return f"{label(series.key)}: {series.metric}{change}: {series.verdict} ({runs})"


def _command(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
