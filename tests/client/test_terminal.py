"""The command as people see it: real processes on a terminal, and with its output redirected."""

import json
import os
import pty
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest
from evalyard import Evalyard

from tests.client.conftest import TOKEN

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def env(url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "client"),
        "HOME": str(tmp_path),
        "TERM": "xterm",
        "NO_COLOR": "1",
        "COLUMNS": "150",
        "EVALYARD_URL": url,
        "EVALYARD_TOKEN": TOKEN,
    }


def _start(env, *arguments, **streams) -> subprocess.Popen:
    command = [sys.executable, "-m", "evalyard", *arguments]
    return subprocess.Popen(command, env=env, start_new_session=True, **streams)


def _on_a_terminal(env, *arguments) -> tuple[subprocess.Popen, int]:
    master, slave = pty.openpty()
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    process = _start(env, *arguments, **streams, preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    return process, master


def _read_until(terminal: int, text: str) -> str:
    seen = b""
    while text.encode() not in seen:
        try:
            piece = os.read(terminal, 4_096)
        except OSError:  # The other end is closed.
            break
        if not piece:
            break
        seen += piece
    return seen.decode("utf-8", "replace")


@pytest.mark.exhaustive
def test_a_job_is_named_and_goes_on_when_ctrl_c_ends_the_wait(ev: Evalyard, env) -> None:
    process, master = _on_a_terminal(env, "run", "-m", "m", "-p", "Why?")

    seen = _read_until(master, "queued")
    os.write(master, b"\x03")
    seen += _read_until(master, "interrupted")
    code = process.wait(timeout=30)
    os.close(master)

    job = next(iter(ev.jobs.list()))
    assert (code, job.status) == (130, "queued")
    assert f"evalyard jobs cancel {job.job_id}" in seen
    assert "Traceback" not in seen


@pytest.mark.exhaustive
def test_a_server_of_tools_ends_when_ctrl_c_comes_while_it_reads(env) -> None:
    process, master = _on_a_terminal(env, "mcp")
    about = {"protocolVersion": "2025-06-18", "capabilities": {}}
    params = {**about, "clientInfo": {"name": "t", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}

    os.write(master, json.dumps(message).encode() + b"\n")
    seen = _read_until(master, "serverInfo")
    os.write(master, b"\x03")
    code = process.wait(timeout=30)
    os.close(master)

    assert "is started by an MCP client" in seen
    assert code == 130


@pytest.mark.exhaustive
def test_a_table_is_whole_and_utf8_when_output_is_redirected_in_another_locale(
    ev: Evalyard, env
) -> None:
    ev.datasets.append("rows", [{"name": "größer", "text": "x" * 180}])
    env |= {"PYTHONIOENCODING": "ascii", "FORCE_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "0"}

    process = _start(env, "datasets", "get", "rows", "--format", "table", stdout=subprocess.PIPE)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "größer" in out.decode()
    assert out.decode().count("x") >= 180
