"""What is deployed is made from the present sources, and nothing is made twice."""

from dataclasses import asdict
from pathlib import Path

import pytest

from local import build, fingerprint
from local.deploy import Deployed, known
from local.home import Home, write_private_json
from local.stack import Stack

DEPLOYED = Deployed("r1", Stack({"Resources": {}}, {"Api": "a1"}, {}), "a1")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two sources and what is none."""
    for name in ("shared/rules.py", "dashboard/src/app.ts", "dashboard/node_modules/x/index.js"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("1")
    (tmp_path / "template.yaml").write_text("Resources: {}")
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def built(sources: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, built."""
    made_from = sources / "made-from"
    monkeypatch.setattr(build, "_MADE_FROM", made_from)
    made_from.write_text(build._made_from(build.this_machine()))
    return sources


@pytest.mark.parametrize("name", ["shared/rules.py", "shared/new.py", "template.yaml"])
def test_fingerprint_is_another_when_a_source_changes(sources: Path, name: str) -> None:
    before = fingerprint.fingerprint({})

    (sources / name).write_text("2")

    assert fingerprint.fingerprint({}) != before


def test_fingerprint_is_the_same_when_only_packages_and_bytecode_change(sources: Path) -> None:
    before = fingerprint.fingerprint({})

    (sources / "dashboard/node_modules/x/index.js").write_text("2")
    (sources / "shared/__pycache__").mkdir()
    (sources / "shared/__pycache__/rules.pyc").write_text("2")

    assert fingerprint.fingerprint({}) == before


def test_build_is_kept_when_nothing_changed(built: Path, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "build.log"

    build.build(build.this_machine(), log, "local")

    assert not log.exists()


@pytest.mark.parametrize("name", ["shared/rules.py", "local/pruning.py"])
def test_build_is_outdated_when_a_source_or_what_builds_it_changes(built: Path, name: str) -> None:
    (built / name).parent.mkdir(exist_ok=True)
    (built / name).write_text("2")

    assert not build.is_built(build.this_machine())


def test_build_is_outdated_when_it_was_made_for_another_processor(built: Path) -> None:
    here = build.this_machine()

    assert not build.is_built(build.Target(here.runtime, "another", here.interpreter))


def test_deployment_is_known_when_sources_and_build_are_as_they_were(
    built: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    write_private_json(home.stack, asdict(DEPLOYED))

    assert known(home, "r1") == DEPLOYED
    assert known(home, "r2") is None


def test_deployment_is_not_known_when_the_build_is_of_other_sources(
    built: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    write_private_json(home.stack, asdict(DEPLOYED))

    (built / "shared/rules.py").write_text("2")

    assert known(home, "r1") is None


def test_nothing_is_known_when_nothing_was_noted(built: Path, tmp_path: Path) -> None:
    assert known(Home(tmp_path), "r1") is None
