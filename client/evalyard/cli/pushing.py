"""`push`: files that other tools wrote. What they are, the service recognises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from evalyard.cli import exits
from evalyard.cli.output import show_rows
from evalyard.cli.progress import progress
from evalyard.cli.session import Session
from evalyard.cli.sources import files as named
from evalyard.cli.sources import opened, unreadable
from evalyard.cli.words import labels
from evalyard.core.kinds import media_types
from evalyard.core.pushing import NOT_OF_THE_FILE, PushReport
from evalyard.errors import AppendInterrupted, Invalid, TooLarge
from evalyard.models import Import

_COLUMNS = ("file", "format", "received", "imported", "duplicates", "rejected", "batch_id")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--dry-run", is_flag=True, help="Store nothing; show the first runs.")
@click.option("--device", help="Device of runs that name none.")
@click.option("-m", "--model", help="Model of runs that name none.")
@click.option("--tag", help="Label of the runs.")
@click.option("--cond", "conds", multiple=True, metavar="NAME=VALUE", help="Condition; repeat.")
@click.option("--adapter", help="Dataset whose adapter maps the fields.")
@click.option("--as", "format", help="Name of the format, where two fit.")
@click.option("--resume", metavar="upl_…", help="Go on with the first FILE, which was cut.")
@click.pass_obj
def push(
    session: Session,
    /,
    files: Sequence[str],
    dry_run: bool,
    resume: str | None,
    conds: Sequence[str],
    **options: Any,
) -> int:
    """Import FILES that other tools wrote; `-` is stdin.

    What a file is, the service recognises: llama-bench, vLLM, Ollama, OpenAI-compatible answers
    and many more. JSON lines, CSV and JSON arrays of any size go in parts, each stored once; where
    one is cut, a line says how to go on. The exit code is 4 where a file gave no run.

    \b
    evalyard push results.json --device s25-1
    llama-bench -o json | evalyard push -
    """
    if resume and dry_run:
        raise click.UsageError("--resume and --dry-run: a dry run stores nothing to go on with")
    files = named(files)
    options |= {"dry_run": dry_run or None, **labels(conds)}
    reports = []
    for place, name in enumerate(files):
        try:
            report = _pushed(session, name, resume, options)
        except (AppendInterrupted, KeyboardInterrupt, OSError):
            if place:
                session.warn(f"done: {', '.join(files[:place])}; leave them out to go on")
            raise
        resume = None
        if report is not None:
            explain(session, name, report)
            reports.append(report)
    show_rows(session, reports, _COLUMNS)
    some = all(each.imported or each.duplicates for each in reports)
    return exits.GOOD if some and len(reports) == len(files) else exits.NO_DATA


def _pushed(
    session: Session, name: str, resume: str | None, options: Mapping[str, Any]
) -> PushReport | None:
    """What became of a file; None where it is nothing that is known, after saying why."""
    last = ""
    done = "would be stored" if options["dry_run"] else "are stored"
    with opened(name) as file, progress(session, file, done) as moved:
        if reason := unreadable(file):
            session.warn(f"{name}: {reason}")
            return None

        def keep(report: PushReport) -> None:
            nonlocal last
            last = report.resume
            moved(report.imported + report.duplicates)

        try:
            return session.ev.usage.push(
                file, name="stdin" if name == "-" else name, resume=resume, on_part=keep, **options
            )
        except (KeyboardInterrupt, OSError):
            # Ctrl-C, or a disk that cannot be read any more.
            if last and not options["dry_run"]:
                session.warn(f"to go on: the same command with --resume {last}")
            raise
        except TooLarge as error:
            session.warn(str(error))
        except Invalid as error:
            if error.code in NOT_OF_THE_FILE:
                raise
            refused(session, name, error)
    return None


def recognise(
    session: Session, name: str, content: bytes, options: Mapping[str, Any]
) -> Import | None:
    """What became of an output; None where it is nothing that is known."""
    for media_type in media_types(name, content):
        try:
            return session.ev.usage.import_file(content, media_type, **options)
        except Invalid as error:
            if error.code in NOT_OF_THE_FILE:
                raise
    return None


def refused(session: Session, name: str, refusal: Invalid) -> None:
    """Say why a file is nothing that is known."""
    session.warn(f"{name}: {refusal}")
    for fault in refusal.errors[:10]:
        session.warn(f"  {fault.pointer}: {fault.code}: {fault.detail}")


def explain(session: Session, name: str, answer: Import | PushReport) -> None:
    """Say what was refused and what was assumed."""
    for fault in answer.errors[:10]:
        session.warn(f"{name}: {fault.pointer}: {fault.code}: {fault.detail}")
    if answer.rejected > 10:
        session.warn(f"{name}: {answer.rejected - 10} more are refused")
    for each in answer.assumed:
        session.say(f"{name}: {each.field}: {each.treated_as} ({each.rows} rows)")
