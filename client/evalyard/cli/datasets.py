"""`datasets …`."""

from __future__ import annotations

import sys
from itertools import islice

import click

from evalyard.cli.output import compact, show_one, show_rows
from evalyard.cli.session import Session


@click.group()
def datasets() -> None:
    """Look at datasets."""


@datasets.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """Datasets by name."""
    columns = ("dataset", "rows", "bytes", "adapter.enabled", "updated_at")
    show_rows(session, session.ev.datasets.list(), columns)


@datasets.command()
@click.argument("dataset")
@click.option("--tail", type=click.IntRange(1, 10_000), help="Only the last rows.")
@click.option("-n", "--limit", type=click.IntRange(1), help="Only the first rows.")
@click.pass_obj
def get(session: Session, dataset: str, tail: int | None, limit: int | None) -> None:
    """Rows of a dataset, in the order of appending, all of them.

    \b
    evalyard datasets get my_server_metrics --format jsonl > rows.jsonl
    """
    ev = session.ev
    rows = ev.datasets.tail(dataset, tail) if tail else islice(ev.datasets.rows(dataset), limit)
    if session.format == "jsonl":
        for row in rows:
            sys.stdout.write(compact(row) + "\n")
        return
    found = list(rows)
    columns = list(dict.fromkeys(name for row in found for name in row))
    show_rows(
        session, found, [name for name in columns if not name.startswith("_meta_")] or columns
    )


@datasets.command()
@click.argument("dataset")
@click.pass_obj
def adapter(session: Session, dataset: str) -> None:
    """The dataset's adapter."""
    found = session.ev.datasets.adapter(dataset)
    columns = [
        name for name in found.__struct_fields__ if getattr(found, name) not in (None, [], {})
    ]
    show_one(session, found, columns)
