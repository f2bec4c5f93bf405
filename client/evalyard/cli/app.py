"""The tree of commands. A command's module is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from evalyard import __version__
from evalyard.cli.session import FORMATS, Session

_ABOUT = {
    "login": ("profiles", "Save an address and a token as a profile."),
    "whoami": ("profiles", "Show whose token is used, and where it was found."),
    "profile": ("profiles", "List profiles, or choose one."),
    "run": ("running_jobs", "Run a prompt on a device, and show output and metrics."),
    "exec": ("executing", "Run a command here, and send what it measured."),
    "push": ("pushing", "Import files that other tools wrote."),
    "append": ("appending", "Append rows to a dataset."),
    "jobs": ("jobs", "Look at jobs and act on them."),
    "devices": ("devices", "Show devices as they are now."),
    "datasets": ("datasets", "Look at datasets."),
    "usage": ("usage", "Show statistics of runs."),
    "compare": ("usage", "Compare two sets of runs."),
    "export": ("usage", "Write runs to a file."),
    "gate": ("gates", "Say whether a candidate is worse than a baseline."),
    "baseline": ("gates", "Set and show baselines."),
    "ask": ("asking", "Stream an answer through the gateway."),
    "mcp": ("mcp", "Serve tools to models, by the Model Context Protocol."),
    "doctor": ("doctor", "Find what is wrong, and say what to do."),
}


class Tree(click.Group):
    """Subcommands by name, each from its own module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_ABOUT)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ABOUT:
            return None
        module = import_module(f"evalyard.cli.{_ABOUT[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("exec", "exec_"))
        return with_common(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _ABOUT.items()])


def with_common(command: click.Command) -> click.Command:
    """The command, and all below it, with the options that every command takes."""
    for each in getattr(command, "commands", {}).values():
        with_common(each)
    if not isinstance(command, click.Group) and not getattr(command, "is_common", False):
        command.params += common()
        command.is_common = True  # type: ignore[attr-defined]  # Once is enough.
    return command


def common() -> list[click.Parameter]:
    """Options that may stand before or after the subcommand."""
    return [
        click.Option(["--url"], help="Address of the API.", **_KEPT),
        click.Option(["--token"], help="User token.", **_KEPT),
        click.Option(["--profile"], help="Profile of `evalyard login`.", **_KEPT),
        click.Option(
            ["--format"],
            type=click.Choice(FORMATS),
            help="Of what is printed; table on a terminal, JSON lines else.",
            **_KEPT,
        ),
        click.Option(["-q", "--quiet"], is_flag=True, help="Only data and errors.", **_KEPT),
    ]


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.find_object(Session)
    if session is not None and value:
        session.options[str(param.name)] = value


_KEPT: dict[str, Any] = {"expose_value": False, "callback": _keep}

app = Tree(
    name="evalyard",
    params=[
        *common(),
        click.Option(
            ["--version", "-V"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            help="Show the version.",
            callback=lambda ctx, _, value: _version(ctx) if value else None,
        ),
    ],
    help="""Measure language models on real devices.

    The address and the token come from --url and --token, EVALYARD_URL and EVALYARD_TOKEN, a
    profile, or a local cloud that runs in this folder or one above. Data goes to stdout,
    everything else to stderr.

    \b
    Exit codes: 0 good, 1 regression, 2 usage or configuration, 3 inconclusive,
    4 no data, 5 a job died or was cancelled, 6 not allowed, 7 out of reach,
    8 time-out, 9 not comparable, 130 interrupted.
    """,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(ctx: click.Context) -> None:
    click.echo(f"evalyard {__version__}")
    ctx.exit()
