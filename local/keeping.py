"""Commands on the home of a local cloud, whether it runs or not; stdlib only."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from local import processes
from local.errors import LocalCloudError
from local.home import Home
from local.settings import Settings

_SHOWN_AT_FIRST = 20


def follow_logs(settings: Settings) -> None:
    """Prints the last lines and then each new one, until interrupted."""
    path = Home(settings.home).log("functions")
    if not path.exists():
        raise LocalCloudError(f"no log at {path} yet; start the local cloud with make run")
    for line in _lines(path):
        print(line, end="", flush=True)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from file.readlines()[-_SHOWN_AT_FIRST:]
        while True:
            line = file.readline()
            if line:
                yield line
            else:
                time.sleep(0.3)


def clean_state(settings: Settings) -> None:
    """Removes the home; refused while a local cloud uses it or when it is no such home."""
    home = Home(settings.home)
    if not home.root.exists():
        return
    if not home.ministack_port.exists():
        raise LocalCloudError(f"{home.root} does not look like the home of a local cloud")
    with home.locked():
        # Should this be killed half way, the next start begins with nothing as well.
        home.deployed.unlink(missing_ok=True)
        processes.end_left_behind(home.children)
        processes.end_holder(home.state_lock)
        home.empty_scratch()
        shutil.rmtree(home.root)
