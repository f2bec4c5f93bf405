"""A model server that cannot answer now: the device steps aside, and jobs do not pay for it."""

import asyncio
import socket
from itertools import pairwise
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from evalyard_runner.backends.gguf import GgufBackend, GgufModel
from evalyard_runner.backends.health import Health
from evalyard_runner.backends.ollama import OllamaBackend
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.backends.retry_after import retry_after_s
from evalyard_runner.errors import GenerationError
from evalyard_runner.options import Generation
from evalyard_runner.patience import Patience

from tests.runner.kit.api import job
from tests.runner.kit.bench import Bench
from tests.runner.kit.loops import finished
from tests.runner.kit.model import content

LOADING = (503, {"error": {"message": "Loading model", "code": 503}}, {"Retry-After": "0"})


def reasons(bench: Bench) -> list[str | None]:
    return [said["not_ready_reason"] for said in bench.api.heard("status")]


def send(bench: Bench, *job_ids: str) -> str:
    """A message for each job, in the device's queue."""
    url = bench.queue("normal")
    for job_id in job_ids:
        bench.api.jobs[job_id] = job()
        bench.send(url, job_id)
    return url


@pytest.mark.exhaustive
@pytest.mark.parametrize("refusal", [LOADING, (502, "bad gateway", {"Retry-After": "0"})])
def test_device_pulls_nothing_when_its_server_cannot_answer_now(
    bench: Bench, refusal: tuple[int, Any, dict[str, str]]
) -> None:
    bench.model.refusal = refusal
    send(bench, "job_1", "job_2", "job_3")

    # One job, and then probes of one token, while the list of models is there all the time.
    bench.run_until(lambda: len(bench.model.requests) == 3)

    assert len(bench.api.heard("claim")) == 1
    assert [asked["max_tokens"] for asked in bench.model.requests] == [512, 1, 1]
    [failure] = bench.api.heard("fail")
    assert (failure["code"], failure["retry_after_s"]) == ("server_unavailable", 0.0)
    assert failure["retryable"]
    assert "server_unavailable" in reasons(bench)


@pytest.mark.exhaustive
def test_next_job_runs_when_the_server_answers_again(bench: Bench) -> None:
    bench.model.refusal = LOADING
    send(bench, "job_1", "job_2")

    def done() -> bool:
        if len(bench.model.requests) == 2:
            bench.model.refusal = None
        return bool(bench.api.heard("complete"))

    bench.run_until(done)

    assert [said["code"] for said in bench.api.heard("fail")] == ["server_unavailable"]
    assert len(bench.api.heard("complete", "job_2")) == 1


@pytest.mark.exhaustive
def test_server_is_left_alone_when_it_says_for_how_long(bench: Bench) -> None:
    asked_at: list[float] = []

    def script(body: dict[str, Any]) -> Any:
        asked_at.append(monotonic())
        yield content("x", finish_reason="stop")

    bench.model.script = script
    bench.model.refusal = (429, None, {"Retry-After": "2"})
    send(bench, "job_1")

    def probed() -> bool:
        if bench.api.heard("fail"):
            bench.model.refusal = None
        return bool(asked_at)

    began = monotonic()
    bench.run_until(probed)

    [failure] = bench.api.heard("fail")
    assert (failure["code"], failure["retry_after_s"]) == ("throttled", 2.0)
    assert asked_at[0] - began >= 2.0


def test_job_pays_when_it_alone_is_refused_again_and_again() -> None:
    """A probe went well each time, so it is about the job: none goes round for ever."""
    refusal = GenerationError("throttled", "429", retryable=True, retry_after_s=1.0)
    patience = Patience()

    said = [patience.judged(refusal, "job_1").retry_after_s for _ in range(6)]

    assert said == [1.0, 1.0, 1.0, 1.0, 1.0, None]
    assert patience.judged(refusal, "job_2").retry_after_s == 1.0


def test_server_is_asked_less_and_less_often_when_it_says_nothing_about_when() -> None:
    now, asked_at = [0.0], []

    async def probe(model: str) -> None:
        asked_at.append(now[0])
        raise GenerationError("runtime_crash", "went away", retryable=True)

    async def watched() -> None:
        health = Health(probe, lambda: ("tiny",), clock=lambda: now[0])
        health.note(
            GenerationError("server_unavailable", "503", retryable=True, retry_after_s=5.0), "tiny"
        )
        while now[0] < 120:
            assert not await health.recovered()
            now[0] += 0.5

    finished(watched())

    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert asked_at[0] == 5.0
    assert 6 <= len(asked_at) <= 20
    assert max(gaps) <= 15.5


@pytest.mark.exhaustive
@pytest.mark.parametrize("code", ["invalid_argument", "model_not_found"])
def test_server_answers_when_it_has_an_opinion_about_the_probe(code: str) -> None:
    async def probe(model: str) -> None:
        raise GenerationError(code, "no", retryable=False)

    async def recovered() -> bool:
        health = Health(probe, lambda: ("tiny", "other"))
        health.note(
            GenerationError("server_unavailable", "503", retryable=True, retry_after_s=0.0), "tiny"
        )
        while not await health.recovered():
            await asyncio.sleep(0.05)
        return True

    assert finished(recovered())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": "20", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "86400"}, 3600.0),
        (
            {
                "retry-after": "Fri, 01 May 2026 10:00:40 GMT",
                "date": "Fri, 01 May 2026 10:00:00 GMT",
            },
            40.0,
        ),
    ],
)
def test_wait_is_read_when_the_server_names_one(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers) == seconds


def test_server_is_there_when_only_one_of_its_models_is_not_found() -> None:
    """By a 404 that does not say so; the device's other models must not wait for this one."""
    nowhere = GenerationError("server_unavailable", "404 ?", retryable=True, retry_after_s=0.0)
    now, asked = [0.0], []

    async def probe(model: str) -> None:
        asked.append(model)
        if model == "tiny":
            raise nowhere

    async def recovered() -> bool:
        health = Health(probe, lambda: ("tiny", "other"), clock=lambda: now[0])
        health.note(nowhere, "tiny")
        now[0] = 60.0
        return await health.recovered()

    assert finished(recovered())
    assert asked == ["tiny", "other"]


@pytest.mark.parametrize("kind", [OpenAiBackend, OllamaBackend])
def test_job_pays_nothing_when_no_server_listens(kind: type[OpenAiBackend | OllamaBackend]) -> None:
    """As while it is updated, or started again."""

    async def asked(url: str) -> None:
        backend = kind(url, {"m": "m"})
        try:
            await backend.generate(Generation("m", "Why?"))
        finally:
            await backend.close()

    with socket.socket() as bound:
        # Its own, but it does not listen there.
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(GenerationError) as failed:
            finished(asked(f"http://127.0.0.1:{bound.getsockname()[1]}"))

    failure = failed.value
    assert (failure.code, failure.retryable) == ("server_unavailable", True)
    assert failure.retry_after_s is not None


def test_nothing_is_waited_for_when_the_models_own_process_ended() -> None:
    class Resting:
        async def recovered(self) -> bool:
            return False

    model = GgufModel(Path("m.gguf"), ("m",), threads=1, context=64, default_max_tokens=8)
    backend = GgufBackend(model)
    backend._client = Resting()  # type: ignore[assignment]
    found = []
    for alive in (True, False):
        backend._process = SimpleNamespace(alive=alive)  # type: ignore[assignment]
        found.append(finished(backend.recovered()))

    assert found == [False, True]
