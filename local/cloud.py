"""The AWS of this machine: MiniStack as a process of its own, which keeps what it accepted."""

import os
import subprocess
import time
import urllib.error
import urllib.request

from local import processes
from local.aws import REGION, ROOT_KEY, ROOT_SECRET, LocalAws
from local.emulator import KEEP_PATH
from local.errors import LocalCloudError
from local.home import ROOT, Home
from local.ports import HOST, remembered_port

_READY_WITHIN_S = 30.0
_SAVE_WITHIN_S = 60.0


class Cloud:
    """A running MiniStack."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.port = remembered_port(home.ministack_port)
        self.aws = LocalAws(f"http://{HOST}:{self.port}")
        home.log("ministack").unlink(missing_ok=True)
        self.child = _start(home, self.port)

    def restart(self) -> processes.Child:
        """Starts it again after it ended by itself, on the same port; waits until it answers."""
        self.child.stop()
        self.child = _start(self._home, self.port)
        self.wait_until_ready()
        return self.child

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
        """Lets it finish what it is answering."""
        self.child.stop(within_s=_SAVE_WITHIN_S)


def keep(aws: LocalAws) -> None:
    """Waits until what was deployed is on the disk; no death can take it back after that."""
    url = f"{aws.endpoint_url}{KEEP_PATH}"
    request = urllib.request.Request(url, method="POST")  # noqa: S310 - a fixed scheme
    try:
        with urllib.request.urlopen(request, timeout=_SAVE_WITHIN_S):  # noqa: S310
            return
    except OSError as exc:
        raise LocalCloudError(f"the deployment could not be saved: {exc}") from exc


def start_cloud(home: Home) -> Cloud:
    """Starts MiniStack on the port that this home remembers."""
    return Cloud(home)


def _start(home: Home, port: int) -> processes.Child:
    command = [str(ROOT / ".venv-cloud" / "bin" / "python"), "-m", "local.emulator"]
    command += ["--state", str(home.state), "--objects", str(home.objects)]
    command += ["--memory", str(home.scratch), "--disk", str(home.disk_scratch)]
    # It ends when the other end of its input is gone, so also when this process is killed.
    return processes.start(
        "MiniStack",
        command,
        environment(home, port),
        home.log("ministack"),
        folder=ROOT,
        stdin=subprocess.PIPE,
    )


def environment(home: Home, port: int) -> dict[str, str]:
    """All that MiniStack sees, and so all that functions see in addition to their own variables."""
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
        # Processes that a burst left behind end when they were idle for so long.
        "LAMBDA_WARM_TTL_SECONDS": "30",
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
