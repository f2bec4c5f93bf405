"""One licence, said alike by everything that leaves this folder on its own."""

import json
import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LICENCE = "Apache-2.0"


def _project(path: str) -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((ROOT / path).read_text())["project"]
    return project


def test_licence_is_the_same_when_a_package_states_it() -> None:
    package = json.loads((ROOT / "dashboard/package.json").read_text())
    lock = json.loads((ROOT / "dashboard/package-lock.json").read_text())
    api = json.loads((ROOT / "functions/health/openapi.json").read_text())
    template = re.search(r"^  Evalyard: (\{.*\})$", (ROOT / "template.yaml").read_text(), re.M)

    assert template
    assert [
        _project("pyproject.toml")["license"],
        _project("runner/pyproject.toml")["license"],
        _project("client/pyproject.toml")["license"],
        package["license"],
        lock["packages"][""]["license"],
        api["info"]["license"]["identifier"],
        yaml.safe_load(template[1])["License"],
    ] == [LICENCE] * 7


def test_runner_carries_the_licence_when_it_is_installed_alone() -> None:
    text = (ROOT / "LICENSE").read_text()

    assert "Version 2.0, January 2004" in text
    assert (ROOT / "runner/LICENSE").read_text() == text
    assert (ROOT / "client/LICENSE").read_text() == text
