"""The action's script and the command as processes, over HTTP, against the real functions."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.conftest import TOKEN

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "client" / "action" / "gate.sh"


@pytest.fixture
def step(tmp_path: Path):
    """Runs the script as a step does; gives its exit code, its outputs and its summary."""
    command = tmp_path / "bin" / "evalyard"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m evalyard "$@"\n')
    command.chmod(0o755)

    def run(**variables: str) -> tuple[int, str, str]:
        output, summary = tmp_path / "output", tmp_path / "summary"
        env = {
            "PATH": f"{command.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "client"),
            "HOME": str(tmp_path),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            **variables,
        }
        done = subprocess.run(["bash", str(SCRIPT)], env=env, cwd=tmp_path, capture_output=True)
        assert output.exists(), done.stderr.decode()
        return done.returncode, output.read_text(), summary.read_text()

    return run


@pytest.mark.exhaustive
def test_the_step_has_the_gates_verdict_when_it_runs(ev, url, step) -> None:
    rows = [
        {"device": "d", "model": "m", "latency_ms": base + n % 3, "conditions": {"build": build}}
        for build, base in (("one", 900.0), ("two", 1_080.0))
        for n in range(8)
    ]
    ev.usage.import_file(json.dumps(rows).encode())
    window = {"last_s": 86_400}
    ev.baselines.set("main", reason="r", window=window, filters={"cond.build": "one"})
    said = {"EVALYARD_URL": url, "EVALYARD_TOKEN": TOKEN, "GATE_BASELINE": "main"}

    ends = [
        step(**said, GATE_FILTERS=f"cond.build={build}\nmodel=m\n")
        for build in ("one", "two", "none")
    ]

    assert [code for code, _, _ in ends] == [0, 1, 4]
    assert ends[-1][1].split("\n")[::2] == ["verdict=pass", "verdict=fail", "verdict=no_data", ""]
    assert f"url={url}/" in ends[0][1]
    assert "latency_ms" in ends[0][2]


def test_the_step_is_green_and_says_so_when_a_fork_has_no_token(step) -> None:
    code, output, summary = step(EVALYARD_URL="https://api.example.com")

    assert (code, output) == (0, "verdict=skipped\n")
    assert "nothing is compared" in summary


def test_nothing_is_imported_for_it_when_the_version_is_asked_for() -> None:
    program = (
        "import sys; sys.argv = ['evalyard', '--version'];"
        "from evalyard.cli.entry import main; main();"
        "print(sorted({'click', 'rich', 'httpx', 'msgspec'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "client", capture_output=True, text=True
    )

    assert done.stdout.split("\n")[1:] == ["[]", ""]
