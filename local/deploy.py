"""`sam build` and `sam deploy` of the one template onto the local AWS."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from botocore.exceptions import ClientError

from local import build
from local.api_routes import import_http_apis
from local.aws import REGION, LocalAws
from local.cloud import keep
from local.errors import LocalCloudError
from local.fingerprint import fingerprint
from local.home import ROOT, Home, read_json, write_private_json
from local.packaging import pack_build
from local.settings import Settings
from local.stack import Stack, read_stack
from local.table_ttl import apply_ttl
from local.template import declared_parameters

STACK = "evalyard"
_CONFIG_ENV = "local"
# What a change of these makes different is deployed as well.
_DEPLOYED_BY = tuple(
    f"local/{name}.py"
    for name in ("api_routes", "deploy", "openapi_routes", "packaging", "stack", "table_ttl")
)


@dataclass(frozen=True)
class Deployed:
    """A stack as it was once it was complete, the id of its HTTP API, and what it was made from."""

    release: str
    stack: Stack
    api_id: str


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


def deploy(settings: Settings, home: Home, aws: LocalAws, say: Callable[[str], None]) -> Deployed:
    """Brings the present sources into the stack, with what the local AWS lacks; keeps it."""
    # Should this end half way, what was known of the stack is no longer so.
    home.stack.unlink(missing_ok=True)
    release = release_of(settings, aws)
    _build_and_deploy(settings, home, aws, release, say)
    stack = read_stack(aws, STACK)
    apply_ttl(aws, stack.template, stack.physical_ids)
    deployed = Deployed(release, stack, import_http_apis(aws, stack))
    # It counts as deployed once it is on the disk.
    keep(aws)
    write_private_json(home.stack, asdict(deployed))
    write_private_json(home.deployed, {"fingerprint": release})
    return deployed


def _build_and_deploy(
    settings: Settings, home: Home, aws: LocalAws, release: str, say: Callable[[str], None]
) -> None:
    with build.build_lock():
        say("building functions and layers (sam build)")
        build.build(build.this_machine(), home.log("build"), _CONFIG_ENV)
        say("deploying template.yaml (sam deploy)")
        arguments = ["deploy", "--config-env", _CONFIG_ENV, "--stack-name", STACK]
        arguments += ["--template-file", str(pack_build(build.BUILD))]
        environment = aws.environment() | {"SAM_CLI_POLL_DELAY": "0.5"}
        given = parameters(settings, aws) | {"Release": release}
        build.run_sam(home.log("deploy"), arguments, given, environment)


def release_of(settings: Settings, aws: LocalAws) -> str:
    """The fingerprint of the present sources and parameters."""
    return fingerprint(parameters(settings, aws), more=_DEPLOYED_BY)


def known(home: Home, release: str) -> Deployed | None:
    """What is deployed, if it was made from that and the build of it is there."""
    noted = read_json(home.stack) or {}
    if noted.get("release") != release or not build.is_built(build.this_machine()):
        return None
    return Deployed(release, Stack(**noted["stack"]), noted["api_id"])


def stands(aws: LocalAws, deployed: Deployed) -> bool:
    """Whether the local AWS has it; of all that is in one snapshot, its API is looked for."""
    try:
        aws.client("apigatewayv2").get_api(ApiId=deployed.api_id)
    except ClientError:
        return False
    return True


def build_only(home: Home) -> None:
    """Only builds, for this machine."""
    with build.build_lock():
        build.build(build.this_machine(), home.log("build"), _CONFIG_ENV)


def check_not_lost(home: Home, aws: LocalAws) -> None:
    """Raises LocalCloudError when there was a stack and an earlier version lost it."""
    if home.deployed.exists() and _stack_status(aws) is None:
        raise LocalCloudError(
            f"the tables of {home.root} were lost: it was killed under a version that saved only "
            "when it was stopped. `make clean-state` removes what is left"
        )


def _stack_status(aws: LocalAws) -> str | None:
    try:
        stacks = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:
        return None
    return str(stacks[0]["StackStatus"]) if stacks else None
