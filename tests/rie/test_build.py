"""What a build leaves: nothing is compiled at a cold start, nothing unused is unpacked."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.pruning import SERVICES, STAND_INS
from tests.rie.conftest import BUILD
from tools.template import read_template

pytestmark = pytest.mark.rie

# What Lambda unpacks at a cold start of a function without DuckDB, with the compiled code.
MAX_LAYER_BYTES = 25 * 2**20
ARTIFACTS = sorted([*read_template().functions(), "SharedLayer", "WebLayer"])


@pytest.mark.parametrize("artifact", ARTIFACTS)
def test_every_module_is_compiled(artifact: str) -> None:
    modules = list((BUILD / artifact).rglob("*.py"))

    assert modules
    assert [path for path in modules if not compiled(path).is_file()] == []


@pytest.mark.parametrize("name", sorted(read_template().functions()))
def test_importing_wakes_no_collector_where_functions_run(name: str) -> None:
    handler = read_template().functions()[name]["Properties"]["Handler"]
    module = handler.rpartition(".")[0]
    code = f"import {module.rpartition('.')[0]}, gc; print(gc.get_threshold()[0])"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=BUILD / name,
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) == 150_000


def test_web_layer_describes_only_the_services_that_are_used() -> None:
    data = BUILD / "WebLayer" / "python" / "botocore" / "data"

    assert {each.name for each in data.iterdir() if each.is_dir()} == SERVICES


def test_layers_of_every_function_are_small() -> None:
    layers = [BUILD / "WebLayer", BUILD / "SharedLayer"]
    files = [path for layer in layers for path in layer.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) <= MAX_LAYER_BYTES


def test_stand_ins_are_compiled_in_the_place_of_what_they_stand_for() -> None:
    packages = BUILD / "WebLayer" / "python"

    for name in STAND_INS:
        module = packages / name
        assert module.stat().st_size < 3_000
        assert compiled(module).is_file()


def compiled(module: Path) -> Path:
    return module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}.pyc"
