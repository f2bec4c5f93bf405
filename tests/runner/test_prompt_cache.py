"""Repetitions that a prompt cache spares work, and prompts that a server cuts."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import pytest
from evalyard_runner.backends.ollama import OllamaBackend
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.measure import Sample
from evalyard_runner.measuring import measure
from evalyard_runner.options import Generation
from evalyard_runner.prompt_cache import cache_unknown, uncached
from evalyard_runner.result_flags import flags_of, is_truncated
from evalyard_runner.sensors import Sensors
from evalyard_runner.warmup import another, warmup_of
from evalyard_runner.wire import read_claim
from hypothesis import given
from hypothesis import strategies as st

from tests.runner.kit.loops import finished
from tests.runner.kit.model import FakeModel, content, usage
from tests.runner.kit.ollama import FakeOllama, final, said

PROMPT = " ".join(f"word{number}" for number in range(20))
# Longer than a busy machine delays a repetition for which nothing is evaluated.
EVALUATES_S = 0.03


class CachingServer:
    """Evaluates each word of a prompt in 30 ms, but for those that it has seen in this order."""

    def __init__(self, *, says: bool) -> None:
        self._says = says
        self._seen: list[list[str]] = [[]]

    def __call__(self, body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
        words = body["messages"][-1]["content"].split()
        cached = max(_alike(words, each) for each in self._seen)
        self._seen.append(words)
        yield EVALUATES_S * (len(words) - cached)
        for piece in ("one ", "two ", "three"):
            yield content(piece)
            yield 0.01
        yield content("", finish_reason="stop")
        counts = usage(prompt=len(words))
        if self._says:
            counts["usage"]["prompt_tokens_details"] = {"cached_tokens": cached}
        yield counts


def _alike(words: list[str], others: list[str]) -> int:
    """How many they have in common at their beginning."""
    pairs = zip(words, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def measured(model: FakeModel, **fields: Any) -> dict[str, Any]:
    claim = {"attempt": 1, "model": "tiny", "prompt": PROMPT, "timeout_s": 60, **fields}

    async def run() -> dict[str, Any]:
        backend = OpenAiBackend(model.url, {"tiny": "tiny"})
        try:
            return (await measure(backend, read_claim("job_1", claim), Sensors([]))).body
        finally:
            await backend.close()

    return finished(run())


@pytest.mark.exhaustive
def test_first_repetition_counts_when_a_silent_cache_spares_the_others(model: FakeModel) -> None:
    model.script = CachingServer(says=False)

    body = measured(model, warmup=1, repeat=4)

    assert body["flags"] == ["cache_unknown"]
    assert body["metrics"]["ttft_ms"] == body["samples"][0]["ttft_ms"] >= 600
    assert body["metrics"]["latency_ms"] == body["samples"][0]["latency_ms"]
    assert [row.get("left_out") for row in body["samples"]] == [None, "cache", "cache", "cache"]
    assert body["extra"]["TTFT from cache (ms)"] < body["metrics"]["ttft_ms"]
    assert body["provenance"]["ttft_ms"]["over"] == "1 of 4 repetitions"


@pytest.mark.exhaustive
def test_result_is_called_cached_when_the_server_says_so(model: FakeModel) -> None:
    model.script = CachingServer(says=True)

    body = measured(model, warmup=1, repeat=3)

    assert body["flags"] == ["cached"]
    assert [row["cached_tokens"] for row in body["samples"]] == [0, 20, 20]
    assert body["metrics"]["ttft_ms"] == body["samples"][0]["ttft_ms"] >= 600


def test_all_count_when_the_job_wants_the_cache(model: FakeModel) -> None:
    model.script = CachingServer(says=True)

    body = measured(model, warmup=1, repeat=2, options={"cache_prompt": True})

    assert body["flags"] == ["cached"]
    assert [row["cached_tokens"] for row in body["samples"]] == [20, 20]
    assert not any("left_out" in row for row in body["samples"])
    assert body["extra"] == {"Cached prompt tokens": 20.0}


def test_warmup_is_as_long_and_another_when_the_job_has_one(model: FakeModel) -> None:
    measured(model, warmup=1, system="be brief")

    warmup, run = ([each["content"] for each in asked["messages"]] for asked in model.requests)
    assert run == ["be brief", PROMPT]
    assert [len(text) for text in warmup] == [len(text) for text in run]
    assert sorted(warmup[1].split()) == sorted(PROMPT.split())
    assert warmup[1].split()[0] != "word0"


ODD = st.sampled_from(["a a a", "aa", "~", "11", "。。", "你好"])


@given(st.text(min_size=1, max_size=200) | ODD)
def test_another_text_has_the_same_length_and_begins_otherwise_when_it_is_any_text(
    text: str,
) -> None:
    other = another(text)

    assert len(other) == len(text)
    assert other.split()[:1] != text.split()[:1] or not text.strip()


def test_warmup_is_the_prompt_itself_when_the_job_wants_the_cache() -> None:
    generation = Generation("tiny", "one two", options={"cache_prompt": True})

    assert warmup_of(generation) is generation


@pytest.mark.parametrize(
    ("ttfts", "unknown"),
    [
        ([1004.0, 23.0, 23.0, 23.0], True),
        ([1004.0, 900.0, 800.0, 950.0], False),
        ([30.0, 14.0, 14.0], False),
        ([1004.0], False),
        ([1004.0, None], False),
        ([100.0, 900.0, 900.0], False),
    ],
)
def test_cache_is_suspected_when_later_ones_are_far_faster(
    ttfts: list[float | None], unknown: bool
) -> None:
    samples = [Sample("x", latency_ms=2000.0, ttft_ms=each) for each in ttfts]

    assert cache_unknown(samples) is unknown
    assert len(uncached(samples)) == (1 if unknown else len(samples))


@pytest.mark.parametrize(
    ("warmups", "unknown"),
    [([1500.0, 1000.0], True), ([1500.0], False), ([1500.0, 30.0], False), ([None, None], False)],
)
def test_cache_is_suspected_when_warmups_with_another_prompt_were_far_slower(
    warmups: list[float | None], unknown: bool
) -> None:
    """An earlier job had the same prompt, and the server does not say so."""
    before = [Sample("x", latency_ms=2000.0, ttft_ms=each) for each in warmups]

    assert cache_unknown([Sample("x", latency_ms=900.0, ttft_ms=23.0)], before) is unknown


def test_nothing_is_suspected_when_only_the_load_made_the_first_one_slow() -> None:
    first = Sample("x", latency_ms=7000.0, ttft_ms=6100.0, load_ms=6000.0)

    assert not cache_unknown([first, Sample("x", latency_ms=900.0, ttft_ms=100.0, load_ms=20.0)])


def test_template_is_no_cached_prompt_when_it_is_all_that_was_cached() -> None:
    shared = Sample("x", latency_ms=9.0, prompt_tokens=500, cached_tokens=12, evaluated_tokens=488)

    assert flags_of([shared], Generation("tiny", "hi"), hot_start=False) == []


@pytest.mark.parametrize(
    ("prompt", "evaluated", "cached", "words", "cut"),
    [
        (1000, 1000, 0, 700, False),
        (1000, 890, 0, 700, True),
        (1000, 100, 900, 700, False),
        (1000, 400, None, 700, True),
        (2048, None, None, 1500, False),
        (2048, None, None, 9000, True),
        (None, None, None, 9000, False),
    ],
)
def test_prompt_is_called_cut_when_the_server_saw_too_little_of_it(
    prompt: int | None, evaluated: int | None, cached: int | None, words: int, cut: bool
) -> None:
    sample = Sample(
        "x",
        latency_ms=9.0,
        prompt_tokens=prompt,
        evaluated_tokens=evaluated,
        cached_tokens=cached,
    )

    assert is_truncated(sample, words) is cut


@pytest.mark.parametrize(
    ("size", "flags"), [(4096, ["truncated"]), (8188, ["truncated"]), (8192, []), (6000, [])]
)
def test_prompt_is_called_cut_when_ollama_counts_what_it_leaves_of_more(
    size: int, flags: list[str]
) -> None:
    def script(_: dict[str, Any]) -> Iterator[float | dict[str, Any]]:
        yield said("Hi")
        yield 0.2
        yield final(prompt_eval_count=4096, prompt_eval_cached_count=0, eval_duration=0)

    claim = {"attempt": 1, "model": "tiny", "prompt": "你好" * 9000, "timeout_s": 60}

    async def run(url: str) -> dict[str, Any]:
        backend = OllamaBackend(url, {"tiny": "llama3.2:1b"})
        try:
            return (await measure(backend, read_claim("job_1", claim), Sensors([]))).body
        finally:
            await backend.close()

    with FakeOllama(script) as ollama:
        ollama.context = size
        body = finished(run(ollama.url))

    assert body["flags"] == flags
