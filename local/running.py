"""Commands for a local cloud that runs already, found by its `local.json`."""

import time

from local import deploy
from local.aws import LocalAws
from local.errors import LocalCloudError
from local.fire import fire
from local.home import Home, read_json
from local.settings import Settings
from local.stack import read_stack


def redeploy(settings: Settings) -> None:
    """Builds and deploys the present sources; warm functions are replaced by the deployment."""
    home = Home(settings.home)
    aws = _running_aws(home)
    began = time.monotonic()
    deploy.deploy(settings, home, aws, print)
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
