"""A gate's answer as Markdown, for a pull request or a summary of CI."""

from collections.abc import Mapping
from typing import Any

from shared.usage.gate import GateResult

_MOST_ROWS = 50
_FIRST = ("fail", "no_data", "inconclusive", "new", "pass")
_SAID = {
    "fail": "worse than tolerated",
    "pass": "no worse than tolerated",
    "inconclusive": "not decided by these runs",
    "no_data": "too few runs to say",
    "not_comparable": "not measured under the same conditions",
}


def report(result: GateResult, against: str) -> str:
    """The verdict in a sentence, and a table of the series, those that matter first."""
    series = sorted(result.series(), key=lambda each: _FIRST.index(each["verdict"]))
    counts = ", ".join(f"{n} {verdict}" for verdict, n in sorted(result.counts().items()))
    said = f"**{result.verdict}**: {_SAID[result.verdict]} ({counts or 'no series'}), {against}."
    lines = [said]
    if result.not_alike:
        lines += ["", f"Not the same on both sides: {', '.join(result.not_alike)}."]
    if series:
        lines += ["", *_table(series[:_MOST_ROWS])]
    if len(series) > _MOST_ROWS:
        lines += ["", f"… and {len(series) - _MOST_ROWS} more."]
    return "\n".join(lines) + "\n"


def _table(series: list[dict[str, Any]]) -> list[str]:
    names = [*series[0]["key"], "metric"]
    head = [*names, "baseline", "candidate", "change", "95 % interval", "q", "verdict"]
    rows = [[*_key(each), *_figures(each)] for each in series]
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _key(one: Mapping[str, Any]) -> list[str]:
    return [*("" if value is None else str(value) for value in one["key"].values()), one["metric"]]


def _figures(one: Mapping[str, Any]) -> list[str]:
    interval = one["ci95_pct"]
    ends = "" if interval is None else f"{interval[0]:+.1f} … {interval[1]:+.1f} %"
    change = "" if one["delta_pct"] is None else f"{one['delta_pct']:+.1f} %"
    q = "" if one["q_value"] is None else f"{one['q_value']:.2g}"
    return [_number(one["a"]), _number(one["b"]), change, ends, q, _verdict(one)]


def _verdict(one: Mapping[str, Any]) -> str:
    more = one["more_runs"]
    if more is None:
        return str(one["verdict"])
    return f"{one['verdict']}: {max(more.values())} more runs"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _row(cells: list[str]) -> str:
    """Device names are the users' own; a bar in one would end its cell."""
    escaped = (cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |"
