"""The command `evalyard` against the running local cloud, at a terminal where people see it."""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.kit.device import SimulatedDevice
from tests.kit.local_cloud import LocalCloud, free_port
from tests.kit.terminal import environment, evalyard


@pytest.fixture
def env(cloud: LocalCloud, tmp_path: Path) -> dict[str, str]:
    """A shell that knows the cloud's address and the demo user's token."""
    said = cloud.announced
    return environment(tmp_path, EVALYARD_URL=said["base_url"], EVALYARD_TOKEN=said["user_token"])


@pytest.fixture
def doctor(env, monkeypatch, capsys) -> Callable[..., tuple[int, list[dict[str, Any]]]]:
    """The doctor's exit code, and what it found that is not ok."""
    for name in ("HOME", "EVALYARD_URL", "EVALYARD_TOKEN"):
        monkeypatch.setenv(name, env[name])
    from evalyard.cli.running import run

    def examine(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        code = run(["doctor", *arguments, "--format", "jsonl"])
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return code, [row for row in rows if row["status"] != "ok"]

    return examine


@pytest.fixture
def shelf(cloud: LocalCloud, admin: httpx.Client) -> Iterator[SimulatedDevice]:
    """A device that is there and runs nothing."""
    serial = f"shelf-{uuid4().hex[:8]}"
    device = SimulatedDevice.register(admin, serial, models=[serial])
    yield device
    device.http.close()
    admin.delete(f"/devices/{serial}").raise_for_status()


def test_a_profile_is_kept_privately_when_someone_logs_in(cloud: LocalCloud, tmp_path) -> None:
    said, env = cloud.announced, environment(tmp_path)

    with evalyard("login", env=env, cwd=tmp_path) as terminal:
        terminal.until("address:")
        terminal.type(f"{said['base_url']}\n")
        terminal.until("token:")
        terminal.type(f"{said['user_token']}\n")
        code = terminal.end()

    kept = tmp_path / ".config" / "evalyard" / "config.toml"
    assert (code, stat.S_IMODE(kept.stat().st_mode)) == (0, 0o600)
    assert "as demo; profile default is in" in terminal.seen
    assert said["user_token"] not in terminal.seen
    assert said["user_token"] in kept.read_text("utf-8")


def test_a_bar_moves_and_a_table_says_what_came_of_it_when_a_file_is_pushed(
    env, tmp_path: Path
) -> None:
    rows = ({"device": "d", "model": "m", "latency_ms": 900 + n % 7} for n in range(2_000))
    (tmp_path / "bench.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    with evalyard("push", "bench.jsonl", env=env, cwd=tmp_path) as terminal:
        terminal.until("0 rows ━")
        code = terminal.end()

    assert code == 0
    assert "batch_id" in terminal.seen
    assert " 2000       2000" in terminal.seen


def test_output_and_metrics_are_shown_when_the_device_ran_a_prompt(
    env, demo: httpx.Client, cloud: LocalCloud
) -> None:
    serial = cloud.announced["device_serial"]
    model = demo.get(f"/devices/{serial}").json()["models"][0]
    # Long enough to be seen at work: the command looks after 0.25 s, 0.6 s, 1.2 s and so on.
    asked = ("-p", "The capital of France is", "--num-predict", "256", "--device", serial)

    with evalyard("run", "-m", model, *asked, env=env) as terminal:
        terminal.until(f"running, on {serial}")
        code = terminal.end()

    assert code == 0
    assert "metrics.tok_s" in terminal.seen
    assert f"device                     {serial}" in terminal.seen


def test_the_job_is_named_and_can_be_cancelled_when_ctrl_c_ends_the_wait(
    env, shelf: SimulatedDevice, demo: httpx.Client
) -> None:
    with evalyard("run", "-m", shelf.serial, "-p", "Why?", env=env) as terminal:
        terminal.until("queued, ")
        terminal.type("\x03")
        code = terminal.end()

    [job] = demo.get("/api/jobs", params={"model": shelf.serial}).json()["data"]
    assert (code, job["status"]) == (130, "queued")
    advice = f"evalyard jobs cancel {job['job_id']}"
    assert advice in terminal.seen
    with evalyard(*advice.split()[1:], env=env) as terminal:
        assert terminal.end() == 0
    assert "cancelled" in terminal.seen


def test_a_gate_has_its_verdict_as_table_and_code_when_a_command_measured(env, tmp_path) -> None:
    tag = f"t-{uuid4().hex[:8]}"
    command = [sys.executable, "-m", "evalyard"]
    shell = {"env": env, "cwd": tmp_path, "capture_output": True, "text": True}
    for commit, base_ms in (("one", 900), ("two", 1_080)):
        lines = [{"metrics": {"latency_ms": base_ms + n % 3}} for n in range(8)]
        measure = "; ".join(f"echo 'EVALYARD {json.dumps(line)}'" for line in lines)
        labels = ["--tag", tag, "--device", "ci", "-m", "m", "--cond", f"commit={commit}"]
        sent = subprocess.run([*command, "exec", *labels, "--", "sh", "-c", measure], **shell)
        assert "8 runs are sent" in sent.stderr
    filters = ["--filter", f"tag={tag}", "--filter"]
    kept = [*command, "baseline", "set", tag, "--reason", "r", *filters, "cond.commit=one"]
    assert subprocess.run(kept, **shell).returncode == 0

    codes, tables = [], []
    for commit in ("one", "two", "none"):
        asked = ("gate", "--baseline", tag, *filters, f"cond.commit={commit}")
        with evalyard(*asked, env=env, cwd=tmp_path) as terminal:
            codes.append(terminal.end())
        tables.append(terminal.seen)

    assert codes == [0, 1, 4]
    assert "ci, m    latency_ms" in tables[0]
    assert "verdict: fail" in tables[1]
    assert "the candidate has no runs" in tables[2]


def test_the_doctor_finds_nothing_when_the_device_serves_the_model(
    doctor, demo, cloud: LocalCloud
) -> None:
    serial = cloud.announced["device_serial"]
    model = demo.get(f"/devices/{serial}").json()["models"][0]

    assert doctor("-m", model) == (0, [])


def test_the_doctor_doubts_the_address_when_no_api_is_there(doctor, cloud: LocalCloud) -> None:
    closed, other = f"http://127.0.0.1:{free_port()}", cloud.announced["aws_endpoint_url"]

    (code, [refused]), (also, [strange]) = doctor("--url", closed), doctor("--url", other)

    assert (code, also) == (7, 7)
    assert "`make run` starts it" in refused["what_to_do"]
    assert "what answers there is no Evalyard API" in strange["finding"]


def test_the_doctor_names_the_token_when_it_is_unknown_or_may_too_little(doctor, demo) -> None:
    made = demo.post("/accounts/tokens", json={"kind": "user", "name": "i", "scope": "ingest"})

    code, [unknown] = doctor("--token", "eyt_unknown")
    also, [scope, devices] = doctor("--token", made.json()["token"])

    assert (code, unknown["check"], also) == (6, "token", 6)
    assert unknown["finding"] == "it is unknown, revoked or expired (401)"
    assert (scope["finding"], devices["check"]) == ("ingest", "devices")


def test_the_doctor_names_the_clock_when_it_is_an_hour_off(doctor, monkeypatch) -> None:
    now = time.time
    monkeypatch.setattr("evalyard.cli.doctor.time.time", lambda: now() + 3_600)

    code, found = doctor()

    # Devices of other tests may be found, too.
    [clock] = [each for each in found if each["check"] == "clock"]
    assert code == 0
    assert clock["finding"].startswith("+36")


def test_the_doctor_names_devices_when_none_can_run_the_model(
    doctor, shelf: SimulatedDevice
) -> None:
    said = {"ready": False, "models": [shelf.serial], "temperature_c": 71.0}
    hot = {**said, "not_ready_reason": "hot", "runner_version": "0.0.9"}
    shelf.http.post(f"/devices/{shelf.serial}/status", json=hot).raise_for_status()

    code, found = doctor("-m", shelf.serial)
    unserved, [missing] = doctor("-m", "no-such-model")

    assert (code, unserved) == (0, 4)
    assert [each["finding"].split()[:3] for each in found] == [
        [shelf.serial, "is", "hot:"],
        ["the", "runner", "of"],
    ]
    assert "no device serves no-such-model" in missing["finding"]


def test_the_local_cloud_is_found_from_a_folder_below_until_it_is_gone(
    doctor, cloud: LocalCloud, tmp_path: Path, monkeypatch
) -> None:
    for name in ("EVALYARD_URL", "EVALYARD_TOKEN"):
        monkeypatch.delenv(name)
    (tmp_path / "deep" / "down").mkdir(parents=True)
    (tmp_path / ".evalyard").mkdir()
    monkeypatch.chdir(tmp_path / "deep" / "down")
    announced = tmp_path / ".evalyard" / "local.json"

    announced.write_text((cloud.home / "local.json").read_text())
    running, _ = doctor()
    # What a cloud that was killed leaves.
    stale = {**cloud.announced, "base_url": f"http://127.0.0.1:{free_port()}"}
    announced.write_text(json.dumps(stale))
    killed, [left] = doctor()
    os.unlink(announced)
    stopped, [none] = doctor()

    assert (running, killed, stopped) == (0, 7, 2)
    assert "`make run` starts it" in left["what_to_do"]
    assert "start a local cloud with `make run`" in none["finding"]
