"""What can be wrong before anything is installed or started: ports, folders, the model's path.

Stdlib only: `make run` runs it with the machine's own Python, first of all.
"""

import importlib.util
import sys

from local.errors import LocalCloudError
from local.home import Home
from local.ports import is_free
from local.settings import Settings


def check(settings: Settings) -> None:
    """Raises LocalCloudError with the first thing that would fail later."""
    _check_python()
    with Home(settings.home).locked():
        _check_port(settings.port)


def _check_python() -> None:
    if sys.platform == "win32":
        raise LocalCloudError("the local cloud needs Linux; on Windows use WSL")
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise LocalCloudError(
                f"this Python lacks {module}; on Debian: apt-get install python3-venv"
            )


def _check_port(port: int) -> None:
    if not is_free(port):
        raise LocalCloudError(
            f"port {port} is taken; choose another, for example EVALYARD_PORT={port + 1} make run"
        )
