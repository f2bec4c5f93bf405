"""`append`: rows to a dataset, in parts that can be resumed."""

from __future__ import annotations

import click

from evalyard.cli import exits
from evalyard.cli.output import show_one
from evalyard.cli.progress import progress
from evalyard.cli.session import Session
from evalyard.cli.sources import opened, rows, unreadable
from evalyard.core.appending import AppendReport, RowVerdict

_COLUMNS = ("dataset", "received", "appended", "rejected", "recorded", "skipped", "bytes_sent")
_SHOWN = 20


@click.command()
@click.argument("dataset")
@click.argument("file", default="-", type=click.Path())
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

    with opened(file) as source, progress(session, source) as moved:
        if reason := unreadable(source):
            raise click.UsageError(f"{file}: {reason}")

        def keep(report: AppendReport) -> None:
            nonlocal last
            last = report
            moved(report.appended)

        try:
            report = session.ev.datasets.append(
                dataset,
                rows(source, f".{kind}" if kind else file),
                resume=resume,
                on_verdict=show,
                on_part=keep,
            )
        except (KeyboardInterrupt, OSError):
            # Ctrl-C, or a disk that cannot be read any more.
            if last.resume:
                session.warn(f"to go on: the same command with --resume {last.resume}")
            raise
    if shown > _SHOWN:
        session.warn(f"{shown - _SHOWN} more rows have verdicts")
    show_one(session, {name: getattr(report, name) for name in (*_COLUMNS, "batches")}, _COLUMNS)
    return exits.GOOD if report.appended else exits.NO_DATA
