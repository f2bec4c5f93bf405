"""What the terminal shows: lines that can be pasted."""

import json
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from local.announce import summary, write_announcement, write_shell_environment
from local.home import Home, read_json
from local.model import ModelChoice
from local.seed import Credentials

_CREDENTIALS = Credentials("eyt_admin", "eyt_user", "eyk_key", "eyd_device")
_MODEL = ModelChoice(shown="tiny (bundled)", flags=("--gguf", "x"), name="tiny")


def _curls(tmp_path: Path) -> list[str]:
    shown = summary(
        Home(tmp_path), "http://127.0.0.1:1", "http://127.0.0.1:2", _CREDENTIALS, _MODEL
    )
    return [line for line in shown.splitlines() if "curl" in line]


def test_announcement_names_everything_a_client_needs_when_ready(tmp_path: Path) -> None:
    home = Home(tmp_path)

    write_announcement(home, "http://127.0.0.1:1", "http://127.0.0.1:2", _CREDENTIALS)

    announced = read_json(home.announcement) or {}
    assert announced.pop("pid") > 0
    assert announced == {
        "base_url": "http://127.0.0.1:1",
        "user_token": "eyt_user",
        "admin_token": "eyt_admin",
        "api_key": "eyk_key",
        "device_serial": "demo-device",
        "aws_endpoint_url": "http://127.0.0.1:2",
    }


def _sourced(tmp_path: Path, model_name: str | None, command: str) -> str:
    """What a shell prints that sourced the file first."""
    home = Home(tmp_path)
    where = ("http://127.0.0.1:1", "http://127.0.0.1:2")
    write_shell_environment(home, *where, _CREDENTIALS, model_name)
    script = f". {shlex.quote(str(home.shell_environment))}; {command}"
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout


def test_programs_of_a_shell_know_the_cloud_when_it_sourced_the_file(tmp_path: Path) -> None:
    printed = _sourced(tmp_path, "tiny (Q4)", "env")

    assert set(printed.splitlines()) > {
        "EVALYARD_URL=http://127.0.0.1:1",
        "EVALYARD_TOKEN=eyt_user",
        "EVALYARD_ADMIN_TOKEN=eyt_admin",
        "EVALYARD_API_KEY=eyk_key",
        "EVALYARD_DEVICE=demo-device",
        "EVALYARD_DEVICE_MODEL=tiny (Q4)",
        "EVALYARD_AWS_ENDPOINT_URL=http://127.0.0.1:2",
    }


def test_word_of_a_model_name_is_no_command_when_a_shell_reads_it(tmp_path: Path) -> None:
    name = "x'; echo $(id) `id`; '"

    printed = _sourced(tmp_path, name, 'printf %s "$EVALYARD_DEVICE_MODEL"')

    assert printed == name


def test_only_the_owner_may_read_the_tokens_when_they_are_written(tmp_path: Path) -> None:
    _sourced(tmp_path, None, "true")

    assert stat.S_IMODE(Home(tmp_path).shell_environment.stat().st_mode) == 0o600


def test_nothing_announces_a_cloud_when_it_has_stopped(tmp_path: Path) -> None:
    home = Home(tmp_path)
    _sourced(tmp_path, None, "true")
    write_announcement(home, "http://127.0.0.1:1", "http://127.0.0.1:2", _CREDENTIALS)

    home.withdraw_announcement()

    assert list(tmp_path.iterdir()) == []


def test_five_lines_are_shown_and_parse_as_shell(tmp_path: Path) -> None:
    lines = _curls(tmp_path)

    parsed = [subprocess.run(["bash", "-n", "-c", line], check=False) for line in lines]

    assert len(lines) == 5
    assert [each.returncode for each in parsed] == [0] * 5


@pytest.mark.parametrize("line", [0, 1])
def test_body_is_json_when_the_shell_has_read_the_line(tmp_path: Path, line: int) -> None:
    printed = subprocess.run(
        ["bash", "-c", _curls(tmp_path)[line].replace("curl", "printf '%s\\n'", 1)],
        capture_output=True,
        text=True,
        check=True,
    )

    body = json.loads(printed.stdout.splitlines()[-1])
    assert body["dataset"] == "my_server_metrics"


def test_job_line_waits_for_the_id_that_the_api_answered(tmp_path: Path) -> None:
    line = _curls(tmp_path)[3]
    pattern = shlex.split(line.split("grep -oE ", 1)[1].split(" |", 1)[0])[0]

    found = subprocess.run(
        ["grep", "-oE", pattern],
        input='{"job_id":"job_01M82DR0NHP5XRVJGE1H9B0EEF","status":"queued"}',
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.split() == ["job_01M82DR0NHP5XRVJGE1H9B0EEF"]
