"""`gate` and `baseline …`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from evalyard.cli import exits
from evalyard.cli.confirming import confirm
from evalyard.cli.gate_reports import github, junit, label
from evalyard.cli.gate_settings import read_settings
from evalyard.cli.output import as_row, show_one, show_rows
from evalyard.cli.session import Session
from evalyard.cli.usage import windowed
from evalyard.cli.words import pairs, seconds, window
from evalyard.errors import EvalyardError
from evalyard.models import Gate

_COLUMNS = (
    "series",
    "metric",
    "a",
    "b",
    "delta_pct",
    "ci95_pct",
    "q_value",
    "n_a",
    "n_b",
    "verdict",
)


@click.command()
@click.option("--baseline", help="Name of the baseline.")
@click.option("--config", type=click.Path(path_type=Path), help="Default: evalyard.toml, if there.")
@click.option("--window", "last", help="Runs of the last such time; default 24h.")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Repeat for any of.")
@click.option("--confirm", "more", type=click.IntRange(1), help="Run at most so many more jobs.")
@click.option(
    "--inconclusive",
    type=click.Choice(["pass", "fail"]),
    default="pass",
    show_default=True,
    help="What an inconclusive verdict is to the exit code.",
)
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write JUnit XML.")
@click.option("--github", "in_github", is_flag=True, help="Write summary, annotations, outputs.")
@click.pass_obj
def gate(
    session: Session,
    baseline: str | None,
    config: Path | None,
    last: str | None,
    filters: Sequence[str],
    more: int | None,
    inconclusive: str,
    junit_file: Path | None,
    in_github: bool,
) -> int:
    """Say whether a candidate is worse than a baseline.

    Exit codes: 0 pass, 1 fail, 3 inconclusive (with --inconclusive fail), 4 no data,
    9 not comparable.

    \b
    evalyard gate --baseline main --filter cond.commit=4f2c1d9
    """
    settings = read_settings(config).overruled(baseline, last, pairs(filters))
    found = settings.ask(session.ev)
    if more and found.verdict == "inconclusive":
        found = confirm(session, settings, found, more)
    if junit_file is not None:
        junit_file.write_text(junit(found), encoding="utf-8")
    if in_github:
        github(session, found)
    # A reader of stdout that leaves early changes nothing about it.
    session.code = _code(found.verdict, inconclusive)
    _show(session, found)
    if found.series and not any(series.n_b for series in found.series):
        session.say(
            f"the candidate has no runs: none of the last {settings.window} fits its filters "
            f"({shown(settings.filters)})"
        )
    return session.code


def _code(verdict: str, inconclusive: str) -> int:
    codes = {
        "pass": exits.GOOD,
        "fail": exits.REGRESSION,
        "no_data": exits.NO_DATA,
        "not_comparable": exits.NOT_COMPARABLE,
        "inconclusive": exits.INCONCLUSIVE if inconclusive == "fail" else exits.GOOD,
    }
    if verdict not in codes:
        raise EvalyardError(
            f"the verdict {verdict!r} is not known to this version: update evalyard"
        )
    return codes[verdict]


def _show(session: Session, found: Gate) -> None:
    if session.format in ("json", "jsonl"):
        show_one(session, found, ())
    elif session.format == "md":
        print(found.markdown)
    else:
        rows = [{**as_row(each), "series": label(each.key)} for each in found.series]
        show_rows(session, rows, _COLUMNS)
        session.say(f"verdict: {found.verdict}")


def shown(filters: Mapping[str, Any]) -> str:
    """Filters as the command line says them."""
    values = ((name, v if isinstance(v, list) else [v]) for name, v in filters.items())
    return ", ".join(f"{name}={each}" for name, some in values for each in some) or "none"


@click.group()
def baseline() -> None:
    """Set and show baselines."""


@baseline.command("set")
@click.argument("name")
@click.option("--reason", required=True, help="Why it becomes the baseline.")
@windowed
@click.option("--by", multiple=True, help="Dimension of the series; repeat, at most 3.")
@click.pass_obj
def set_(
    session: Session,
    name: str,
    reason: str,
    last: str | None,
    since: str | None,
    until: str | None,
    filters: Sequence[str],
    by: Sequence[str],
) -> None:
    """Keep the figures of some runs as baseline NAME; of the last 24 hours by default.

    \b
    evalyard baseline set main --filter cond.commit=4f2c1d9 --reason "merge of #12"
    """
    found = session.ev.baselines.set(
        name,
        reason=reason,
        window=window(last, since, until) or {"last_s": seconds("24h")},
        filters=pairs(filters),
        by=list(by) or None,
    )
    show_one(session, found, ("name", "version", "runs", "series", "reason", "set_at"))


@baseline.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """All baselines."""
    columns = ("name", "version", "runs", "series", "reason", "set_by", "set_at")
    show_rows(session, session.ev.baselines.list(), columns)


@baseline.command()
@click.argument("name")
@click.pass_obj
def show(session: Session, name: str) -> None:
    """A baseline."""
    columns = ("name", "version", "filters", "window", "by", "runs", "series", "reason", "set_at")
    show_one(session, session.ev.baselines.get(name), columns)


@baseline.command()
@click.argument("name")
@click.pass_obj
def history(session: Session, name: str) -> None:
    """The versions of a baseline, the newest first."""
    columns = ("version", "runs", "reason", "set_by", "set_at")
    show_rows(session, session.ev.baselines.get(name).history, columns)


@baseline.command()
@click.argument("name")
@click.pass_obj
def delete(session: Session, name: str) -> None:
    """Delete a baseline."""
    session.ev.baselines.delete(name)
    session.say(f"baseline {name} is deleted")
