"""docs/ci.md, followed word for word in a repository of its own, against the real functions."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.client.conftest import TOKEN
from tests.client.test_command import LLAMA_BENCH

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "docs/ci.md").read_text("utf-8"), re.M | re.S)
# As `-r 8` writes it.
EIGHT_TIMES = {**LLAMA_BENCH, "samples_ns": [2_000_000_000 + n for n in range(8)]}
# Far apart: on a busy machine a process begins now and then half a second later.
FAST, SLOW = "0.02", "0.8"
Step = Callable[..., "subprocess.CompletedProcess[str]"]


def shown(kind: str, part: str) -> str:
    """The one block of a kind that has a text in it."""
    [found] = [text for each, text in BLOCKS if each == kind and part in text]
    return found


def steps(script: list[str]) -> list[str]:
    """What a job runs once the client is installed."""
    lines = [line.removeprefix("pip install ./client").removeprefix(" && ") for line in script]
    return list(filter(None, lines))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with what the page has in it, and a stand-in for what is measured."""
    (tmp_path / "evalyard.toml").write_text(shown("toml", "baseline"))
    for name, text in {
        "measure.sh": shown("sh", "# measure.sh"),
        "answer": '#!/bin/sh\nsleep "$(cat pause)"\n',
        "bin/evalyard": f'#!/bin/sh\nexec "{sys.executable}" -m evalyard "$@"\n',
        "bin/llama-bench": f"#!/bin/sh\necho '{json.dumps([EIGHT_TIMES])}'\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "One"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def step(project: Path, url: str) -> Step:
    """Runs a line in bash as a CI server does, with what it sets."""

    def run(line: str, *, commit: str, pause: str = FAST, **variables: str):
        (project / "pause").write_text(pause)
        env = {
            "PATH": f"{project / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "client"),
            "HOME": str(project),
            "CI": "true",
            "EVALYARD_URL": url,
            "EVALYARD_TOKEN": TOKEN,
            "COMMIT": commit,
            "CI_COMMIT_SHA": commit,
            **variables,
        }
        line = line.replace("${{ github.sha }}", commit)
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            env=env,
            cwd=project,
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.exhaustive
def test_a_slower_commit_is_red_and_main_is_not_when_the_page_is_followed(
    step: Step, project: Path
) -> None:
    [measure, gate] = steps(yaml.safe_load(shown("yaml", "$CI_COMMIT_SHA"))["gate"]["script"])
    baseline = shown("sh", "baseline set")

    before = step(f"{measure} && {gate}", commit="one")
    kept = step(baseline, commit="one")
    same = step(gate, commit="one")
    slower = step(f"{measure} && {gate}", commit="two", pause=SLOW)

    assert (before.returncode, kept.returncode, same.returncode) == (2, 0, 0), before.stderr
    assert "evalyard baseline set NAME" in before.stderr
    assert json.loads(kept.stdout)["reason"] == "One"
    assert slower.returncode == 1, slower.stderr
    assert 'failures="1"' in (project / "gate.xml").read_text("utf-8")


@pytest.mark.exhaustive
def test_the_steps_of_github_end_as_the_gate_does_when_the_page_is_followed(
    step: Step, project: Path
) -> None:
    _, measuring, action = yaml.safe_load(shown("yaml", "./client/action"))
    [measure] = steps([measuring["run"]])
    said = {
        "GATE_BASELINE": action["with"]["baseline"],
        "GITHUB_STEP_SUMMARY": str(project / "summary"),
    }
    step(measure, commit="one")
    step(shown("sh", "baseline set"), commit="one")

    step(measure, commit="two", pause=SLOW)
    gated = step(
        f"bash {ROOT}/client/action/gate.sh", commit="two", GATE_FILTERS="cond.commit=two", **said
    )

    assert gated.returncode == 1, gated.stderr
    assert "| ci | llama3-8b | latency_ms |" in (project / "summary").read_text("utf-8")


@pytest.mark.exhaustive
def test_runs_of_llama_bench_are_sent_when_it_is_run_as_the_page_says(step: Step) -> None:
    [line] = [each for each in shown("sh", "llama-bench").splitlines() if "llama-bench -m" in each]

    done = step(line, commit="one")

    assert done.returncode == 0, done.stderr
    assert "8 runs are sent (llama-bench)" in done.stderr
