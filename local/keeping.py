"""Commands on the home of a local cloud, whether it runs or not; stdlib only."""

import shutil

from local import log_files, processes
from local.errors import LocalCloudError
from local.home import Home
from local.settings import Settings


def follow_logs(settings: Settings) -> None:
    """Prints the last lines and then each new one, until interrupted."""
    path = Home(settings.home).log("functions")
    if not path.exists():
        raise LocalCloudError(f"no log at {path} yet; start the local cloud with make run")
    for line in log_files.follow(path):
        print(line, end="", flush=True)


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
