"""What is uploaded: compiled, packed, and the same bytes for the same content."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from local.bytecode import compile_build
from local.packaging import pack_build

_TEMPLATE = """
Resources:
  WebLayer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: WebLayer}}
  Jobs: {Type: AWS::Serverless::Function, Properties: {CodeUri: Jobs, Layers: [{Ref: WebLayer}]}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST}}
"""


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
    compile_build(build.parent)
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
