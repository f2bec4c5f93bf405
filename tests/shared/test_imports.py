"""Importing is pure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.template import ROOT

PRODUCT = sorted([*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")])


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.exhaustive
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
