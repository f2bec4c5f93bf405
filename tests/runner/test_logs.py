"""The log of a run: what is in it, and how it gets to the server."""

import json
from typing import Any

import pytest
from evalyard_runner.attached_log import attached_log
from evalyard_runner.log_delivery import INLINE_BYTES
from evalyard_runner.wire import Claim, read_claim

from tests.runner.kit.api import TOKEN, job
from tests.runner.kit.bench import Bench

LONG = "\n".join(f"llama.cpp line {number:06}" for number in range(20_000))


def completed(bench: Bench, **fields: Any) -> dict[str, Any]:
    """What the runner says at the end of a job."""
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job(**fields)
    bench.send(url, "job_1")
    bench.run_until(lambda: bool(bench.api.heard("complete")))
    [result] = bench.api.heard("complete")
    assert bench.counts(url) == (0, 0)
    return dict(result)


def claim(prompt: str, system: str | None = None) -> Claim:
    said = {"attempt": 1, "model": "m", "prompt": prompt, "system": system, "timeout_s": 5}
    return read_claim("job_1", said)


def test_log_has_the_runtimes_lines_and_the_runners_when_a_job_ran(bench: Bench) -> None:
    bench.logged = "llama.cpp says hello"

    lines = completed(bench, warmup=1, repeat=2)["log"].splitlines()

    assert lines[0] == "llama.cpp says hello"
    assert [line.split()[2] for line in lines[1:]] == ["warm-up", "run", "run"]
    assert all(" completion_tokens=3 " in line for line in lines[1:])


@pytest.mark.exhaustive
def test_log_is_uploaded_when_it_is_long(bench: Bench) -> None:
    bench.logged = LONG

    result = completed(bench)

    [asked] = bench.api.heard("log_upload", "job_1")
    [(headers, content)] = bench.api.uploads
    assert asked == {"attempt": 1, "bytes": len(content)}
    assert (result["log"], result["log_uploaded"]) == (None, True)
    assert content.decode().startswith(LONG)
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert TOKEN not in json.dumps(headers)


def test_log_is_uploaded_once_when_the_result_must_be_repeated(bench: Bench) -> None:
    bench.logged = LONG
    bench.api.refuse("complete", 503, "unavailable")
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: len(bench.api.heard("complete")) == 2)

    assert len(bench.api.uploads) == 1
    assert [body["log_uploaded"] for body in bench.api.heard("complete")] == [True, True]


def test_end_of_the_log_comes_along_when_it_cannot_be_uploaded(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.logged = LONG
    bench.api.storage_status = 403

    result = completed(bench)

    first, *rest = result["log"].splitlines()
    assert first.endswith("earlier bytes were left out)")
    assert rest[0].startswith("llama.cpp line ")
    assert rest[-2] == "llama.cpp line 019999"
    assert len(result["log"]) <= INLINE_BYTES + 100
    assert "log_uploaded" not in result
    said = capfd.readouterr().err
    assert "log_cut job_id=job_1" in said
    assert "signature" not in said


@pytest.mark.exhaustive
def test_end_of_the_log_comes_along_when_the_server_knows_no_uploads(bench: Bench) -> None:
    bench.logged = LONG
    bench.api.refuse("log_upload", 404, "not_found", times=2)

    assert completed(bench)["log"].splitlines()[-2] == "llama.cpp line 019999"


def test_end_of_the_log_comes_along_when_the_server_does_not_find_the_upload(bench: Bench) -> None:
    bench.logged = LONG
    bench.api.refuse("complete", 422, "log_not_uploaded")
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: len(bench.api.heard("complete")) == 2)

    first, second = bench.api.heard("complete")
    assert first["log_uploaded"] is True
    assert second["log"].splitlines()[-2] == "llama.cpp line 019999"
    assert not bench.api.heard("fail")
    assert bench.counts(url) == (0, 0)


@pytest.mark.exhaustive
def test_nothing_is_reported_when_the_lease_is_lost_before_the_upload(bench: Bench) -> None:
    bench.logged = LONG
    bench.api.refuse("log_upload", 409, "lease_lost")
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("log_upload")))

    assert not bench.api.heard("complete")
    assert not bench.api.heard("fail")
    assert bench.counts(url) == (0, 1)


@pytest.mark.parametrize(
    "line", ['slot 0: "the secret\\nplan"', "slot 0: the secret\nplan", "slot 0: be quiet"]
)
def test_prompt_is_struck_out_when_a_runtime_repeats_it(line: str) -> None:
    kept = attached_log(f"before\n{line}\nafter", claim("the secret\nplan", "be quiet"))

    assert "secret" not in kept
    assert "quiet" not in kept
    assert kept.splitlines()[0] == "before"
    assert kept.splitlines()[-1] == "after"


def test_log_is_whole_when_the_prompt_is_next_to_nothing() -> None:
    assert attached_log("a log", claim("a")) == "a log"
