"""`doctor`: what is wrong, and what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import click

from evalyard import __version__
from evalyard.cli import exits
from evalyard.cli.output import as_row, show_rows
from evalyard.cli.session import Session
from evalyard.core import places
from evalyard.errors import (
    ApiError,
    ConfigurationError,
    EvalyardError,
    Forbidden,
    Unauthorized,
    UnreadableAnswer,
)
from evalyard.models import Device, Me
from evalyard.settings import Target

# API Gateway's clock is right, and a second more or less is the way.
_SKEW_S = 60
_SOON_DAYS = 7
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_TLS = {
    "CERTIFICATE_VERIFY_FAILED": "trust who signed its certificate: SSL_CERT_FILE=authority.pem",
    "WRONG_VERSION_NUMBER": "nothing speaks TLS there: http:// instead of https://?",
}


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
    session.code = next((each.code for each in findings if each.status == "error"), exits.GOOD)
    show_rows(session, rows, ("check", "status", "finding", "what_to_do"))
    return session.code


def _look(session: Session, model: str | None) -> Iterator[Finding]:
    """Findings in their order; what rests on something broken is not looked at."""
    try:
        target = session.ev.target
    except ConfigurationError as error:
        yield Finding("address", "error", str(error), "see `evalyard login --help`", exits.USAGE)
        return
    try:
        reply = session.ev.walk(places.ping(session.ev.patience))
    except EvalyardError as error:
        yield _no_api(target, error)
        return
    yield Finding("address", "ok", f"{target.url} ({target.source})")
    yield _clock(reply.headers.get("date"))
    # First, as the answers of another version may be unreadable.
    yield from _versions(session)
    yield from _as_whom(session, model)


def _no_api(target: Target, error: EvalyardError) -> Finding:
    """An address that does not answer, or not as it should."""
    todo = f"is {target.url} ({target.source}) the address of an API? see `evalyard login`"
    about = str(error)
    if isinstance(error, ApiError):
        about = f"what answers there is no Evalyard API, or is broken ({error.status}): {about}"
    elif (cure := next((cure for seen, cure in _TLS.items() if seen in about), None)) is not None:
        todo = cure
    elif "local.json" in target.source or urlsplit(target.url).hostname in _THIS_MACHINE:
        todo = f"does the local cloud run? `make run` starts it; {target.url} is of {target.source}"
    return Finding("address", "error", about, todo + _past_proxy(target.url), exits.OUT_OF_REACH)


def _past_proxy(url: str) -> str:
    """What else to try where the environment puts a proxy before an address."""
    parts = urlsplit(url)
    names = [name for name in (parts.scheme, "all") if name in getproxies()]
    if not names or proxy_bypass(parts.hostname or ""):
        return ""
    # Not the proxy itself, whose address may hold a password.
    return f"; {names[0].upper()}_PROXY is in between: NO_PROXY={parts.hostname} goes past it"


def _as_whom(session: Session, model: str | None) -> Iterator[Finding]:
    """What a token can be asked for; the first refusal says what is wrong with it."""
    kind = _OTHER_TOKENS.get((session.ev.target.token or "")[:4])
    if kind is not None:
        todo = "a user token is needed (eyt_…): `evalyard login`, or set EVALYARD_TOKEN"
        yield Finding("token", "error", kind, todo, exits.NOT_ALLOWED)
        return
    try:
        me = session.ev.whoami()
        yield _token(me)
        if me.scope != "full":
            yield Finding("scope", "warning", me.scope, _SCOPES.get(me.scope, ""))
        yield from _service(session)
        devices = list(session.ev.devices.list())
    except Forbidden as error:
        todo = "make a token of scope read or full: POST /accounts/tokens"
        yield Finding("devices", "error", str(error), todo, exits.NOT_ALLOWED)
    except Unauthorized as error:
        about = "it is unknown, revoked or expired" if session.ev.target.token else "there is none"
        todo = "log in with another token: `evalyard login`, or set EVALYARD_TOKEN"
        yield Finding("token", "error", f"{about} ({error.status})", todo, exits.NOT_ALLOWED)
    except UnreadableAnswer as error:
        yield Finding("service", "error", str(error), "update the older one", exits.of_error(error))
    except EvalyardError as error:
        todo = "try again; if it stays, ask its operator"
        yield Finding("service", "error", str(error), todo, exits.of_error(error))
    else:
        yield from _devices(devices, model)


def _clock(date: str | None) -> Finding:
    try:
        skew_s = time.time() - parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError):
        return Finding("clock", "ok", "the answer carries no time to compare with")
    if abs(skew_s) <= _SKEW_S:
        return Finding("clock", "ok", f"{skew_s:+.0f} s")
    return Finding("clock", "warning", f"{skew_s:+.0f} s off", "set this machine's clock")


def _token(me: Me) -> Finding:
    if me.expires_at is None:
        return Finding("token", "ok", f"{me.user_id}, until it is revoked")
    left = datetime.fromisoformat(me.expires_at.replace("Z", "+00:00")) - datetime.now(timezone.utc)
    about = f"{me.user_id}, until {me.expires_at}"
    if left > timedelta(days=_SOON_DAYS):
        return Finding("token", "ok", about)
    return Finding("token", "warning", about, "make a new one soon: POST /accounts/tokens")


def _service(session: Session) -> Iterator[Finding]:
    health = session.ev.health()
    failing = [name for name, state in as_row(health.checks).items() if state != "ok"]
    status = "ok" if health.status == "ok" else "warning"
    about = f"{health.status}: {', '.join(failing)}" if failing else health.status
    yield Finding("service", status, about, "" if status == "ok" else "ask its operator")


def _versions(session: Session) -> Iterator[Finding]:
    try:
        version = session.ev.walk(places.version(session.ev.patience))
    except EvalyardError as error:
        yield Finding("versions", "warning", f"the service does not say its own: {error}")
        return
    if version == __version__:
        yield Finding("versions", "ok", version)
    else:
        about = f"the service has {version}, this is {__version__}"
        yield Finding("versions", "warning", about, "update the older one")


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
            about = f"the runner of {each.serial} has {each.runner_version}, this is {__version__}"
            yield Finding("versions", "warning", about, "update the older one")
    if serving and all(each.state in ("available", "busy") for each in serving):
        yield Finding("devices", "ok", f"{len(serving)} can run jobs")


_SCOPES = {
    "read": "it reads and gates; running, sending and baselines need scope full",
    "ingest": "it sends rows and runs only; reading needs scope read, jobs need scope full",
    "metrics": "it reads /metrics only; the command needs scope read or full",
}
_OTHER_TOKENS = {
    "eyk_": "it is an API key, which belongs in EVALYARD_API_KEY",
    "eyd_": "it is a device's token, which belongs to a runner",
}
_CURES = {
    "offline": "is it on, and does its runner run?",
    "hot": "let it cool down",
    "low_battery": "charge it",
    "maintenance": "an administrator ends the maintenance",
    "unhealthy": "look at its troubles: GET /devices/{serial}",
}
