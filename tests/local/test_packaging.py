"""What is uploaded: compiled, packed, and the same bytes for the same content."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from local.build import find_interpreter
from local.bytecode import compile_build
from local.errors import LocalCloudError
from local.home import ROOT
from local.packaging import pack_build
from local.pruning import SERVICES, prune_botocore
from shared.aws import clients

_TEMPLATE = """
Resources:
  WebLayer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: WebLayer}}
  Jobs: {Type: AWS::Serverless::Function, Properties: {CodeUri: Jobs, Layers: [{Ref: WebLayer}]}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST}}
"""


def interpreters() -> list[Path]:
    """This Python, and the deployed runtime's where the machine has one."""
    try:
        return [Path(sys.executable), find_interpreter("python3.13")]
    except LocalCloudError:
        return [Path(sys.executable)]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build folder as SAM leaves it."""
    build = tmp_path / "build"
    for folder, name in (("WebLayer/python/web", "__init__.py"), ("Jobs", "handler.py")):
        (build / folder).mkdir(parents=True)
        (build / folder / name).write_text("ANSWER = 42\n")
    (build / "template.yaml").write_text(_TEMPLATE)
    return build


def test_template_names_the_packages_when_packed(build: Path) -> None:
    packed = yaml.safe_load(pack_build(build).read_text())["Resources"]

    assert packed["WebLayer"]["Properties"]["ContentUri"] == "WebLayer.zip"
    assert packed["Jobs"]["Properties"] == {"CodeUri": "Jobs.zip", "Layers": [{"Ref": "WebLayer"}]}
    assert packed["Table"]["Properties"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert zipfile.ZipFile(build / "WebLayer.zip").namelist() == ["python/web/__init__.py"]


def test_package_is_the_same_when_only_file_times_changed(build: Path) -> None:
    pack_build(build)
    first = (build / "Jobs.zip").read_bytes()
    os.utime(build / "Jobs" / "handler.py", (1, 1))

    pack_build(build)

    assert (build / "Jobs.zip").read_bytes() == first


def test_compiled_code_is_used_when_file_times_changed_since(build: Path) -> None:
    compile_build(build.parent, Path(sys.executable))
    source = build / "Jobs" / "handler.py"
    source.write_text("ANSWER = 43\n")

    told = subprocess.run(
        [sys.executable, "-c", "import handler; print(handler.ANSWER)"],
        env={"PYTHONPATH": str(source.parent)},
        capture_output=True,
        text=True,
        check=True,
    )

    # The compiled file does not look at its source: 42 is what was compiled.
    assert told.stdout.strip() == "42"


@pytest.mark.parametrize("interpreter", interpreters(), ids=lambda path: path.name)
def test_code_is_compiled_for_the_python_that_will_run_it(build: Path, interpreter: Path) -> None:
    asked = [interpreter, "-c", "import sys; print(sys.implementation.cache_tag)"]
    tag = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()

    compile_build(build.parent, interpreter)

    (compiled,) = (build / "Jobs" / "__pycache__").iterdir()
    assert compiled.name == f"handler.{tag}.pyc"
    # The flags say that it is held against no source: 0b01, a hash that is not checked.
    assert compiled.read_bytes()[4:8] == b"\x01\0\0\0"


def test_code_is_compiled_again_when_another_python_compiled_it(build: Path) -> None:
    compile_build(build.parent, Path(sys.executable))
    cache = build / "Jobs" / "__pycache__"
    (own,) = cache.iterdir()
    own.rename(own.with_name("handler.cpython-39.pyc"))

    compile_build(build.parent, Path(sys.executable))

    assert own.is_file()


def test_layer_keeps_only_the_services_that_are_used_when_pruned(build: Path) -> None:
    data = build / "WebLayer" / "python" / "botocore" / "data"
    for service in (*SERVICES, "ec2", "bedrock"):
        (data / service / "2012-11-05").mkdir(parents=True)
    (data / "endpoints.json").write_text("{}")

    prune_botocore(build.parent)

    assert {each.name for each in data.iterdir()} == {*SERVICES, "endpoints.json"}


def test_kept_services_are_those_that_clients_are_made_of() -> None:
    sources = [path.read_text() for path in (ROOT / "shared" / "aws").glob("*.py")]
    made = re.findall(r"client\w*\(\s*\"(\w+)\"", "\n".join(sources))

    assert set(made) | set(clients.SERVICES) == SERVICES
