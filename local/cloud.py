"""The AWS of this machine: MiniStack as a process of its own, stopped so that it saves."""

import os
import time
import urllib.error
import urllib.request

from local import processes
from local.aws import REGION, ROOT_KEY, ROOT_SECRET, LocalAws
from local.errors import LocalCloudError
from local.home import ROOT, Home
from local.ports import HOST, remembered_port

_READY_WITHIN_S = 30.0
# MiniStack writes its state when it stops, tens of megabytes of it at times.
_SAVE_WITHIN_S = 60.0


class Cloud:
    """A running MiniStack."""

    def __init__(self, child: processes.Child, port: int) -> None:
        self.child = child
        self.port = port
        self.aws = LocalAws(f"http://{HOST}:{port}")

    def wait_until_ready(self) -> None:
        """Raises LocalCloudError when it ends or stays silent instead."""
        deadline = time.monotonic() + _READY_WITHIN_S
        while not self._answers():
            if self.child.ended or time.monotonic() > deadline:
                raise LocalCloudError(
                    f"MiniStack did not start: {self.child.last_words()} (see {self.child.log})"
                )
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            url = f"{self.aws.endpoint_url}/_ministack/health"
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - a fixed scheme
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Only a clean stop writes queues, tables and roles to disk."""
        self.child.stop(within_s=_SAVE_WITHIN_S)


def start_cloud(home: Home) -> Cloud:
    """Starts MiniStack on the port that this home remembers."""
    port = remembered_port(home.ministack_port)
    log = home.log("ministack")
    log.unlink(missing_ok=True)
    command = [str(ROOT / ".venv-cloud" / "bin" / "ministack")]
    return Cloud(processes.start("ministack", command, _environment(home, port), log), port)


def _environment(home: Home, port: int) -> dict[str, str]:
    """All that MiniStack sees, and so all that functions see beside their own variables."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home.scratch),
        "TMPDIR": str(home.scratch),
        "LANG": "C.UTF-8",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "INFO",
        "LAMBDA_EXECUTOR": "local",
        # Each function under its own role: a missing permission fails here as it would on AWS.
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home.objects),
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
        # Listeners that nothing here uses and that would take fixed ports.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
