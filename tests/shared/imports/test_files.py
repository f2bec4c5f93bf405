"""Files as people have them: small rebuilds of real ones, with what their senders expect."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest

from shared import clock
from shared.errors import MalformedInput, UnsupportedMedia
from tools.template import ROOT

FILES = ROOT / "tests" / "shared" / "imports" / "files"
KINDS = {
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".log": "text/plain",
    ".sql": "text/plain",
}

FIRST_US = clock.day_start_us("2000-01-01")


@pytest.fixture
def read_file(judged):
    def read(name: str):
        path: Path = FILES / name
        return judged(path.read_bytes(), KINDS.get(path.suffix, "text/event-stream"))

    return read


def only(found):
    assert found.faults == []
    (run,) = found.runs
    return run


@pytest.mark.parametrize("name", ["llama-server-timings-per-token.jsonl", "llama-server-sse.txt"])
def test_stream_is_one_run_when_each_chunk_has_timings(read_file, name):
    run = only(read_file(name))

    assert (run.prompt_tokens, run.completion_tokens) == (25, 40)
    assert (run.ttft_ms, round(run.latency_ms, 1)) == (188.772, 3116.4)
    assert round(run.tok_s, 2) == 13.66


def test_stream_is_incomplete_when_its_last_chunk_is_missing(judged):
    lines = (FILES / "llama-server-timings-per-token.jsonl").read_text().splitlines()

    found = judged("\n".join(lines[:3]), "application/x-ndjson")

    assert [(fault.line, fault.code) for fault in found.faults] == [(3, "incomplete")]


def test_answers_are_two_when_a_server_gives_both_the_same_id(judged):
    text = (FILES / "llama-server-timings-per-token.jsonl").read_text()

    assert len(judged(text + text, "application/x-ndjson").runs) == 2


def test_usage_counts_when_it_comes_after_the_last_chunk(read_file):
    run = only(read_file("vllm-chat-stream-usage.jsonl"))

    assert (run.prompt_tokens, run.completion_tokens, run.tok_s) == (19, 10, None)
    assert clock.iso(run.ts_us) == "2025-03-10T01:25:52.000Z"


def test_chunks_are_passed_over_when_they_are_the_servers_own(read_file):
    found = read_file("llama-server-native-stream.jsonl")

    assert (only(found).completion_tokens, found.format) == (2, "llama.cpp")


def test_message_is_one_run_when_anthropic_streams_it(judged):
    usage = {"input_tokens": 5, "cache_read_input_tokens": 20, "output_tokens": 1}
    message = {"id": "m", "type": "message", "model": "c", "stop_reason": None, "usage": usage}
    ended = {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 87}}
    events = [
        {"type": "message_start", "message": message},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"text": "Hi"}},
        {"type": "message_delta", **ended},
        {"type": "message_stop"},
    ]
    whole = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)

    run = only(judged(whole, "text/event-stream"))
    cut = judged(whole.partition("event: message_delta")[0], "text/event-stream")

    assert (run.model, run.prompt_tokens, run.completion_tokens) == ("c", 25, 87)
    assert [fault.code for fault in cut.faults] == ["incomplete"]


def test_response_is_one_run_when_its_events_are_streamed(judged):
    answer = json.loads((FILES / "openai-responses.json").read_text())
    begun = answer | {"status": "in_progress", "usage": None}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_text.delta", "delta": "Hi"},
        {"type": "response.completed", "response": answer},
    ]
    text = "".join(f"data: {json.dumps(each)}\n\n" for each in events)

    run = only(judged(text, "text/event-stream"))

    assert (run.prompt_tokens, run.completion_tokens) == (36, 87)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("openai-chat-completion.json", ("openai", 19, 10, None, None)),
        ("openai-responses.json", ("openai", 36, 87, None, None)),
        ("lmstudio-v0.json", ("openai", 24, 53, 111.0, 51.43709529007664)),
        ("anthropic-message.json", ("anthropic", 36, 87, None, None)),
        ("llama-server-one-token.json", ("llama.cpp", 512, 1, 410.5, None)),
        ("llama-server-no-generation.json", ("llama.cpp", 512, 0, None, None)),
        ("mlx-lm-timings.json", ("llama.cpp", 128, 1, None, None)),
        ("ollama-one-token.json", ("ollama", 11, 1, 5171.397084, None)),
    ],
)
def test_answer_is_read_when_a_server_wrote_it(read_file, name, said):
    found = read_file(name)
    run = only(found)

    assert (found.format, run.prompt_tokens, run.completion_tokens, run.ttft_ms, run.tok_s) == said


@pytest.mark.parametrize("name", ["ollama-preload.jsonl", "model-only.csv"])
def test_nothing_is_a_run_when_nothing_was_measured(read_file, name):
    found = read_file(name)

    assert found.runs == []
    assert {fault.code for fault in found.faults} == {"nothing_measured"}


def test_duration_is_left_out_when_it_is_longer_than_the_whole(read_file):
    run = only(read_file("ollama-odd-durations.json"))

    assert (run.latency_ms, run.extra) == (306.412003, {"load_ms": 0.26031})


def test_answers_are_read_when_ollama_stands_in_a_table(read_file):
    found = read_file("ollama-pandas.csv")

    assert [run.completion_tokens for run in found.runs] == [282, 282]
    assert round(found.runs[0].latency_ms) == 4884


@pytest.mark.parametrize("name", ["ttft-over-latency.json", "mlxcel-speculative.json"])
def test_doubt_is_said_when_numbers_can_hardly_be_right(read_file, name):
    found = read_file(name)

    assert found.faults == []
    assert ("tok_s", "above 20000 tokens a second: is a time in seconds, not ms?") in found.assumed


def test_configurations_are_told_apart_when_llama_bench_ran_them(read_file):
    found = read_file("llama-bench-fa-kv-backend.json")

    assert sorted({run.tag for run in found.runs}) == [
        "tg128 ROCm",
        "tg128 ROCm fa=1",
        "tg128 ROCm fa=1 ctk=q8_0 ctv=q8_0",
        "tg128 ROCm ncmoe=20",
        "tg128 Vulkan",
    ]


@pytest.mark.parametrize("name", ["llama-bench-ngl0.json", "llama-bench-pandas.csv"])
def test_run_is_the_processors_when_no_layer_is_on_the_gpu(read_file, name):
    devices = [run.device for run in read_file(name).runs]

    assert devices == ["AMD Radeon RX 7900 XTX"] * 2 + ["AMD Ryzen 9 7950X 16-Core Processor"] * 2


def test_model_has_its_name_when_its_file_is_split(read_file):
    assert read_file("llama-bench-split.json").runs[0].model == "DeepSeek-R1-0528-UD-Q3_K_XL"


def test_tag_fits_when_options_are_long(judged):
    (result,) = json.loads((FILES / "llama-bench-split.json").read_text())
    tags = {
        judged(json.dumps([result | {"tensor_buft_overrides": "x" * 500 + end}])).runs[0].tag
        for end in "ab"
    }

    assert [len(tag) for tag in tags] == [256, 256]


def test_no_file_gives_now_when_a_time_is_in_it(read_file):
    names = rb"created|created_at|startTime|datetime_utc|_?timestamp|test_time|startTimeUnixNano"
    with_time = re.compile(rb'"?\b(' + names + rb")\b")
    for path in sorted(FILES.iterdir()):
        if with_time.search(path.read_bytes()):
            with suppress(MalformedInput, UnsupportedMedia):
                found = read_file(path.name)
                assert not found.assumed["ts", "absent: the time of the import"], path.name


def test_no_file_gives_a_run_without_a_number_or_of_1970(read_file):
    for path in sorted(FILES.iterdir()):
        with suppress(MalformedInput, UnsupportedMedia):
            for run in read_file(path.name).runs:
                numbers = (run.prompt_tokens, run.completion_tokens, run.latency_ms, run.ttft_ms)
                measured = any(number is not None for number in (*numbers, run.tok_s))
                # A row of pandas brings its time, so it is meant.
                assert measured or run.extra or not run.ok or path.name == "pandas-records.json"
                assert run.ts_us > FIRST_US, path.name
