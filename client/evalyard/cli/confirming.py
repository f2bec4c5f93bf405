"""More jobs where more runs decide: those of the candidate, run again."""

from __future__ import annotations

from typing import Any

from evalyard.cli.following import follow
from evalyard.cli.gate_settings import GateSettings
from evalyard.cli.session import Session
from evalyard.models import Gate, JobDetail

_ROUNDS = 3


def confirm(session: Session, settings: GateSettings, found: Gate, budget: int) -> Gate:
    """The verdict after at most `budget` more jobs, in rounds as long as they change something."""
    for _ in range(_ROUNDS):
        jobs = [
            (detail, wanted)
            for key, wanted in _wanted(found).items()
            if (detail := _newest_job(session, settings, dict(key))) is not None
        ]
        if found.verdict != "inconclusive" or budget <= 0 or not jobs:
            return found
        for detail, wanted in jobs:
            times = min(wanted, budget)
            budget -= times
            _again(session, detail, times)
        found = settings.ask(session.ev)
    return found


def _wanted(found: Gate) -> dict[tuple[tuple[str, Any], ...], int]:
    """How many more runs of the candidate each series needs, by its key."""
    wanted: dict[tuple[tuple[str, Any], ...], int] = {}
    for series in found.series:
        if series.verdict == "inconclusive" and series.more_runs is not None:
            key = tuple(series.key.items())
            wanted[key] = max(wanted.get(key, 0), series.more_runs.b)
    return wanted


def _newest_job(session: Session, settings: GateSettings, key: dict[str, Any]) -> JobDetail | None:
    """The job that gave the newest run of a series; None for runs that came otherwise."""
    filters = {**settings.filters, **{name: v for name, v in key.items() if v is not None}}
    found = session.ev.usage.query(window=settings.candidate_window, runs=100, **filters)
    job_ids = [run.job_id for run in found.runs if run.job_id]
    if not job_ids:
        session.warn(f"{key}: its runs came of no job, so no more can be run")
        return None
    return session.ev.jobs.read(job_ids[0])


def _again(session: Session, detail: JobDetail, times: int) -> None:
    names = (
        "system",
        "options",
        "tag",
        "warmup",
        "repeat",
        "conditions",
        "adapter_id",
        "queue_tag",
    )
    said = {name: getattr(detail, name) for name in names if getattr(detail, name) is not None}
    # On the device of the run, as the series is that device's.
    said["device_serial"] = detail.device
    jobs = [session.ev.jobs.run(detail.prompt, model=detail.model, **said) for _ in range(times)]
    session.say(f"{times} more of {detail.job_id} on {detail.device}")
    for job in jobs:
        follow(session, job, None)
