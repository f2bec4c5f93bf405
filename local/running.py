"""Commands for a local cloud that runs already, found by its `local.json`."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from local import deploy
from local.api_routes import import_http_apis
from local.aws import LocalAws
from local.errors import LocalCloudError
from local.fire import fire
from local.home import Home, read_json
from local.settings import Settings
from local.stack import read_stack
from local.table_ttl import apply_ttl

_SHOWN_AT_FIRST = 20


def redeploy(settings: Settings) -> None:
    """Builds and deploys the present sources; warm functions are replaced by the deployment."""
    home = Home(settings.home)
    aws = _running_aws(home)
    began = time.monotonic()
    deploy.build_and_deploy(settings, home, aws, print)
    stack = read_stack(aws, deploy.STACK)
    apply_ttl(aws, stack.template, stack.physical_ids)
    import_http_apis(aws, stack)
    print(f"deployed in {time.monotonic() - began:.0f} s")


def fire_schedule(settings: Settings, name: str) -> str:
    """What the schedule's target answered."""
    aws = _running_aws(Home(settings.home))
    return fire(aws, read_stack(aws, deploy.STACK), name)


def _running_aws(home: Home) -> LocalAws:
    announced = read_json(home.announcement)
    if announced is None:
        raise LocalCloudError(f"no local cloud runs in {home.root}; start one with make run")
    return LocalAws(str(announced["aws_endpoint_url"]))


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
        shutil.rmtree(home.root)
