"""`push`: files that other tools wrote. What they are, the service recognises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from evalyard.cli import exits
from evalyard.cli.output import as_row, show_rows
from evalyard.cli.session import Session
from evalyard.cli.sources import media_types, opened
from evalyard.errors import Invalid
from evalyard.models import Import

_COLUMNS = ("file", "format", "received", "imported", "duplicates", "rejected", "batch_id")


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Store nothing; show the first runs.")
@click.option("--device", help="Device of runs that name none.")
@click.option("-m", "--model", help="Model of runs that name none.")
@click.option("--tag", help="Label of the runs.")
@click.option("--adapter", help="Dataset whose adapter maps the fields.")
@click.option("--as", "format", help="Name of the format, where two fit.")
@click.pass_obj
def push(session: Session, /, files: Sequence[str], dry_run: bool, **options: Any) -> int:
    """Import FILES that other tools wrote; `-` is stdin.

    What a file is, the service recognises: llama-bench, vLLM, Ollama, OpenAI-compatible answers
    and many more. The exit code is 4 where one of them gave no run.

    \b
    evalyard push results.json --device s25-1
    llama-bench -o json | evalyard push -
    """
    answers = []
    for name in files:
        with opened(name) as file:
            content = file.read()
        answer = recognise(session, name, content, {**options, "dry_run": dry_run or None})
        if answer is not None:
            answers.append({"file": name, **as_row(answer)})
            explain(session, name, answer)
    show_rows(session, answers, _COLUMNS)
    some = all(each["imported"] or each["duplicates"] for each in answers)
    return exits.GOOD if some and len(answers) == len(files) else exits.NO_DATA


def recognise(
    session: Session, name: str, content: bytes, options: Mapping[str, Any], *, quiet: bool = False
) -> Import | None:
    """What became of a file; None where it is nothing that is known, after saying why."""
    refusal: Invalid | None = None
    for media_type in media_types(name, content):
        try:
            return session.ev.usage.import_file(content, media_type, **options)
        except Invalid as error:
            if error.code in ("unknown_parameter", "format_ambiguous"):
                raise
            refusal = refusal or error
    if refusal is not None and not quiet:
        session.warn(f"{name}: {refusal}")
        for fault in refusal.errors[:10]:
            session.warn(f"  {fault.pointer}: {fault.code}: {fault.detail}")
    return None


def explain(session: Session, name: str, answer: Import) -> None:
    """Say what was refused and what was assumed."""
    for fault in answer.errors[:10]:
        session.warn(f"{name}: {fault.pointer}: {fault.code}: {fault.detail}")
    if answer.rejected > 10:
        session.warn(f"{name}: {answer.rejected - 10} more are refused")
    for each in answer.assumed:
        session.say(f"{name}: {each.field} is taken as {each.treated_as} in {each.rows} rows")
