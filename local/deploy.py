"""`sam build` and `sam deploy` of the one template onto the local AWS."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from local import build
from local.aws import REGION, LocalAws
from local.errors import LocalCloudError
from local.fingerprint import fingerprint
from local.home import ROOT, Home, read_json, write_private_json
from local.packaging import pack_build
from local.settings import Settings
from local.template import declared_parameters

STACK = "evalyard"
_CONFIG_ENV = "local"
_DEPLOYED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def parameters(settings: Settings, aws: LocalAws) -> dict[str, str]:
    """Stack parameters of a deployment onto this machine; only those that the template declares."""
    wanted = {
        "IotEndpoint": f"data.iot.{REGION}.localhost:{aws.endpoint_url.rpartition(':')[2]}",
        # The front port serves streams under the one address.
        "GatewayAddress": "/",
        **build.this_machine().parameters,
        # The local AWS speaks plain HTTP.
        "RequireTls": "false",
        # Folds cost nothing here, and what they make is looked at.
        "FoldAfterS": "5",
        # It keeps lifecycle rules and ignores them.
        "LifecycleRuns": "false",
        "CallbackAllowPrivate": "true" if settings.callback_allow_private else "false",
    }
    declared = declared_parameters(ROOT / "template.yaml")
    return {name: value for name, value in wanted.items() if name in declared}


def build_and_deploy(
    settings: Settings, home: Home, aws: LocalAws, say: Callable[[str], None]
) -> str:
    """Brings the present sources into the stack; their fingerprint, for `note_deployed`."""
    release = fingerprint(parameters(settings, aws))
    with build.build_lock():
        say("building functions and layers (sam build)")
        build.build(build.this_machine(), home.log("build"), _CONFIG_ENV)
        say("deploying template.yaml (sam deploy)")
        arguments = ["deploy", "--config-env", _CONFIG_ENV, "--stack-name", STACK]
        arguments += ["--template-file", str(pack_build(build.BUILD))]
        environment = aws.environment() | {"SAM_CLI_POLL_DELAY": "0.5"}
        given = parameters(settings, aws) | {"Release": release}
        build.run_sam(home.log("deploy"), arguments, given, environment)
    return release


def note_deployed(home: Home, release: str) -> None:
    """Notes what the stack was made from, once the stack itself is on the disk."""
    write_private_json(home.deployed, {"fingerprint": release})


def build_only(home: Home) -> None:
    """Only builds, for this machine."""
    with build.build_lock():
        build.build(build.this_machine(), home.log("build"), _CONFIG_ENV)


def is_deployed(settings: Settings, home: Home, aws: LocalAws) -> bool:
    """Whether the stack is there and was made from exactly the present sources and parameters."""
    noted = read_json(home.deployed) or {}
    same = noted.get("fingerprint") == fingerprint(parameters(settings, aws))
    return same and build.BUILD.is_dir() and _stack_stands(aws)


def check_not_lost(home: Home, aws: LocalAws) -> None:
    """Raises LocalCloudError when there was a stack and an earlier version lost it."""
    if home.deployed.exists() and _stack_status(aws) is None:
        raise LocalCloudError(
            f"the tables of {home.root} were lost: it was killed under a version that saved only "
            "when it was stopped. `make clean-state` removes what is left"
        )


def _stack_stands(aws: LocalAws) -> bool:
    return _stack_status(aws) in _DEPLOYED


def _stack_status(aws: LocalAws) -> str | None:
    try:
        stacks = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:
        return None
    return str(stacks[0]["StackStatus"]) if stacks else None
