"""`sam build` and `sam deploy` of the one template onto the local AWS."""

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from botocore.exceptions import ClientError

from local.aws import REGION, LocalAws
from local.bytecode import compile_build
from local.errors import LocalCloudError
from local.home import ROOT, Home, read_json, write_private_json
from local.packaging import pack_build
from local.settings import Settings
from local.template import declared_parameters

STACK = "evalyard"
BUILD = ROOT / ".aws-sam" / "build"
# What a deployment is made of. Anything else may change without one.
_SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", "shared", "dashboard")
_DEPLOYED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def sam() -> Path:
    """The SAM CLI, in a virtual environment of its own."""
    return ROOT / ".venv-sam" / "bin" / "sam"


def parameters(settings: Settings) -> dict[str, str]:
    """Stack parameters of a deployment onto this machine; only those that the template declares."""
    wanted = {
        "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": _architecture(),
        # The local AWS speaks plain HTTP.
        "RequireTls": "false",
        "CallbackAllowPrivate": "true" if settings.callback_allow_private else "false",
    }
    declared = declared_parameters(ROOT / "template.yaml")
    return {name: value for name, value in wanted.items() if name in declared}


def _architecture() -> str:
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def build_and_deploy(
    settings: Settings, home: Home, aws: LocalAws, say: Callable[[str], None]
) -> None:
    """Brings the present sources into the stack, and notes which they were."""
    fingerprint = source_fingerprint(settings)
    with _build_lock():
        say("building functions and layers (sam build)")
        _build(settings, home)
        compile_build(BUILD.parent)
        say("deploying template.yaml (sam deploy)")
        arguments = ["deploy", "--stack-name", STACK]
        arguments += ["--template-file", str(pack_build(BUILD))]
        environment = aws.environment() | {"SAM_CLI_POLL_DELAY": "0.5"}
        _run(home.log("deploy"), arguments, settings, environment)
    write_private_json(home.deployed, {"fingerprint": fingerprint})


def build(settings: Settings, home: Home) -> None:
    """Only builds, for this machine."""
    home.log("build").parent.mkdir(parents=True, exist_ok=True)
    with _build_lock():
        _build(settings, home)


def _build(settings: Settings, home: Home) -> None:
    # SAM leaves its temporary folders behind.
    with TemporaryDirectory(dir=BUILD.parent) as scratch:
        _run(home.log("build"), ["build"], settings, {"TMPDIR": scratch})


def is_deployed(settings: Settings, home: Home, aws: LocalAws) -> bool:
    """Whether the stack is there and was made from exactly the present sources and parameters."""
    noted = read_json(home.deployed) or {}
    same = noted.get("fingerprint") == source_fingerprint(settings)
    return same and BUILD.is_dir() and _stack_stands(aws)


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


def _run(log: Path, arguments: list[str], settings: Settings, environment: dict[str, str]) -> None:
    common = ["--config-env", "local", "--config-file", str(ROOT / "samconfig.toml")]
    overrides = [f"{name}={value}" for name, value in parameters(settings).items()]
    with log.open("wb") as output:
        ended = subprocess.run(
            [str(sam()), *arguments, *common, "--parameter-overrides", *overrides],
            cwd=ROOT,
            env=_sam_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode != 0:
        raise LocalCloudError(f"sam {arguments[0]} failed: {_reason(log)} (see {log})")


def _reason(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    failed = [line.strip() for line in lines if "rror" in line or "FAILED" in line]
    return failed[-1] if failed else "no reason given"


def _sam_environment() -> dict[str, str]:
    # SAM looks for the interpreter and the pip of a runtime on the PATH.
    path = f"{sam().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"PATH": path, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}


@contextmanager
def _build_lock() -> Iterator[None]:
    """One build at a time: the folder is shared by all homes and SAM does not expect company."""
    folder = ROOT / ".aws-sam"
    folder.mkdir(exist_ok=True)
    with (folder / "local-build.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
