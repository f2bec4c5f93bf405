"""`devices`."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from evalyard.cli.output import show_rows
from evalyard.cli.session import Session

COLUMNS = (
    "serial",
    "state",
    "not_ready_reason",
    "models",
    "queue_tags",
    "battery",
    "temperature_c",
    "job_id",
    "runner_version",
    "last_seen_at",
)


@click.command()
@click.option("--state", multiple=True, help="Such as available, busy, offline, hot.")
@click.option("-m", "--model", multiple=True, help="Devices that serve it.")
@click.option("--watch", is_flag=True, help="Show them again every few seconds.")
@click.option("--every", type=click.FloatRange(min=1), default=5.0, help="Seconds, for --watch.")
@click.pass_obj
def devices(
    session: Session, state: Sequence[str], model: Sequence[str], watch: bool, every: float
) -> None:
    """Show devices as they are now.

    \b
    evalyard devices --state available -m llama3-8b
    """
    while True:
        if watch and session.lively:
            click.clear()
        chosen = {"state": list(state), "model": list(model)}
        found = session.ev.devices.list(**{name: each for name, each in chosen.items() if each})
        show_rows(session, found, COLUMNS)
        if not watch:
            return
        time.sleep(every)
