"""`append`: rows to a dataset, in parts that can be resumed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from evalyard.cli import exits
from evalyard.cli.output import show_one
from evalyard.cli.session import Session
from evalyard.cli.sources import opened, rows
from evalyard.core.appending import AppendReport, RowVerdict

_COLUMNS = ("dataset", "received", "appended", "rejected", "recorded", "skipped", "bytes_sent")
_SHOWN = 20


@click.command()
@click.argument("dataset")
@click.argument("file", default="-")
@click.option(
    "--as", "kind", type=click.Choice(["jsonl", "json", "csv"]), help="Default: by the file's name."
)
@click.option("--resume", metavar="upl_…", help="Go on with an upload that was cut.")
@click.pass_obj
def append(session: Session, dataset: str, file: str, kind: str | None, resume: str | None) -> int:
    """Append the rows of FILE (JSON lines, JSON or CSV; stdin where none is named) to DATASET.

    Rows go in parts, each stored once. Where it is cut, a line says how to go on.

    \b
    evalyard append my_server_metrics metrics.jsonl
    tail -n 1000 metrics.jsonl | evalyard append my_server_metrics
    sqlite3 -csv -header db "select * from m" | evalyard append m - --as csv
    """
    last = AppendReport(dataset)
    shown = 0

    def show(verdict: RowVerdict) -> None:
        nonlocal shown
        shown += 1
        if shown <= _SHOWN:
            what = "gives no run" if verdict.stored else "refused"
            session.warn(f"row {verdict.row}: {what}: {verdict.code}: {verdict.detail}")

    with opened(file) as source, _progress(session, source) as moved:

        def keep(report: AppendReport) -> None:
            nonlocal last
            last = report
            moved(report)

        try:
            report = session.ev.datasets.append(
                dataset,
                rows(source, f".{kind}" if kind else file),
                resume=resume,
                on_verdict=show,
                on_part=keep,
            )
        except KeyboardInterrupt:
            if last.resume:
                session.warn(f"to go on: the same command with --resume {last.resume}")
            raise
    if shown > _SHOWN:
        session.warn(f"{shown - _SHOWN} more rows have verdicts")
    show_one(session, {name: getattr(report, name) for name in (*_COLUMNS, "batches")}, _COLUMNS)
    return exits.GOOD if report.appended else exits.NO_DATA


@contextmanager
def _progress(session: Session, source: BinaryIO) -> Iterator[Any]:
    """What is called after each part: moves a bar on a terminal, prints a line elsewhere."""
    if not session.lively:
        yield lambda report: session.say(f"{report.appended} rows are stored")
        return
    columns = (
        TextColumn("{task.fields[rows]} rows"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=_size(source), rows=0)
        yield lambda report: bar.update(task, completed=_place(source), rows=report.appended)


def _size(source: BinaryIO) -> int | None:
    try:
        return os.fstat(source.fileno()).st_size or None
    except OSError:
        return None


def _place(source: BinaryIO) -> int:
    # A file that is iterated does not say how far; its descriptor does.
    try:
        return os.lseek(source.fileno(), 0, os.SEEK_CUR)
    except OSError:
        return 0
