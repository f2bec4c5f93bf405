"""A claimed job, run on Ollama: what its result says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from evalyard_runner.backends.ollama import OllamaBackend
from evalyard_runner.measuring import Measured, measure
from evalyard_runner.sensors import Sensors
from evalyard_runner.wire import read_claim

from tests.runner.kit.loops import finished
from tests.runner.kit.ollama import FakeOllama, final, said


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    """An Ollama that loads the model when it is first asked: 6 s, then next to nothing."""
    loads = iter([6_000_000_000, *[20_000_000] * 9])

    def script(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield said("Hi")
        yield final(load_duration=next(loads))

    with FakeOllama(script) as server:
        yield server


def loading(*loads_ms: float) -> Callable[[dict[str, Any]], Iterator[dict[str, Any]]]:
    """An Ollama that waits for so long for the model, each time."""
    loads = iter(loads_ms)

    def script(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield said("Hi")
        yield final(load_duration=round(next(loads) * 1e6))

    return script


def measured(ollama: FakeOllama, **fields: Any) -> Measured:
    claim = {"attempt": 1, "model": "tiny", "prompt": "Hello", "timeout_s": 60, **fields}

    async def run() -> Measured:
        backend = OllamaBackend(ollama.url, {"tiny": "llama3.2:1b"})
        try:
            return await measure(backend, read_claim("job_1", claim), Sensors([]))
        finally:
            await backend.close()

    return finished(run())


def test_load_is_the_first_requests_when_a_warmup_loaded_the_model(ollama: FakeOllama) -> None:
    body = measured(ollama, warmup=1, repeat=2).body

    assert body["metrics"]["load_ms"] == 6000.0
    assert [row["load_ms"] for row in body["samples"]] == [20.0, 20.0]
    assert body["provenance"]["load_ms"]["source"] == "ollama"
    assert "first request" in body["provenance"]["load_ms"]["when"]


def test_every_number_is_told_apart_when_ollama_answers(ollama: FakeOllama) -> None:
    body = measured(ollama).body

    [row] = body["samples"]
    assert (row["cached_tokens"], row["evaluated_tokens"]) == (10, 10)
    assert (row["prefill_ms"], row["decode_ms"], row["prefill_tps"]) == (50.0, 30.0, 200.0)
    assert body["extra"] == {"Cached prompt tokens": 10.0}
    assert body["provenance"].keys() >= {
        name for name, value in body["metrics"].items() if value is not None
    }


@pytest.mark.parametrize(
    ("warmup", "loads_ms", "left_out"),
    [
        (1, [6_000.0, 20.0, 6_000.0, 20.0], [None, "load", None]),
        (0, [6_000.0, 20.0, 6_000.0], [None, None, "load"]),
        (0, [20.0, 30.0, 499.0], [None, None, None]),
        (1, [6_000.0, 6_000.0, 6_100.0], [None, None]),
    ],
    ids=["thrown out", "without a warm-up", "only looked", "loaded each time"],
)
def test_repetition_does_not_count_when_it_waited_for_the_model_again(
    warmup: int, loads_ms: list[float], left_out: list[str | None]
) -> None:
    """As of https://github.com/ollama/ollama/issues/7408."""
    with FakeOllama(loading(*loads_ms)) as server:
        options = {"cache_prompt": True}
        body = measured(server, warmup=warmup, repeat=len(left_out), options=options).body

    over = body["provenance"]["latency_ms"].get("over")
    counted = left_out.count(None)
    assert [row.get("left_out") for row in body["samples"]] == left_out
    assert over == (f"{counted} of {len(left_out)} repetitions" if any(left_out) else None)
