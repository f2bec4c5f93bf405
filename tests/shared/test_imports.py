"""Importing is pure, and the house's few global doors are used by nobody else."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.template import ROOT

PRODUCT = sorted([*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")])
# Who may ask the machine for these.
DOORS = {
    "os.environ": {"shared/config.py"},
    "os.getenv": set(),
    "time.time": set(),
    "time.time_ns": {"shared/clock.py"},
    "datetime.now": set(),
    "datetime.utcnow": set(),
    "uuid.uuid4": set(),
    "random.random": set(),
    "secrets.token_urlsafe": {"shared/ids.py"},
    "secrets.token_bytes": {"shared/ids.py"},
    "secrets.randbits": {"shared/ids.py"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def dotted_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def test_every_module_imports_with_an_empty_environment(tmp_path: Path) -> None:
    modules = [module_name(path) for path in PRODUCT]
    script = (
        "import importlib, os\n"
        "import botocore.session\n"
        "def refuse(*_, **__): raise AssertionError('a client was made at import')\n"
        "botocore.session.Session.create_client = refuse\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", PRODUCT, ids=[str(path.relative_to(ROOT)) for path in PRODUCT])
def test_module_asks_no_door_but_its_own(path: Path) -> None:
    here = str(path.relative_to(ROOT))

    used = {name for name in dotted_names(path) if name in DOORS and here not in DOORS[name]}

    assert used == set()


@pytest.mark.parametrize("path", PRODUCT, ids=[str(path.relative_to(ROOT)) for path in PRODUCT])
def test_module_says_what_it_answers_for(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert ast.get_docstring(tree), "a module begins with what it answers for"
