"""A record of any format, with any of its members missing, null or in another order: it gives runs
that mean something, or refusals by name, and never a fault of ours.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.imports.formats import FORMATS, ROWS, format_of
from shared.imports.moments import OTHER_NAMES, OWN_NAMES
from tests.shared.imports.samples import DECODE, LLAMA_SERVER, OLLAMA
from tests.shared.imports.test_files import FILES

FIRST_US = clock.day_start_us("2000-01-01")
NOW = ("ts", "absent: the time of the import")
# Members that only say when, under which each format has its own time.
TIMES = {*OWN_NAMES, *OTHER_NAMES} | {
    *("request_start_ns", "inference_start_ms", "startTimeUnixNano", "request_start_time")
}


def record(name):
    """The first record of a file."""
    text = (FILES / name).read_text()
    found = json.loads(text if name.endswith(".json") else text.splitlines()[0])
    return found[0] if isinstance(found, list) else found


RECORDS = {
    "rows": {"run_id": "r", "ts": 1764784800, "model": "m", "latency_ms": 900, "ttft_ms": 200},
    "llama-bench": DECODE,
    "llama.cpp": LLAMA_SERVER,
    "ollama": OLLAMA,
    "llama-batched-bench": record("llama-batched-bench.jsonl"),
    "openai": record("openai-chat-completion.json"),
    "lmstudio": record("lmstudio-v1.json"),
    "sglang": record("sglang-generate.json"),
    "sglang-bench": record("sglang-bench-details.jsonl"),
    "batch": record("openai-batch-output.jsonl"),
    "genai-perf": record("genai-perf-profile-export.json"),
    "anthropic": record("anthropic-message.json"),
    "vllm": record("vllm-bench-serve-detailed.json"),
    "aiperf": record("aiperf-profile-export.jsonl"),
    "guidellm": record("guidellm.json"),
    "llmperf": record("llmperf-individual.json"),
    "litellm": record("litellm-spend-logs.json"),
    "langfuse": record("langfuse-observations.json"),
    "llm": record("llm-logs.json"),
    "llama-swap": record("llama-swap.json"),
    "livekit": record("livekit-llm-metrics.json"),
    "otlp": record("otlp-genai.json"),
    "executorch": record("executorch.jsonl"),
    "localscore": record("localscore.json"),
    "pocketpal": record("pocketpal.json"),
}


def objects_in(value):
    """A record's objects, outermost first."""
    if isinstance(value, dict):
        yield value
    inside = value.values() if isinstance(value, dict) else value
    for each in inside if isinstance(inside, list) or isinstance(value, dict) else ():
        yield from objects_in(each)


@st.composite
def damaged(draw, whole):
    """The record with members left out, null or of another type, in any order, at any depth."""
    copy = json.loads(json.dumps(whole))
    found = draw(st.sampled_from(list(objects_in(copy))))
    for name in draw(
        st.lists(st.sampled_from(sorted(found)), max_size=3, unique=True) if found else st.just([])
    ):
        kind = draw(st.sampled_from(["out", None, "", 0, -1, True, [], {}]))
        if kind == "out":
            del found[name]
        else:
            found[name] = kind
    names = draw(st.permutations(list(copy)))
    return {name: copy[name] for name in names}


def test_every_format_has_a_record():
    assert {known.name for known in FORMATS} == set(RECORDS)


@pytest.mark.parametrize("name", RECORDS)
def test_record_is_of_one_format_when_it_is_whole(name):
    assert format_of(RECORDS[name]).name == name


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", RECORDS)
@given(data=st.data())
def test_runs_mean_something_when_a_record_is_damaged(judged, name, data):
    sent = data.draw(damaged(RECORDS[name]))

    found = judged(json.dumps([sent]))

    assert "row_unreadable" not in {fault.code for fault in found.faults}
    for run in found.runs:
        numbers = (run.prompt_tokens, run.completion_tokens, run.latency_ms, run.ttft_ms, run.tok_s)
        measured = any(number is not None for number in numbers)
        assert measured or run.extra or not run.ok or found.format == ROWS
        assert run.ts_us > FIRST_US
        assert (run.completion_tokens or 2) >= 2 or run.tok_s is None
    if found.runs and TIMES & {key for each in objects_in(sent) for key in each if each[key]}:
        assert not found.assumed[NOW]
