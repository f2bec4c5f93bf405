"""What functions that must start fast make when they are imported (decision 0095)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.template import ROOT

# A dataclass takes 0.3 ms, as Python compiles its methods from text; a msgspec.Struct takes 0.01.
# Settings are read by their fields. Members that a caller does not give, and what FastAPI calls,
# are not for Structs.
DATACLASSES = {
    "shared.config.LambdaRuntime",
    "shared.http.rates.RateSettings",
    "shared.storage.log.commit.Commit",
    "shared.storage.log.snapshot.Snapshot",
    "functions.authorize_request.handler.Settings",
    "functions.datasets.parameters.Reading",
    "functions.datasets.wiring.Settings",
}
# Of a start, before its first event.
ASKED = """
import importlib, sys
importlib.import_module(sys.argv[1])
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] in ("shared", "functions"):
        for each in vars(module).values():
            own = isinstance(each, type) and each.__module__ == name
            if own and "__dataclass_fields__" in vars(each):
                print(f"{name}.{each.__qualname__}")
"""


@pytest.mark.parametrize("function", ["authorize_request", "datasets"])
def test_dataclasses_are_few_when_a_function_starts(function: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKED, f"functions.{function}.handler"],
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(done.stdout.split()) <= DATACLASSES
    # Of its own, at least the settings are seen.
    assert any(name.endswith(".Settings") for name in done.stdout.split())
