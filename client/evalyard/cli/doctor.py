"""`doctor`: what is wrong, and what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import click

from evalyard import __version__
from evalyard.cli import exits
from evalyard.cli.output import show_rows
from evalyard.cli.session import Session
from evalyard.core import places
from evalyard.errors import ApiError, ConfigurationError, EvalyardError
from evalyard.models import Device

# API Gateway's clock is right, and a second more or less is the way.
_SKEW_S = 60


class Finding(NamedTuple):
    """One thing looked at. `status` is ok, warning or error."""

    check: str
    status: str
    finding: str
    what_to_do: str = ""
    code: int = exits.GOOD


@click.command()
@click.option("-m", "--model", help="Is there a device for it?")
@click.pass_obj
def doctor(session: Session, model: str | None) -> int:
    """Find what is wrong, and say what to do: address, clock, token, devices, versions.

    \b
    evalyard doctor -m llama3-8b
    """
    findings = list(_look(session, model))
    rows = [{**each._asdict()} for each in findings]
    for row in rows:
        del row["code"]
    show_rows(session, rows, ("check", "status", "finding", "what_to_do"))
    return next((each.code for each in findings if each.status == "error"), exits.GOOD)


def _look(session: Session, model: str | None) -> Iterator[Finding]:
    """Findings in their order; what rests on something broken is not looked at."""
    try:
        target = session.ev.target
        reply = session.ev.walk(places.ping(session.ev.patience))
    except ConfigurationError as error:
        yield Finding("address", "error", str(error), "see `evalyard login --help`", exits.USAGE)
        return
    except EvalyardError as error:
        hint = f"is {session.ev.target.url} ({session.ev.target.source}) the address of an API?"
        if "local.json" in session.ev.target.source:
            hint = "the local cloud does not run; start it with `make run`"
        yield Finding("address", "error", str(error), hint, exits.OUT_OF_REACH)
        return
    yield Finding("address", "ok", f"{target.url} ({target.source})")
    yield _clock(reply.headers.get("date"))
    try:
        yield from _token(session)
        yield from _devices(list(session.ev.devices.list()), model)
    except ApiError as error:
        todo = "log in with another token: `evalyard login`"
        yield Finding("token", "error", str(error), todo, exits.of_error(error))


def _clock(date: str | None) -> Finding:
    try:
        skew_s = time.time() - parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError):
        return Finding("clock", "ok", "the answer carries no time to compare with")
    if abs(skew_s) <= _SKEW_S:
        return Finding("clock", "ok", f"{skew_s:+.0f} s")
    return Finding("clock", "warning", f"{skew_s:+.0f} s off", "set this machine's clock")


def _token(session: Session) -> Iterator[Finding]:
    me = session.ev.whoami()
    yield Finding("token", "ok", f"{me.user_id}, until {me.expires_at or 'it is revoked'}")
    if me.scope != "full":
        todo = "jobs and baselines need a token of scope full"
        yield Finding("scope", "warning", me.scope, todo)
    health = session.ev.health()
    status = "ok" if health.status == "ok" else "warning"
    yield Finding("service", status, health.status, "" if status == "ok" else "ask its operator")


def _devices(found: list[Device], model: str | None) -> Iterator[Finding]:
    serving = [each for each in found if model is None or model in each.models]
    if not serving:
        known = ", ".join(sorted({name for each in found for name in each.models})) or "none"
        about = f"no device serves {model}; models: {known}" if model else "no device is registered"
        todo = "start a runner with that model, or choose another" if model else "register one"
        yield Finding("devices", "error" if model else "warning", about, todo, exits.NO_DATA)
    for each in serving:
        if each.state not in ("available", "busy"):
            reason = f"{each.serial} is {each.state}"
            if each.not_ready_reason:
                reason += f": {each.not_ready_reason}"
            yield Finding("devices", "warning", reason, _CURES.get(each.state, ""))
        if each.runner_version and each.runner_version != __version__:
            about = f"{each.serial} has {each.runner_version}, this is {__version__}"
            yield Finding("versions", "warning", about, "update the older one")
    if serving and all(each.state in ("available", "busy") for each in serving):
        yield Finding("devices", "ok", f"{len(serving)} can run jobs")


_CURES = {
    "offline": "is it on, and does its runner run?",
    "hot": "let it cool down",
    "low_battery": "charge it",
    "maintenance": "an administrator ends the maintenance",
    "unhealthy": "look at its troubles: GET /devices/{serial}",
}
