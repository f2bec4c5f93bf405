"""The built functions under AWS's own runtime: `sam build` output, its emulator, moto.

The emulator's binary lies in the wheel of the SAM CLI; the runtime client is on PyPI. A function
sees its artifact and its layers, nothing of the virtual environment that the tests run in: what a
layer lacks is missing here as it would be on Lambda.
"""

import importlib.metadata
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from tests.kit.cloud import create_buckets, create_queues, create_tables
from tools.template import REGION, ROOT, Template, read_template

BUILD = Path(os.environ.get("EVALYARD_BUILD", ROOT / ".aws-sam" / "build"))
_EMULATORS = "lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-*"
_INVOKE = "2015-03-31/functions/function/invocations"
_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}
_PATIENCE_S = 60


class EmulatedFunction:
    """One built function, running under the emulator."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/{_INVOKE}"

    def invoke(self, event: bytes) -> Any:
        """The function's answer to an event."""
        request = urllib.request.Request(self._url, data=event)
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            return _read(answer.read())


def _read(answer: bytes) -> Any:
    """The answer's JSON; one that was streamed comes whole, its prelude first."""
    prelude, separator, body = answer.partition(b"\x00" * 8)
    said = json.loads(prelude)
    if not separator:
        return said
    headers = {name.lower(): value for name, value in said["headers"].items()}
    return {"statusCode": said["statusCode"], "headers": headers, "body": body.decode()}


@pytest.fixture(scope="session")
def cloud() -> Iterator[tuple[Template, str]]:
    """The template's tables, bucket and queues in a moto server, and its address."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    template, address = read_template(), f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _CREDENTIALS.items():
            patch.setenv(name, value)
        create_tables(template, address)
        create_buckets(template, address)
        create_queues(template, address)
    yield template, address
    server.stop()


@pytest.fixture(scope="session")
def runtime_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with AWS's runtime client and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("runtime_client")
    for name in _CLIENT:
        distribution = importlib.metadata.distribution(name)
        tops = {
            file.parts[0] for file in distribution.files or () if file.parts[0] != "__pycache__"
        }
        for top in tops:
            (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder


@pytest.fixture(scope="module")
def function(
    request: pytest.FixtureRequest,
    cloud: tuple[Template, str],
    runtime_client: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[EmulatedFunction]:
    """The function of this parameter, started once for all its events."""
    logical_id: str = request.param
    template, address = cloud
    port, runtime_port = _free_port(), _free_port()
    log = tmp_path_factory.mktemp(logical_id) / "log"
    environment = {
        **_CREDENTIALS,
        **template.environment(logical_id),
        "AWS_ENDPOINT_URL": address,
        "AWS_LAMBDA_FUNCTION_NAME": logical_id,
        "LAMBDA_TASK_ROOT": str(BUILD / logical_id),
        "_HANDLER": _handler(template, logical_id),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(_PATIENCE_S),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ":".join(_python_path(template, logical_id, runtime_client)),
        # A layer is read-only on AWS: what was not compiled by the build is not kept here either.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [
        str(_emulator()), "--log-level", "error",
        "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
        "--runtime-api-address", f"127.0.0.1:{runtime_port}",
        *_runtime(template, logical_id),
    ]  # fmt: skip
    with log.open("wb") as output:
        emulator = subprocess.Popen(
            command, cwd=BUILD / logical_id, env=environment, stdout=output, stderr=output
        )
    try:
        _await_port(port, emulator)
        yield EmulatedFunction(port)
    finally:
        emulator.terminate()
        emulator.wait(10)
        sys.stdout.write(log.read_text(errors="replace"))


def _runtime(template: Template, logical_id: str) -> list[str]:
    """What starts the function: AWS's runtime client, or what it brings in the place of that."""
    wrapper = template.environment(logical_id).get("AWS_LAMBDA_EXEC_WRAPPER")
    if wrapper is None:
        return [_bare_python(), "-m", "awslambdaric", _handler(template, logical_id)]
    return [str(BUILD / "SharedLayer" / Path(wrapper).name), _bare_python()]


def _handler(template: Template, logical_id: str) -> str:
    return str(template.functions()[logical_id]["Properties"]["Handler"])


def _python_path(template: Template, logical_id: str, runtime_client: Path) -> list[str]:
    layers = [
        *template.functions()[logical_id]["Properties"].get("Layers", []),
        *template.document["Globals"]["Function"]["Layers"],
    ]
    folders = [BUILD / logical_id, *(BUILD / layer["Ref"] / "python" for layer in layers)]
    for folder in folders:
        assert folder.is_dir(), f"{folder} is missing: run `make build` first"
    return [str(folder) for folder in [*folders, runtime_client]]


def _bare_python() -> str:
    """The interpreter itself, outside of its virtual environment."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


def _emulator() -> Path:
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    for found in (ROOT / ".venv-sam").glob(_EMULATORS):
        if found.name.endswith(machine):
            return found
    on_path = shutil.which("aws-lambda-rie")
    assert on_path, "the Runtime Interface Emulator is missing: run `make .venv-sam/.installed`"
    return Path(on_path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the emulator ended by itself"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the emulator does not listen")
