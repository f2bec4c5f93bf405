"""What the command line and the environment say, checked; the only reader of the environment."""

import argparse
import os
from dataclasses import dataclass, field
from pathlib import Path

from evalyard_runner.errors import MisconfiguredError
from evalyard_runner.flags import TOKEN_VARIABLE, flags_parser
from evalyard_runner.gates import Limits
from evalyard_runner.net import is_http
from evalyard_runner.sensors.host import physical_cores


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
    # How many calls of the gateway may run at the same time.
    gateway_parallel: int = 1
    ollama_url: str | None = None
    limits: Limits = field(default_factory=Limits)
    # Where the runner keeps what outlives a process; systemd names it.
    state_dir: Path | None = None

    @property
    def backend(self) -> str:
        """What runs the model, as `--backend` names it."""
        if self.gguf:
            return "gguf"
        return "ollama" if self.ollama_url else "openai"


def read_settings(arguments: list[str] | None = None) -> Settings:
    """Raises MisconfiguredError; unknown or malformed flags end the process with code 2, as
    argparse does.
    """
    flags = flags_parser().parse_args(arguments)
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
        gateway_parallel=flags.gateway_parallel,
        ollama_url=flags.ollama_url,
        limits=Limits(flags.max_temp, flags.min_battery),
        state_dir=_state_dir(),
    )


def _state_dir() -> Path | None:
    """The first of the folders that systemd's `StateDirectory=` made."""
    first = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(first) if first else None


def _default_threads() -> int:
    """One physical core stays free: llama.cpp's threads wait for each other at every operation, so
    that one which has lost its core to another process holds up all of them, tenfold and more.
    """
    return max(1, (physical_cores() or os.cpu_count() or 1) - 1)


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
