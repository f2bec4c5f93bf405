"""The command as people see it: real processes on a terminal, and with its output redirected."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from evalyard import Evalyard

from tests.client.conftest import TOKEN
from tests.kit.terminal import environment, evalyard


@pytest.fixture
def env(url: str, tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path, EVALYARD_URL=url, EVALYARD_TOKEN=TOKEN, NO_COLOR="1")


@pytest.mark.exhaustive
def test_a_job_is_named_and_goes_on_when_ctrl_c_ends_the_wait(ev: Evalyard, env) -> None:
    with evalyard("run", "-m", "m", "-p", "Why?", env=env) as terminal:
        terminal.until("queued")
        terminal.type("\x03")
        code = terminal.end()

    job = next(iter(ev.jobs.list()))
    assert (code, job.status) == (130, "queued")
    assert f"evalyard jobs cancel {job.job_id}" in terminal.seen
    assert "Traceback" not in terminal.seen


@pytest.mark.exhaustive
def test_a_bar_is_seen_as_it_moves_when_a_command_draws_it_without_line_ends(env) -> None:
    program = "import sys; sys.stdout.write('\\r1 of 5'); sys.stdout.flush(); input()"

    with evalyard("exec", "--", sys.executable, "-c", program, env=env) as terminal:
        terminal.until("1 of 5")
        terminal.type("\n")
        terminal.end()


@pytest.mark.exhaustive
def test_a_server_of_tools_ends_when_ctrl_c_comes_while_it_reads(env) -> None:
    about = {"protocolVersion": "2025-06-18", "capabilities": {}}
    params = {**about, "clientInfo": {"name": "t", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}

    with evalyard("mcp", env=env) as terminal:
        terminal.type(json.dumps(message) + "\n")
        terminal.until("serverInfo")
        terminal.type("\x03")
        code = terminal.end()

    assert "is started by an MCP client" in terminal.seen
    assert code == 130


@pytest.mark.exhaustive
def test_a_table_is_whole_and_utf8_when_output_is_redirected_in_another_locale(
    ev: Evalyard, env
) -> None:
    ev.datasets.append("rows", [{"name": "größer", "text": "x" * 180}])
    env |= {"PYTHONIOENCODING": "ascii", "FORCE_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "0"}

    command = [sys.executable, "-m", "evalyard", "datasets", "get", "rows", "--format", "table"]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, timeout=60)

    assert done.returncode == 0
    assert "größer" in done.stdout.decode()
    assert done.stdout.decode().count("x") >= 180


@pytest.mark.exhaustive
def test_each_row_is_lines_when_the_terminal_is_narrow(ev: Evalyard, env) -> None:
    ev.datasets.append("rows", [{"a": 1}])
    env |= {"COLUMNS": "20"}

    with evalyard("datasets", "list", env=env) as terminal:
        code = terminal.end()

    assert code == 0
    assert "dataset          rows\r\nrows             1\r\n" in terminal.seen
    assert "\x1b" not in terminal.raw
