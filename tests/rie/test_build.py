"""What a build leaves: nothing is compiled at a cold start, nothing unused is unpacked."""

import sys
from pathlib import Path

import pytest

from local.pruning import SERVICES
from tests.rie.conftest import BUILD
from tools.template import read_template

pytestmark = pytest.mark.rie

OWN_CODE = sorted([*read_template().functions(), "SharedLayer"])


@pytest.mark.parametrize("artifact", OWN_CODE)
def test_every_module_is_compiled(artifact: str) -> None:
    modules = list((BUILD / artifact).rglob("*.py"))

    assert modules
    assert [path for path in modules if not compiled(path).is_file()] == []


def test_web_layer_describes_only_the_services_that_are_used() -> None:
    data = BUILD / "WebLayer" / "python" / "botocore" / "data"

    assert {each.name for each in data.iterdir() if each.is_dir()} == SERVICES


def compiled(module: Path) -> Path:
    return module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}.pyc"
