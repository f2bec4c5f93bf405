"""`run`: a prompt on devices, followed to its result."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from evalyard.cli.following import follow
from evalyard.cli.jobs import COLUMNS, METRICS
from evalyard.cli.output import show_one, show_rows
from evalyard.cli.session import Session
from evalyard.cli.sources import prompt_of
from evalyard.cli.words import conditions
from evalyard.client import Job


@click.command()
@click.argument("stdin", required=False, type=click.Choice(["-"]))
@click.option("-m", "--model", required=True)
@click.option("-p", "--prompt", help="The prompt.")
@click.option("-f", "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--system", help="System prompt.")
@click.option("--device", "devices", multiple=True, help="Serial; repeat for several devices.")
@click.option("--queue", "queue_tag", help="Queue of the pool.")
@click.option("--repeat", type=int, help="Measure so often.")
@click.option("--warmup", type=int, help="Run so often before measuring.")
@click.option("--num-predict", type=int, help="Most tokens of an answer.")
@click.option("--tag", help="Label of the runs.")
@click.option("--cond", "conds", multiple=True, metavar="NAME=VALUE", help="Condition; repeat.")
@click.option("--adapter", "adapter_id", help="Dataset that gets the metrics as a row.")
@click.option("--timeout", "timeout_s", type=float, help="Wait at most so many seconds.")
@click.option("--detach", is_flag=True, help="Do not wait.")
@click.pass_obj
def run(
    session: Session,
    /,
    stdin: str | None,
    prompt: str | None,
    file: Path | None,
    devices: Sequence[str],
    timeout_s: float | None,
    detach: bool,
    **options: Any,
) -> None:
    """Run a prompt on a device, and show the output, then the metrics.

    The prompt is -p, a file, or stdin with `-`. The exit code is 5 where a job died or was
    cancelled, 8 where it was not finished in time.

    \b
    evalyard run -m llama3-8b -p "Why is the sky blue?" --device s25-1 --repeat 5
    evalyard run -m llama3-8b - --queue long --cond commit=4f2c1d9 < prompt.txt
    """
    text = _prompt(prompt, file, stdin)
    if devices and options["queue_tag"]:
        raise click.UsageError("--device and --queue are two places")
    body = _body(options)
    jobs = [
        session.ev.jobs.run(text, **body, **({"device_serial": device} if device else {}))
        for device in devices or (None,)
    ]
    for job in jobs:
        session.say(f"{job.id}: {session.ev.target.url}/api/jobs/{job.id}")
    if detach:
        show_rows(session, [job.record for job in jobs], COLUMNS)
        return
    _show_results(session, jobs, timeout_s)


def _show_results(session: Session, jobs: list[Job], timeout_s: float | None) -> None:
    for job in jobs:
        result = follow(session, job, timeout_s).result()
        if session.format == "table":
            print(result.output)
        show_one(session, result, ("device", "model", *METRICS))


def _prompt(prompt: str | None, file: Path | None, stdin: str | None) -> str:
    given = [each for each in (prompt, file, stdin) if each is not None]
    if len(given) != 1:
        raise click.UsageError("one prompt is needed: -p TEXT, -f FILE, or - for stdin")
    if file is not None:
        return prompt_of(file.read_bytes(), str(file))
    return prompt_of(sys.stdin.buffer.read(), "stdin") if stdin else str(prompt)


def _body(options: dict[str, Any]) -> dict[str, Any]:
    """The members of a job that were given."""
    conds = conditions(options.pop("conds"))
    predict = options.pop("num_predict")
    body = {name: value for name, value in options.items() if value is not None}
    if predict is not None:
        body["options"] = {"num_predict": predict}
    return body | ({"conditions": conds} if conds else {})
