"""`jobs …`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import click

from evalyard.cli.following import follow
from evalyard.cli.output import show_one, show_rows
from evalyard.cli.session import Session
from evalyard.cli.words import window

COLUMNS = ("job_id", "status", "model", "device", "tag", "created_at", "run_ms", "status_detail")

METRICS = tuple(
    f"metrics.{name}"
    for name in ("prompt_tokens", "completion_tokens", "ttft_ms", "latency_ms", "tok_s")
)


@click.group()
def jobs() -> None:
    """Look at jobs and act on them."""


@jobs.command("list")
@click.option("--status", multiple=True, help="Such as queued, running, succeeded.")
@click.option("-m", "--model", multiple=True)
@click.option("--device", multiple=True)
@click.option("--queue", "queue_tag", multiple=True)
@click.option("--tag", multiple=True)
@click.option("--window", "last", help="Created in the last such time, as 24h.")
@click.option("--from", "since", help="Created at this instant or later, ISO 8601.")
@click.option("--to", "until", help="Created before this instant.")
@click.option("-n", "--limit", type=click.IntRange(1), default=50, show_default=True)
@click.pass_obj
def list_(
    session: Session,
    status: Sequence[str],
    model: Sequence[str],
    device: Sequence[str],
    queue_tag: Sequence[str],
    tag: Sequence[str],
    last: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """Jobs, the newest first.

    \b
    evalyard jobs list --status dead --window 24h
    """
    chosen = {
        "status": status,
        "model": model,
        "device": device,
        "queue_tag": queue_tag,
        "tag": tag,
    }
    found = session.ev.jobs.list(
        **{name: list(values) for name, values in chosen.items() if values},
        **_created(last, since, until),
        limit=min(limit, 1_000),
    )
    show_rows(session, islice(found, limit), COLUMNS)


def _created(last: str | None, since: str | None, until: str | None) -> dict[str, object]:
    named = {"last_s": "since_s"}
    found = window(last, since, until) or {}
    return {named.get(name, name): value for name, value in found.items()}


@jobs.command()
@click.argument("job_id")
@click.pass_obj
def show(session: Session, job_id: str) -> None:
    """A job with its prompt and attempts."""
    columns = (*COLUMNS, "attempt", "max_attempts", "failure", "prompt_preview")
    show_one(session, session.ev.jobs.read(job_id), columns)


@jobs.command()
@click.argument("job_id")
@click.option("--full", is_flag=True, help="With samples, telemetry, log and provenance.")
@click.pass_obj
def result(session: Session, job_id: str, full: bool) -> None:
    """The result of a job that is finished."""
    columns = ("output", "device", "model", *METRICS)
    show_one(session, session.ev.jobs.result(job_id, full=full), columns)


@jobs.command()
@click.argument("job_id")
@click.option("-f", "--follow", "waits", is_flag=True, help="Wait until the job is finished.")
@click.pass_obj
def logs(session: Session, job_id: str, waits: bool) -> None:
    """What the device wrote while it ran the job."""
    if waits:
        follow(session, session.ev.jobs.get(job_id), None)
    print(session.ev.jobs.result(job_id, full=True).log or "")


@jobs.command()
@click.argument("job_ids", nargs=-1, required=True)
@click.pass_obj
def cancel(session: Session, job_ids: Sequence[str]) -> None:
    """Cancel jobs."""
    show_rows(session, [session.ev.jobs.cancel(job_id) for job_id in job_ids], COLUMNS)


@jobs.command()
@click.argument("job_ids", nargs=-1, required=True)
@click.option("--device", help="On this device.")
@click.option("--queue", "queue_tag", help="In this queue.")
@click.option("--max-attempts", type=int)
@click.pass_obj
def requeue(
    session: Session,
    job_ids: Sequence[str],
    device: str | None,
    queue_tag: str | None,
    max_attempts: int | None,
) -> None:
    """Queue dead jobs again."""
    named = {"device_serial": device, "queue_tag": queue_tag, "max_attempts": max_attempts}
    changes = {name: value for name, value in named.items() if value is not None}
    show_rows(session, [session.ev.jobs.requeue(each, **changes) for each in job_ids], COLUMNS)


@jobs.command()
@click.option("-m", "--model")
@click.option("--device", help="Where they failed.")
@click.option("--failure", help="The code of their failure.")
@click.pass_obj
def dlq(session: Session, model: str | None, device: str | None, failure: str | None) -> None:
    """Dead jobs, with why they died."""
    found = session.ev.jobs.dead(model=model, device=device, failure=failure)
    columns = ("job_id", "model", "device", "failure.code", "failure.message", "dead_at")
    show_rows(session, found, columns)
