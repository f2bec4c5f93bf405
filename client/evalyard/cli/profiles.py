"""`login`, `whoami`, `profile`."""

from __future__ import annotations

import sys

import click

from evalyard.cli.output import show_one, show_rows
from evalyard.cli.session import Session
from evalyard.settings import profiles, save_profile, use_profile


@click.command()
@click.option("--name", default="default", show_default=True, help="Name of the profile.")
@click.pass_obj
def login(session: Session, name: str) -> None:
    """Save an address and a token as a profile, after trying them.

    The token is asked for without echo, or read from stdin.

    \b
    evalyard login --url https://evalyard.example.com
    echo "$TOKEN" | evalyard login --url https://evalyard.example.com --name ci
    """
    url = session.options.get("url") or _ask_url()
    token = session.options.get("token") or _ask_token()
    session.options |= {"url": url, "token": token}
    me = session.ev.whoami()
    path = save_profile(name, url.rstrip("/"), token)
    session.say(f"logged in to {url} as {me.user_id}; profile {name} is in {path}")


@click.command()
@click.pass_obj
def whoami(session: Session) -> None:
    """Show whose token is used, and where it was found."""
    me, target = session.ev.whoami(), session.ev.target
    columns = ("user_id", "tenant", "admin", "scope", "expires_at", "url", "source")
    shown = {name: getattr(me, name) for name in (*columns[:5], "token_id", "created_at")}
    show_one(session, {**shown, "url": target.url, "source": target.source}, columns)


@click.group()
def profile() -> None:
    """List profiles, or choose one."""


@profile.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """The profiles; tokens are not shown."""
    used, known = profiles()
    rows = [
        {"name": name, "url": entry.get("url"), "used": name == used}
        for name, entry in known.items()
    ]
    show_rows(session, rows, ("name", "url", "used"))


@profile.command()
@click.argument("name")
@click.pass_obj
def use(session: Session, name: str) -> None:
    """Use profile NAME from now on."""
    use_profile(name)
    session.say(f"profile {name} is used from now on")


def _ask_url() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("--url is needed where the token is read from stdin")
    return str(click.prompt("address", err=True))


def _ask_token() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("token", hide_input=True, err=True)).strip()
    token = sys.stdin.readline().strip()
    if not token:
        raise click.UsageError("stdin holds no token")
    return token
