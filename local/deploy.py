"""`sam build` and `sam deploy` of the one template onto the local AWS."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import ClientError

from local import build
from local.aws import LocalAws
from local.home import ROOT, Home, read_json, write_private_json
from local.packaging import pack_build
from local.settings import Settings
from local.template import declared_parameters

STACK = "evalyard"
_CONFIG_ENV = "local"
# What a deployment is made of. Anything else may change without one.
_SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", "shared", "dashboard")
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
    fingerprint = source_fingerprint(settings)
    with build.build_lock():
        say("building functions and layers (sam build)")
        build.build(build.this_machine(), home.log("build"), _CONFIG_ENV)
        say("deploying template.yaml (sam deploy)")
        arguments = ["deploy", "--config-env", _CONFIG_ENV, "--stack-name", STACK]
        arguments += ["--template-file", str(pack_build(build.BUILD))]
        environment = aws.environment() | {"SAM_CLI_POLL_DELAY": "0.5"}
        build.run_sam(home.log("deploy"), arguments, parameters(settings), environment)
    write_private_json(home.deployed, {"fingerprint": fingerprint})


def build_only(home: Home) -> None:
    """Only builds, for this machine."""
    with build.build_lock():
        build.build(build.this_machine(), home.log("build"), _CONFIG_ENV)


def is_deployed(settings: Settings, home: Home, aws: LocalAws) -> bool:
    """Whether the stack is there and was made from exactly the present sources and parameters."""
    noted = read_json(home.deployed) or {}
    same = noted.get("fingerprint") == source_fingerprint(settings)
    return same and build.BUILD.is_dir() and _stack_stands(aws)


def _stack_stands(aws: LocalAws) -> bool:
    try:
        stacks = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:
        return False
    return bool(stacks) and stacks[0]["StackStatus"] in _DEPLOYED


def source_fingerprint(settings: Settings) -> str:
    """A digest of all that goes into a deployment."""
    digest = hashlib.sha256(repr(sorted(parameters(settings).items())).encode())
    for name in _SOURCES:
        for path in _files(ROOT / name):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    skipped = {"__pycache__", "node_modules"}
    return sorted(
        each for each in path.rglob("*") if each.is_file() and not skipped & set(each.parts)
    )
