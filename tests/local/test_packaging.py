"""What is uploaded: compiled, packed, and the same bytes for the same content."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from local.build import find_interpreter
from local.bytecode import compile_build
from local.errors import LocalCloudError
from local.home import ROOT
from local.packaging import pack_build
from local.pruning import (
    SERVICES,
    STAND_INS,
    UNUSED,
    only_called,
    prune_descriptions,
    prune_layers,
    words_of_our_aws,
)
from shared.aws import clients

AWS = ROOT / "shared" / "aws"
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


def test_only_what_is_missing_is_compiled_when_the_rest_is(build: Path) -> None:
    compile_build(build.parent, Path(sys.executable))
    later = build / "WebLayer/python/web/later.py"
    later.write_text("ANSWER = 42\n")
    [former] = later.parent.glob("__pycache__/__init__.*.pyc")
    former.write_bytes(b"as it was")

    compile_build(build.parent, Path(sys.executable))

    assert list(later.parent.glob("__pycache__/later.*.pyc"))
    assert former.read_bytes() == b"as it was"


def test_a_module_stays_compiled_when_only_its_types_are_left_out(build: Path) -> None:
    web = build / "WebLayer/python/web"
    (web / "__init__.pyi").write_text("ANSWER: int\n")
    (web.parent / "botocore/data").mkdir(parents=True)
    (web.parent / "botocore/data/endpoints.json").write_text("{}")
    compile_build(build.parent, Path(sys.executable))

    prune_layers(build.parent)

    assert not (web / "__init__.pyi").exists()
    assert list(web.glob("__pycache__/__init__.*.pyc"))


def test_layer_keeps_only_the_services_that_are_used_when_pruned(build: Path) -> None:
    data = build / "WebLayer" / "python" / "botocore" / "data"
    for service in (*SERVICES, "ec2", "bedrock"):
        (data / service / "2012-11-05").mkdir(parents=True)
    (data / "endpoints.json").write_text("{}")

    prune_layers(build.parent)

    assert {each.name for each in data.iterdir()} == {*SERVICES, "endpoints.json"}


def test_kept_services_are_those_that_clients_are_made_of() -> None:
    sources = [path.read_text() for path in (ROOT / "shared" / "aws").glob("*.py")]
    made = re.findall(r"client\w*\(\s*\"(\w+)\"", "\n".join(sources))

    assert set(made) | set(clients.SERVICES) == SERVICES


def test_description_keeps_what_is_called_and_the_shapes_of_it() -> None:
    whole = Loader().load_service_model("s3", "service-2")

    pruned = only_called(whole, words_of_our_aws())

    model = ServiceModel(pruned, "s3")
    assert {"GetObject", "PutObject", "HeadBucket"} <= set(model.operation_names)
    assert "PutBucketPolicy" not in model.operation_names
    for name in model.operation_names:
        assert members(model.operation_model(name)) == members(
            ServiceModel(whole, "s3").operation_model(name)
        )


def test_endpoint_rules_say_the_same_when_unpacked(tmp_path: Path) -> None:
    data = Path(str(importlib.util.find_spec("botocore").origin)).parent / "data"  # type: ignore[union-attr]
    for service in SERVICES:
        shutil.copytree(data / service, tmp_path / service)
    shutil.copyfile(data / "endpoints.json", tmp_path / "endpoints.json")

    prune_descriptions(tmp_path)

    assert not list(tmp_path.rglob("*.gz"))
    pruned = Loader(extra_search_paths=[str(tmp_path)], include_default_search_paths=False)
    for service in SERVICES:
        asked = (service, "endpoint-rule-set-1")
        assert pruned.load_service_model(*asked) == Loader().load_service_model(*asked)


def test_every_call_of_ours_is_described_when_pruned() -> None:
    tree = ast.parse("\n".join(path.read_text() for path in AWS.glob("*.py")))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}

    for service in SERVICES:
        whole = Loader().load_service_model(service, "service-2")
        kept = {xform_name(name) for name in only_called(whole, words_of_our_aws())["operations"]}
        known = {xform_name(name) for name in whole["operations"]}
        assert known & (attributes | texts) <= kept


@pytest.mark.parametrize("name", STAND_INS)
def test_stand_in_has_every_name_that_others_import(name: str) -> None:
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package = Path(str(importlib.util.find_spec(module.partition(".")[0]).origin)).parent  # type: ignore[union-attr]
    stand_in = ast.parse((ROOT / "local" / "stand_ins" / STAND_INS[name]).read_text())
    defined = ast.ClassDef | ast.FunctionDef
    has = {node.name for node in ast.walk(stand_in) if isinstance(node, defined)}
    targets = [
        target for node in stand_in.body if isinstance(node, ast.Assign) for target in node.targets
    ]
    has |= {target.id for target in targets if isinstance(target, ast.Name)}

    assert imported_by_others(package, module) <= has


def imported_by_others(package: Path, module: str) -> set[str]:
    """The names that modules of a package import from one of its modules when they are imported.

    Modules that the layer leaves out, or has stand-ins of, do not count.
    """
    patterns = (*UNUSED, *STAND_INS)
    left_out = {path for pattern in patterns for path in package.parent.glob(pattern)}
    names: set[str] = set()
    for path in package.rglob("*.py"):
        if left_out.isdisjoint({path, *path.parents}):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
            names |= {alias.name for node in found if node.module == module for alias in node.names}
    return names


def members(operation: OperationModel) -> dict[str, object]:
    """What an operation takes and gives, by name."""
    shapes = (operation.input_shape, operation.output_shape)
    return {shape.name: sorted(shape.members) for shape in shapes if shape is not None}
