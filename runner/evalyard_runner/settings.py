"""What the command line and the environment say, checked; the only reader of the environment."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from evalyard_runner import __version__
from evalyard_runner.errors import MisconfiguredError
from evalyard_runner.gates import Limits
from evalyard_runner.net import is_http
from evalyard_runner.sensors.host import physical_cores

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
    ollama_url: str | None = None
    limits: Limits = field(default_factory=Limits)


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
        ollama_url=flags.ollama_url,
        limits=Limits(flags.max_temp, flags.min_battery),
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
        choices=("openai", "ollama", "gguf"),
        help="default: whichever --openai-url, --ollama-url or --gguf says",
    )
    parser.add_argument("--openai-url", metavar="URL", help="an OpenAI-compatible server")
    parser.add_argument(
        "--openai-key-file", metavar="FILE", help="a file that holds that server's key"
    )
    parser.add_argument("--ollama-url", metavar="URL", help="an Ollama server, by its own API")
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
        "--max-temp", type=_whole(1, 150), metavar="C", help="no new job while it is this hot"
    )
    parser.add_argument(
        "--min-battery",
        type=_whole(1, 100),
        metavar="PCT",
        help="no new job below this, unless it charges",
    )
    parser.add_argument(
        "--check", action="store_true", help="load the model, answer one token, exit"
    )
    parser.add_argument("--version", action="version", version=f"evalyard-runner {__version__}")
    return parser


def _default_threads() -> int:
    """One physical core stays free: llama.cpp's threads wait for each other at every operation, so
    that one which has lost its core to another process holds up all of them, tenfold and more.
    """
    return max(1, (physical_cores() or os.cpu_count() or 1) - 1)


def _whole(low: int, high: int) -> Callable[[str], int]:
    """A type in the sense of argparse, which shows the inner function's name in its message."""

    def whole_number(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not between {low} and {high}")
        return value

    return whole_number


def _check_backend(flags: argparse.Namespace) -> None:
    places = {
        "--openai-url": flags.openai_url,
        "--ollama-url": flags.ollama_url,
        "--gguf": flags.gguf,
    }
    given = [flag for flag, value in places.items() if value]
    if len(given) > 1:
        raise MisconfiguredError(f"{' and '.join(given)} exclude each other")
    wanted = _flag_of(flags.backend) if flags.backend else (given or ["--openai-url"])[0]
    if wanted == "--gguf" and not flags.gguf:
        raise MisconfiguredError("--backend gguf needs --gguf PATH")
    if wanted != "--gguf" and not is_http(places[wanted] or ""):
        raise MisconfiguredError(
            f"{wanted} must be an http or https URL (or use another of {', '.join(places)})"
        )


def _flag_of(backend: str) -> str:
    return "--gguf" if backend == "gguf" else f"--{backend}-url"


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
