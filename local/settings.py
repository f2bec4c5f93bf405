"""What the environment says about the local cloud; the only reader of it in this package.

Stdlib only, as `preflight` and `home`: these run before anything is installed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalCloudError
from local.model import ModelChoice, read_model

DEFAULT_PORT = 8000
DEFAULT_HOME = ".evalyard"


@dataclass(frozen=True)
class Settings:
    """One local cloud: where it answers, where it lives, what its device runs."""

    port: int
    home: Path
    model: ModelChoice
    callback_allow_private: bool

    @property
    def base_url(self) -> str:
        """Where clients call."""
        return f"http://127.0.0.1:{self.port}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises LocalCloudError for a value that cannot work."""
    return Settings(
        port=_port(environ.get("EVALYARD_PORT") or str(DEFAULT_PORT)),
        home=Path(environ.get("EVALYARD_HOME") or DEFAULT_HOME).expanduser().absolute(),
        model=read_model(environ.get("EVALYARD_MODEL", "")),
        callback_allow_private=_flag(
            "EVALYARD_CALLBACK_ALLOW_PRIVATE", environ.get("EVALYARD_CALLBACK_ALLOW_PRIVATE", "")
        ),
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise LocalCloudError(f"EVALYARD_PORT must be a port number, not {text!r}")
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text.strip().lower() not in ("", "0", "1", "true", "false"):
        raise LocalCloudError(f"{name} must be 1 or 0, not {text!r}")
    return text.strip().lower() in ("1", "true")
