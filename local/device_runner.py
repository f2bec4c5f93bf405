"""The demo device: an `evalyard-runner` as its user installs it, with the chosen model."""

import os
import time
from pathlib import Path

from local import processes
from local.errors import LocalCloudError
from local.home import ROOT, Home
from local.model import ModelChoice
from local.seed import DEVICE, Credentials

_READY_WITHIN_S = 120.0
# What the runner prints once it pulls jobs; the device has reported itself by then.
_READY_LINE = b"runner_ready "


def start_runner(
    base_url: str, home: Home, credentials: Credentials, model: ModelChoice
) -> processes.Child:
    """Starts the runner with a model."""
    command = [str(_program()), "--api", base_url, "--serial", DEVICE]
    # The bundled model is put together once for all homes.
    command += ["--model-dir", str(ROOT / ".venv-runner" / "models"), *(model.flags or ())]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", str(home.root)),
        # A runner that was killed is let in again at once.
        "STATE_DIRECTORY": str(home.root),
        # In the environment and not among the arguments, which every user of the machine can see.
        "EVALYARD_DEVICE_TOKEN": credentials.device_token,
    }
    log = home.log("runner")
    log.unlink(missing_ok=True)
    return processes.start("runner", command, environment, log)


def _program() -> Path:
    return ROOT / ".venv-runner" / "bin" / "evalyard-runner"


def ready(runner: processes.Child) -> processes.Child:
    """The runner once it says that it pulls jobs; raises LocalCloudError when it ends instead."""
    deadline = time.monotonic() + _READY_WITHIN_S
    while _READY_LINE not in runner.log.read_bytes():
        if runner.ended:
            raise LocalCloudError(f"the runner did not start: {runner.last_words()}")
        if time.monotonic() > deadline:
            raise LocalCloudError(f"the demo device was not ready in 2 minutes (see {runner.log})")
        time.sleep(0.1)
    return runner
