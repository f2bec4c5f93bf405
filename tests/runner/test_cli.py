"""The command as its user meets it: exit codes, and one line for each way it cannot work."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from evalyard_runner.net import is_in_the_clear

from tests.runner.kit.api import SERIAL, TOKEN, FakeApi, job
from tests.runner.kit.model import FakeModel, three_words
from tests.runner.kit.ollama import FakeOllama
from tests.runner.kit.processes import RUNNER, start, wait_for
from tests.runner.kit.sqs import FakeSqs


def ended(*flags: str, token: str | None = TOKEN, **variables: str) -> tuple[int, str, str]:
    process = start(*flags, token=token, **variables)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.exhaustive
def test_one_warning_when_the_token_goes_over_plain_http(model: FakeModel) -> None:
    flags = ("--openai-url", model.url, "--model", "m", "--serial", SERIAL)
    process = start(*flags, "--api", "http://evalyard.invalid")

    assert process.stderr
    first, second = process.stderr.readline(), process.stderr.readline()
    process.terminate()
    out, rest = process.communicate(timeout=60)

    assert first.startswith("token_sent_in_the_clear api=http://evalyard.invalid")
    assert "https" in first
    assert "unreachable" in second
    assert "token_sent_in_the_clear" not in second + rest + out
    assert TOKEN not in first + second + rest + out


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://127.8.8.8", False),
        ("http://[::1]:8000", False),
        ("https://api.example.com", False),
        ("http://api.example.com", True),
        ("http://192.168.1.7:8000", True),
        ("http://127.0.0.1.example.com", True),
        ("http://localhost.example.com", True),
    ],
)
def test_plain_http_shows_what_is_sent_but_on_this_machine(url: str, exposed: bool) -> None:
    assert is_in_the_clear(url) is exposed


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ((), "--openai-url must be"),
        (("--openai-url", "localhost:1"), "--openai-url must be"),
        (("--gguf", "a", "--openai-url", "http://h"), "exclude each other"),
        (("--ollama-url", "http://h", "--openai-url", "http://h"), "exclude each other"),
        (("--backend", "gguf"), "needs --gguf"),
        (("--backend", "ollama", "--openai-url", "http://h"), "--ollama-url must be"),
        (("--ollama-url", "localhost:11434"), "--ollama-url must be"),
        (("--check", "--ollama-url", "http://127.0.0.1:9"), "does not list its models"),
        (("--openai-url", "http://h"), "missing: --api"),
        (("--openai-url", "http://h", "--api", "http://h"), "missing: --serial"),
        (("--openai-url", "http://h", "--api", "ftp://h", "--serial", "s"), "--api must be"),
        (
            ("--openai-url", "http://h", "--api", "http://h", "--serial", "s"),
            "missing: --token, --token-file or EVALYARD_DEVICE_TOKEN",
        ),
        (("--check", "--openai-url", "http://127.0.0.1:9", "--model", "x"), "does not answer"),
        (("--check", "--gguf", __file__), "not a readable GGUF file"),
        (("--check", "--gguf", "/nowhere.gguf"), "no model file"),
    ],
)
def test_exit_code_is_2_with_one_line_when_it_cannot_work(
    flags: tuple[str, ...], says: str
) -> None:
    code, out, err = ended(*flags, token=None)

    assert (code, out) == (2, "")
    assert err.startswith("evalyard-runner: ")
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "variables",
    [{"ALL_PROXY": "socks5://127.0.0.1:9"}, {"SSL_CERT_FILE": "/nowhere.pem"}],
    ids=["proxy", "certificates"],
)
def test_exit_code_is_2_with_one_line_when_the_way_out_cannot_be_used(
    model: FakeModel, variables: dict[str, str]
) -> None:
    flags = ("--openai-url", model.url, "--model", "m", "--serial", SERIAL)

    code, out, err = ended(*flags, "--api", "https://evalyard.invalid", **variables)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "of the environment cannot be used" in err


@pytest.mark.exhaustive
@pytest.mark.parametrize(("token", "serial"), [("eyd_wrong", SERIAL), (TOKEN, "another")])
def test_exit_code_is_3_when_the_api_refuses_the_device(
    device_api: FakeApi, model: FakeModel, token: str, serial: str
) -> None:
    flags = ("--api", device_api.url, "--serial", serial, "--openai-url", model.url)

    code, _, err = ended(*flags, token=token)

    assert code == 3
    assert "refused" in err
    assert token not in err


@pytest.mark.exhaustive
def test_model_answers_one_token_when_it_is_checked(model: FakeModel) -> None:
    code, out, err = ended(
        "--check", "--openai-url", model.url, "--model", "tiny=upstream", token=None
    )

    assert (code, err) == (0, "")
    assert out.startswith("check_passed model=tiny ")
    assert model.requests[0]["max_tokens"] == 1


@pytest.mark.exhaustive
def test_model_answers_one_token_when_ollama_is_checked() -> None:
    with FakeOllama() as ollama:
        code, out, err = ended("--check", "--ollama-url", ollama.url, token=None)

    assert (code, err) == (0, "")
    assert out.startswith("check_passed model=llama3.2:1b ")
    assert ollama.requests[0][1]["options"] == {"num_predict": 1}


@pytest.mark.exhaustive
def test_runner_works_when_psutil_is_not_installed(model: FakeModel) -> None:
    code = (
        "import sys; sys.modules['psutil'] = None; from evalyard_runner.cli import main;"
        f"sys.exit(main(['--check', '--openai-url', '{model.url}']))"
    )

    process = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(RUNNER)}, capture_output=True
    )

    assert (process.returncode, process.stderr) == (0, b"")


@pytest.mark.exhaustive
@pytest.mark.parametrize("flag", ["--max-temp", "--min-battery"])
def test_exit_code_is_2_when_a_limit_makes_no_sense(flag: str) -> None:
    code, _, err = ended("--openai-url", "http://h", flag, "0", token=None)

    assert code == 2
    assert "is not between" in err


@pytest.mark.exhaustive
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_exit_code_is_0_when_it_is_told_to_stop(
    device_api: FakeApi, model: FakeModel, signum: signal.Signals
) -> None:
    runner = start("--api", device_api.url, "--serial", SERIAL, "--openai-url", model.url)
    try:
        wait_for(lambda: any(report["ready"] for report in device_api.heard("status")), runner)
        runner.send_signal(signum)
        out, err = runner.communicate(timeout=60)
    finally:
        runner.kill()

    assert (runner.returncode, err) == (0, "")
    assert out == "runner_ready serial=bench-1 models=listed-a,listed-b queues=0\n"
    assert device_api.heard("status")[-1]["ready"] is False


@pytest.mark.exhaustive
def test_jobs_are_done_when_the_disk_of_the_log_is_full_and_its_pipe_closed(
    device_api: FakeApi, model: FakeModel
) -> None:
    with FakeSqs() as sqs, Path("/dev/full").open("w") as full:
        device_api.queues.append({"url": sqs.queue_url, "lane": "normal"})
        device_api.session_endpoint = sqs.url
        flags = ("--api", device_api.url, "--serial", SERIAL, "--openai-url", model.url)
        runner = start(*flags, "--model", "tiny", stdout=full)
        assert runner.stderr
        runner.stderr.close()
        try:
            for job_id in ("job_1", "job_2"):
                device_api.jobs[job_id] = job(model=("unknown", "tiny")[job_id == "job_2"])
                sqs.send(job_id)
            wait_for(lambda: bool(device_api.heard("complete")), runner)
            device_api.refuse("status", 503, "unavailable")
            runner.send_signal(signal.SIGTERM)
            runner.wait(60)
        finally:
            runner.kill()

    assert (runner.returncode, len(device_api.heard("fail"))) == (0, 1)


@pytest.mark.parametrize("stopped_s", [2.5, pytest.param(30.0, marks=pytest.mark.nightly)])
@pytest.mark.exhaustive
def test_result_is_interrupted_when_the_process_is_stopped_for_a_while(
    device_api: FakeApi, model: FakeModel, stopped_s: float
) -> None:
    """As by the lid of a laptop, inside the lease."""
    model.script = slowly
    with FakeSqs() as sqs:
        device_api.queues.append({"url": sqs.queue_url, "lane": "normal"})
        device_api.session_endpoint = sqs.url
        flags = ("--api", device_api.url, "--serial", SERIAL, "--openai-url", model.url)
        runner = start(*flags, "--model", "tiny")
        try:
            device_api.jobs["job_1"] = job(timeout_s=600)
            sqs.send("job_1")
            wait_for(lambda: bool(model.requests), runner)
            runner.send_signal(signal.SIGSTOP)
            sleep(stopped_s)
            runner.send_signal(signal.SIGCONT)
            wait_for(lambda: bool(device_api.heard("complete")), runner)
            runner.terminate()
            runner.communicate(timeout=60)
        finally:
            runner.kill()

    [result] = device_api.heard("complete")
    assert "interrupted" in result["flags"]
    assert (result["metrics"]["latency_ms"], result["metrics"]["tok_s"]) == (None, None)
    assert result["samples"][0]["interrupted_s"] >= stopped_s
    assert result["output"] == "one two three"


def slowly(body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
    """A model that begins to speak while the runner stands still."""
    yield 1.0
    yield from three_words(body)
