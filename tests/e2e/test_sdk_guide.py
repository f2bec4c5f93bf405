"""docs/sdk.md and the tour, word for word, against the running local cloud and its real model."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.kit.guides import TOUR, examples
from tests.kit.local_cloud import LocalCloud, until
from tests.kit.terminal import environment

LIMIT_S = 240


@pytest.fixture
def shell(cloud: LocalCloud, demo: httpx.Client, tmp_path: Path) -> dict[str, object]:
    """Where someone who follows the pages is: at a shell of their own, with a device there."""
    until(lambda: demo.get("/devices", params={"ready": 1}).json()["data"], "a device is ready")
    said = cloud.announced
    known = {"EVALYARD_URL": said["base_url"], "EVALYARD_TOKEN": said["user_token"]}
    return {
        "env": environment(tmp_path, **known),
        "cwd": tmp_path,
        "capture_output": True,
        "text": True,
        "timeout": LIMIT_S,
    }


def test_every_statement_runs_when_the_guide_is_followed(shell, demo: httpx.Client) -> None:
    program = "\n".join(examples())

    done = subprocess.run([sys.executable, "-c", program], **shell)

    demo.delete("/user/data/delete", params={"dataset": "nightly", "usage": 1})
    demo.delete("/usage/baselines/main")
    assert done.returncode == 0, done.stderr
    assert len((shell["cwd"] / "runs.csv").read_text("utf-8").splitlines()) > 2_000


def test_the_tour_ends_and_takes_its_rows_back_when_it_is_run(shell, demo: httpx.Client) -> None:
    done = subprocess.run([sys.executable, str(TOUR)], **shell)

    assert done.returncode == 0, done.stderr
    assert "1000 rows, 1000 runs, 0 refused" in done.stdout
    assert "20 runs are gone" in done.stdout
    assert demo.get("/user/data/get", params={"dataset": "tour"}).status_code == 404
