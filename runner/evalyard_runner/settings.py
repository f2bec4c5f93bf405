"""What the command line and the environment say, checked; the only reader of the environment."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from evalyard_runner import __version__
from evalyard_runner.errors import MisconfiguredError
from evalyard_runner.net import is_http

TOKEN_VARIABLE: Final = "EVALYARD_DEVICE_TOKEN"  # noqa: S105 - the name, not the token
_DEFAULT_CONTEXT: Final = 4096
_DEFAULT_MAX_TOKENS: Final = 512


@dataclass(frozen=True)
class Settings:
    """A runner's configuration; `names` maps the names jobs use to the backend's own."""

    api: str
    serial: str
    token: str = field(repr=False)
    gguf: str | None
    openai_url: str | None
    openai_key: str | None = field(repr=False)
    model_dir: Path
    names: dict[str, str]
    threads: int
    context: int
    max_tokens: int
    grace_s: float
    poll_wait_s: int
    check: bool


def read_settings(arguments: list[str] | None = None) -> Settings:
    """Raises MisconfiguredError; unknown or malformed flags end the process with code 2, as
    argparse does.
    """
    flags = _parser().parse_args(arguments)
    _check_backend(flags)
    return Settings(
        api=_api(flags),
        serial=_needed(flags, flags.serial, "--serial"),
        token=_needed(flags, _token(flags), f"--token, --token-file or {TOKEN_VARIABLE}"),
        gguf=flags.gguf,
        openai_url=flags.openai_url,
        openai_key=_file(flags.openai_key_file, "--openai-key-file"),
        model_dir=flags.model_dir.expanduser(),
        names=_names(flags.model),
        threads=flags.threads or _default_threads(),
        context=flags.context,
        max_tokens=flags.max_tokens,
        grace_s=flags.grace,
        poll_wait_s=flags.poll_wait,
        check=flags.check,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evalyard-runner", description="Runs Evalyard jobs on this device."
    )
    parser.add_argument("--api", metavar="URL", help="base URL of the Evalyard API")
    parser.add_argument("--serial", help="the device's serial, as registered")
    parser.add_argument(
        "--token", help=f"the device's token; {TOKEN_VARIABLE} is safer, `ps` does not show it"
    )
    parser.add_argument("--token-file", metavar="FILE", help="a file that holds the device's token")
    parser.add_argument(
        "--backend",
        choices=("openai", "gguf"),
        help="default: whichever --openai-url or --gguf says",
    )
    parser.add_argument("--openai-url", metavar="URL", help="an OpenAI-compatible server")
    parser.add_argument(
        "--openai-key-file", metavar="FILE", help="a file that holds that server's key"
    )
    parser.add_argument(
        "--gguf", metavar="PATH", help="a GGUF file, or package:MODULE for one from PyPI"
    )
    parser.add_argument(
        "--model-dir", metavar="DIR", type=Path, default=Path("~/.cache/evalyard-runner")
    )
    parser.add_argument(
        "--model", metavar="NAME", action="append", default=[], help="names served; NAME=UPSTREAM"
    )
    parser.add_argument("--threads", type=_whole(1, 1024), metavar="N", help="llama.cpp threads")
    parser.add_argument(
        "--context", type=_whole(64, 10_000_000), metavar="N", default=_DEFAULT_CONTEXT
    )
    parser.add_argument(
        "--max-tokens", type=_whole(1, 1_000_000), metavar="N", default=_DEFAULT_MAX_TOKENS
    )
    parser.add_argument("--grace", type=_whole(0, 86_400), metavar="S", default=10)
    parser.add_argument("--poll-wait", type=_whole(1, 20), metavar="S", default=1)
    parser.add_argument(
        "--check", action="store_true", help="load the model, answer one token, exit"
    )
    parser.add_argument("--version", action="version", version=f"evalyard-runner {__version__}")
    return parser


def _default_threads() -> int:
    """One physical core stays free: llama.cpp's threads wait for each other at every operation, so
    that one which has lost its core to another process holds up all of them, tenfold and more.
    """
    return max(1, (psutil.cpu_count(logical=False) or os.cpu_count() or 1) - 1)


def _whole(low: int, high: int) -> Callable[[str], int]:
    """A type in the sense of argparse, which shows the inner function's name in its message."""

    def whole_number(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not between {low} and {high}")
        return value

    return whole_number


def _check_backend(flags: argparse.Namespace) -> None:
    wanted = flags.backend or ("gguf" if flags.gguf else "openai")
    if flags.gguf and flags.openai_url:
        raise MisconfiguredError("--gguf and --openai-url exclude each other")
    if wanted == "gguf" and not flags.gguf:
        raise MisconfiguredError("--backend gguf needs --gguf PATH")
    if wanted == "openai" and not is_http(flags.openai_url or ""):
        raise MisconfiguredError("--openai-url must be an http or https URL (or use --gguf PATH)")


def _api(flags: argparse.Namespace) -> str:
    url = str(_needed(flags, flags.api, "--api"))
    if not flags.check and not is_http(url):
        raise MisconfiguredError("--api must be an http or https URL")
    return url


def _needed(flags: argparse.Namespace, value: str | None, name: str) -> str:
    """`--check` talks to the model only."""
    if not value and not flags.check:
        raise MisconfiguredError(f"missing: {name}")
    return value or ""


def _token(flags: argparse.Namespace) -> str | None:
    """Taken out of the environment, so that no child process inherits it."""
    from_environment = os.environ.pop(TOKEN_VARIABLE, None)
    return flags.token or _file(flags.token_file, "--token-file") or from_environment


def _file(path: str | None, flag: str) -> str | None:
    if path is None:
        return None
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as exc:
        raise MisconfiguredError(f"{flag}: {path} cannot be read ({type(exc).__name__})") from exc


def _names(given: list[str]) -> dict[str, str]:
    """`NAME` or `NAME=UPSTREAM`, repeated or separated by commas."""
    entries = (entry.strip() for group in given for entry in group.split(","))
    pairs = (entry.partition("=") for entry in entries if entry)
    return {name: upstream or name for name, _, upstream in pairs}
