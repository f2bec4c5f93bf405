"""`sam build` and `sam deploy` of the one template onto the local AWS."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from local import build
from local.aws import LocalAws
from local.fingerprint import fingerprint
from local.home import ROOT, Home, read_json, write_private_json
from local.packaging import pack_build
from local.settings import Settings
from local.template import declared_parameters

STACK = "evalyard"
_CONFIG_ENV = "local"
_DEPLOYED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def parameters(settings: Settings) -> dict[str, str]:
    """Stack parameters of a deployment onto this machine; only those that the template declares."""
    wanted = {
        **build.this_machine().parameters,
        # The local AWS speaks plain HTTP.
        "RequireTls": "false",
        # It keeps lifecycle rules and ignores them.
        "LifecycleRuns": "false",
        "CallbackAllowPrivate": "true" if settings.callback_allow_private else "false",
    }
    declared = declared_parameters(ROOT / "template.yaml")
    return {name: value for name, value in wanted.items() if name in declared}


def build_and_deploy(
    settings: Settings, home: Home, aws: LocalAws, say: Callable[[str], None]
) -> None:
    """Brings the present sources into the stack, and notes which they were."""
    release = fingerprint(parameters(settings))
    with build.build_lock():
        say("building functions and layers (sam build)")
        build.build(build.this_machine(), home.log("build"), _CONFIG_ENV)
        say("deploying template.yaml (sam deploy)")
        arguments = ["deploy", "--config-env", _CONFIG_ENV, "--stack-name", STACK]
        arguments += ["--template-file", str(pack_build(build.BUILD))]
        environment = aws.environment() | {"SAM_CLI_POLL_DELAY": "0.5"}
        given = parameters(settings) | {"Release": release}
        build.run_sam(home.log("deploy"), arguments, given, environment)
    write_private_json(home.deployed, {"fingerprint": release})


def build_only(home: Home) -> None:
    """Only builds, for this machine."""
    with build.build_lock():
        build.build(build.this_machine(), home.log("build"), _CONFIG_ENV)


def is_deployed(settings: Settings, home: Home, aws: LocalAws) -> bool:
    """Whether the stack is there and was made from exactly the present sources and parameters."""
    noted = read_json(home.deployed) or {}
    same = noted.get("fingerprint") == fingerprint(parameters(settings))
    return same and build.BUILD.is_dir() and _stack_stands(aws)


def _stack_stands(aws: LocalAws) -> bool:
    try:
        stacks = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:
        return False
    return bool(stacks) and stacks[0]["StackStatus"] in _DEPLOYED
