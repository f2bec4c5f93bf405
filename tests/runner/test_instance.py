"""What a process is called among those that say to be the same device."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner.kit.processes import RUNNER

SAY_IT = """
import sys
from pathlib import Path
from evalyard_runner.instance import own_instance
print(own_instance(Path(sys.argv[1]), "pi:5", Path(sys.argv[2])), flush=True)
sys.stdin.read()
"""


def start(folder: Path, boot_id: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SAY_IT, str(folder), str(boot_id)],
        env={"PYTHONPATH": str(RUNNER)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def name_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def boot_id(tmp_path: Path) -> Path:
    path = tmp_path / "boot_id"
    path.write_text("first")
    return path


@pytest.mark.exhaustive
def test_the_name_is_the_same_when_the_process_before_was_killed(
    tmp_path: Path, boot_id: Path
) -> None:
    with start(tmp_path, boot_id) as killed:
        name = name_of(killed)
        with start(tmp_path, boot_id) as second:
            other = name_of(second)
            second.kill()
        killed.kill()

    with start(tmp_path, boot_id) as heir:
        inherited = name_of(heir)
        heir.kill()

    assert inherited == name != other


def test_the_name_is_another_when_the_machine_is_another_or_was_rebooted(
    tmp_path: Path, boot_id: Path
) -> None:
    names = []
    for boot in ("first", "second"):
        boot_id.write_text(boot)
        with start(tmp_path, boot_id) as process:
            names.append(name_of(process))
            process.kill()

    assert len(set(names)) == 2


def test_a_name_is_made_when_nothing_can_be_kept(tmp_path: Path, boot_id: Path) -> None:
    with start(tmp_path / "absent", boot_id) as process:
        name = name_of(process)
        process.kill()

    assert len(name) == 32
