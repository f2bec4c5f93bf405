"""`usage`, `compare`, `export`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from evalyard.cli import exits
from evalyard.cli.output import as_row, show_one, show_rows
from evalyard.cli.session import Session
from evalyard.cli.words import pairs, window

F = TypeVar("F", bound=Callable[..., Any])
_STATS = ("runs", "errors", "latency_ms.p50", "latency_ms.p95", "ttft_ms.p50", "tok_s.mean")


def windowed(function: F) -> F:
    """With the options of a window and of filters."""
    options = (
        click.option("--window", "last", help="The last such time, as 24h or 7d."),
        click.option("--from", "since", help="Begin, ISO 8601."),
        click.option("--to", "until", help="End, not included."),
        click.option(
            "--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Repeat for any of."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@windowed
@click.option("--by", multiple=True, help="Dimension, or cond.NAME; at most 3.")
@click.option(
    "--top",
    type=click.IntRange(1, 1_000),
    help="Only so many groups, those with the most runs; a last row has all others.",
)
@click.pass_obj
def usage(
    session: Session,
    last: str | None,
    since: str | None,
    until: str | None,
    filters: Sequence[str],
    by: Sequence[str],
    top: int | None,
) -> int:
    """Show statistics of runs; of the last 24 hours where no window is given.

    \b
    evalyard usage --by device --by model --window 7d
    evalyard usage --filter model=llama3-8b --filter cond.quant=Q4_K_M
    """
    chosen = window(last, since, until)
    if not by:
        summary = session.ev.usage.summary(window=chosen, **pairs(filters))
        show_one(session, summary, (*_STATS, "devices", "models", "total_tokens"))
        return exits.GOOD if summary.runs else exits.NO_DATA
    table = session.ev.usage.query(
        group_by=",".join(by).split(","), top=top, window=chosen, **pairs(filters)
    )
    rows = [{**as_row(each)["key"], **as_row(each)} for each in table.breakdown]
    names = list(rows[0]["key"]) if rows else list(by)
    # The others have no name, as a group may have none; only they have a number of groups.
    show_rows(session, rows, (*names, *_STATS, *(("groups",) if top else ())))
    return exits.GOOD if rows else exits.NO_DATA


@click.command()
@click.option("-a", "a_filters", multiple=True, metavar="NAME=VALUE", help="Filter of side a.")
@click.option("-b", "b_filters", multiple=True, metavar="NAME=VALUE", help="Filter of side b.")
@click.option("--a-window", help="As 7d.")
@click.option("--b-window", help="As 24h.")
@click.option("--min-effect", type=float, help="In percent of a's mean.")
@click.pass_obj
def compare(
    session: Session,
    a_filters: Sequence[str],
    b_filters: Sequence[str],
    a_window: str | None,
    b_window: str | None,
    min_effect: float | None,
) -> int:
    """Compare two sets of runs; today with yesterday where nothing is given.

    \b
    evalyard compare -a tag=cpu -b tag=opencl --a-window 7d --b-window 7d
    """
    found = session.ev.usage.compare(
        pairs(a_filters),
        pairs(b_filters),
        a_window=window(a_window, None, None),
        b_window=window(b_window, None, None),
        min_effect_pct=min_effect,
    )
    columns = ("metric", "a", "b", "delta_pct", "p_value", "verdict", "n_a", "n_b")
    if session.format in ("json", "jsonl"):
        show_one(session, found, ())
    else:
        show_rows(session, found.metrics, columns)
    for each in found.conditions_diff:
        session.say(f"differs: {each.field}: {each.a} and {each.b}")
    return exits.GOOD if found.a.runs and found.b.runs else exits.NO_DATA


@click.command()
@windowed
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.pass_obj
def export(
    session: Session,
    last: str | None,
    since: str | None,
    until: str | None,
    filters: Sequence[str],
    output: Path,
) -> None:
    """Write runs to a file: CSV, JSON lines or Parquet, by its name.

    The file is written whole or not at all.

    \b
    evalyard export -o runs.parquet --window 30d
    """
    kind = {".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}.get(output.suffix, "csv")
    path = session.ev.usage.export(
        output, format=kind, window=window(last, since, until), **pairs(filters)
    )
    session.say(f"{path}: {path.stat().st_size} bytes")
