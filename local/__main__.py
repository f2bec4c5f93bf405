"""`python -m local …`, the commands behind the Makefile."""

import argparse
import os
import sys
from collections.abc import Callable

from local import preflight
from local.errors import LocalCloudError
from local.settings import Settings, read_settings


def main(arguments: list[str] | None = None) -> int:
    """0 done · 1 something the message names · 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in _COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    commands.choices["fire"].add_argument("schedule")
    for name in ("admin-token", "import-retained"):
        commands.choices[name].add_argument("stack")
    for name in ("stack", "runtime", "architecture", "parameters"):
        commands.choices["release"].add_argument(name)
    for name in ("stack", "at", "users", "apply"):
        commands.choices["restore"].add_argument(name)
    options = parser.parse_args(arguments)
    try:
        _COMMANDS[options.command](read_settings(os.environ), options)
    except LocalCloudError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _preflight(settings: Settings, _options: argparse.Namespace) -> None:
    """check the prerequisites; needs nothing installed"""
    preflight.check(settings)


# The commands import what they need themselves: `preflight` runs before anything is installed.


def _run(settings: Settings, _options: argparse.Namespace) -> None:
    """run the local cloud until stopped"""
    from local.run import Interrupted, run

    try:
        run(settings)
    except Interrupted:
        return


def _build(settings: Settings, _options: argparse.Namespace) -> None:
    """build functions and layers for this machine"""
    from local.deploy import build_only
    from local.home import Home

    build_only(Home(settings.home))


def _deploy(settings: Settings, _options: argparse.Namespace) -> None:
    """deploy a change of code or template into the running cloud"""
    from local.running import redeploy

    redeploy(settings)


def _fire(settings: Settings, options: argparse.Namespace) -> None:
    """run a schedule of the running cloud now"""
    from local.running import fire_schedule

    print(fire_schedule(settings, options.schedule))


def _logs(settings: Settings, _options: argparse.Namespace) -> None:
    """follow the log of the functions: one line per invocation"""
    from local.keeping import follow_logs

    follow_logs(settings)


def _clean(settings: Settings, _options: argparse.Namespace) -> None:
    """remove all state of the local cloud"""
    from local.keeping import clean_state

    clean_state(settings)


def _demo_data(settings: Settings, _options: argparse.Namespace) -> None:
    """fill the demo user with a month of believable runs"""
    from local.demo_data import fill

    fill(settings)


def _admin_token(_settings: Settings, options: argparse.Namespace) -> None:
    """make the first admin of a stack deployed to AWS"""
    from local.admin_token import print_admin_token

    print_admin_token(options.stack)


def _import_retained(_settings: Settings, options: argparse.Namespace) -> None:
    """prepare to import the tables and the bucket of a deleted stack on AWS"""
    from local.retained import print_import

    print_import(options.stack)


def _release(_settings: Settings, options: argparse.Namespace) -> None:
    """build for AWS and deploy there"""
    from local.release import read_release

    words = (options.stack, options.runtime, options.architecture, options.parameters)
    read_release(*words).deploy()


def _restore(_settings: Settings, options: argparse.Namespace) -> None:
    """restore users of a stack on AWS to an earlier moment, or show what that would do"""
    from local.restore import restore

    restore(options.stack, options.at, options.users, options.apply)


def _restore_drill(settings: Settings, _options: argparse.Namespace) -> None:
    """delete the data of a drill user on the running local cloud, and restore it"""
    from local.restore_drill import drill

    drill(settings)


_COMMANDS: dict[str, Callable[[Settings, argparse.Namespace], None]] = {
    "preflight": _preflight,
    "run": _run,
    "build": _build,
    "deploy": _deploy,
    "fire": _fire,
    "logs": _logs,
    "clean": _clean,
    "admin-token": _admin_token,
    "import-retained": _import_retained,
    "release": _release,
    "demo-data": _demo_data,
    "restore": _restore,
    "restore-drill": _restore_drill,
}


if __name__ == "__main__":
    sys.exit(main())
