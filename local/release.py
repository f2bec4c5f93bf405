"""`make deploy`: builds the stack for AWS and deploys it with the credentials of the shell.

The first deployment ends with the first administrator's token.
"""

import re
import subprocess
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.admin_token import print_admin_token
from local.build import BUILD, Target, build, build_lock, find_interpreter, sam_command
from local.errors import LocalCloudError
from local.fingerprint import fingerprint
from local.home import ROOT

_CONFIG_ENV = "default"
# The data bucket is named <stack>-data-<account>-<region>: at most 63 characters, lower case.
# The longest names of regions have 14.
_STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
# A first deployment that failed: CloudFormation can only delete such a stack.
_DEAD = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}


@dataclass(frozen=True)
class Release:
    """One deployment: which stack, what it is built for, and its other parameters."""

    stack: str
    runtime: str
    architecture: str
    parameters: dict[str, str]

    def deploy(self) -> None:
        """Raises LocalCloudError with what is to be done when something is in the way."""
        check_stack_name(self.stack)
        target = Target(self.runtime, self.architecture, find_interpreter(self.runtime))
        is_first = _is_first(self.stack)
        with build_lock():
            print(f"==> building for {self.runtime} on {self.architecture}", flush=True)
            build(target, BUILD.parent / "logs" / "build.log", _CONFIG_ENV)
            self._deploy(target)
        if is_first:
            print_admin_token(self.stack)

    def _deploy(self, target: Target) -> None:
        arguments = ["deploy", "--config-env", _CONFIG_ENV, "--stack-name", self.stack]
        given = self.parameters | target.parameters
        command = sam_command(arguments, given | {"Release": fingerprint(given)})
        # SAM shows the change set and asks, so it keeps the terminal.
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            raise LocalCloudError(f"stack {self.stack} was not deployed; SAM says why above")


def read_release(stack: str, runtime: str, architecture: str, parameters: str) -> Release:
    """From the command line; `parameters` are words such as `LogLevel=DEBUG`."""
    words = [word.partition("=") for word in parameters.split()]
    for name, equals, _ in words:
        if not equals:
            raise LocalCloudError(f"PARAMETERS has {name!r}; write Name=value, separated by spaces")
    return Release(stack, runtime, architecture, {name: value for name, _, value in words})


def check_stack_name(stack: str) -> None:
    """Raises LocalCloudError for a name that some resource could not carry."""
    if not _STACK_NAME.fullmatch(stack):
        raise LocalCloudError(
            f"STACK={stack} cannot be used: the stack's name is part of bucket and queue names, so "
            "it has at most 30 lower-case letters, digits and hyphens and begins with a letter"
        )


def _is_first(stack: str) -> bool:
    """Whether there is no such stack yet; raises LocalCloudError for one that cannot be updated."""
    status = _status(stack)
    if status in _DEAD:
        raise LocalCloudError(
            f"stack {stack} is {status}, which only allows deleting it; then deploy again: "
            f"aws cloudformation delete-stack --stack-name {stack}"
        )
    return status is None


def _status(stack: str) -> str | None:
    try:
        client: Any = boto3.client("cloudformation")
        return str(client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
    except ClientError as exc:
        if "does not exist" in str(exc):
            return None
        raise LocalCloudError(f"stack {stack}: {exc}") from exc
    except BotoCoreError as exc:
        raise LocalCloudError(f"AWS cannot be asked: {exc}") from exc
