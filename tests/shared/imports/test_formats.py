"""What tools write becomes runs that mean the same as all others, and says what was assumed."""

import json

import pytest

from shared import clock
from tests.shared.imports.samples import (
    DECODE,
    LLAMA_BENCH_CSV,
    LLAMA_SERVER,
    OLLAMA,
    OLLAMA_STREAM,
    PREFILL,
)

CONFIGURATION = {
    "n_batch": 2048.0,
    "n_ubatch": 512.0,
    "n_threads": 8.0,
    "n_gpu_layers": 99.0,
    "n_depth": 0.0,
    "build_number": 5163.0,
}
DECODED = CONFIGURATION | {"stddev_ts": 1.041811}
PREFILLED = CONFIGURATION | {"stddev_ts": 140.34152}


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def test_decode_test_gives_a_run_for_each_repetition(judged):
    found = judged(json.dumps([DECODE]))

    assert (found.format, found.received, found.faults) == ("llama-bench", 5, [])
    first = found.runs[0]
    assert (first.model, first.device) == ("Qwen2.5-7B-Instruct-Q4_K_M", "NVIDIA GeForce RTX 4080")
    assert (first.tag, clock.iso(first.ts_us)) == ("tg128 CUDA", "2025-04-24T11:58:51.000Z")
    assert (first.prompt_tokens, first.completion_tokens) == (None, 128)
    assert [run.latency_ms for run in found.runs] == [ns / 1e6 for ns in DECODE["samples_ns"]]
    assert [run.tok_s for run in found.runs] == DECODE["samples_ts"]
    assert (first.ttft_ms, first.extra) == (None, DECODED)
    assert (first.ok, first.source_kind, first.tenant) == (True, "import", "acme")
    assert len({run.run_id for run in found.runs}) == 5


def test_prefill_test_has_a_prefill_speed_and_no_decode_speed(judged):
    run = judged(json.dumps([PREFILL])).runs[0]

    assert (run.tag, run.prompt_tokens, run.completion_tokens) == ("pp512 CUDA", 512, None)
    assert (run.latency_ms, run.ttft_ms, run.tok_s) == (None, None, None)
    assert run.extra == PREFILLED | {"prefill_tps": 6863.1, "prefill_ms": 74.6019}


def test_combined_test_has_only_a_combined_speed(judged):
    both = DECODE | {"n_prompt": 512, "n_depth": 4096}

    run = judged(json.dumps([both])).runs[0]

    assert (run.tag, run.prompt_tokens) == ("pp512+tg128 @ d4096 CUDA", 512)
    assert (run.completion_tokens, run.latency_ms, run.tok_s) == (None, None, None)
    assert run.extra["combined_tps"] == 119.03
    assert not {"prefill_tps", "decode_tps"} & run.extra.keys()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps([PREFILL, DECODE], indent=2), "application/json"),
        (lines(PREFILL, DECODE), "application/x-ndjson"),
        (json.dumps([dict(reversed(PREFILL.items())), DECODE]), "application/json"),
    ],
)
def test_ids_are_the_same_however_the_results_are_written(judged, body, kind):
    expected = [run.run_id for run in judged(json.dumps([PREFILL, DECODE])).runs]

    assert [run.run_id for run in judged(body, kind).runs] == expected


def test_csv_results_are_read_though_all_values_are_quoted(judged):
    found = judged(LLAMA_BENCH_CSV, "text/csv")

    assert (found.format, found.faults) == ("llama-bench", [])
    prefill, decode = found.runs
    assert (prefill.tag, prefill.extra["prefill_tps"]) == ("pp512 CUDA", 7285.676949)
    assert (decode.tag, decode.tok_s, decode.latency_ms) == ("tg128 CUDA", 119.915244, 1067.4316)
    assert found.assumed["avg_ns", "one run: the mean of the repetitions"] == 2


def test_processor_is_the_device_when_there_is_no_other(judged):
    body = [DECODE | {"gpu_info": "", "model_filename": "C:\\models\\a.b.gguf"}]

    run = judged(json.dumps(body)).runs[0]

    assert (run.device, run.model) == ("AMD Ryzen 7 7800X3D 8-Core Processor", "a.b")


def test_result_is_refused_as_a_whole_when_a_repetition_is_wrong(judged):
    body = [DECODE | {"samples_ns": [1, -1], "samples_ts": [1, 2]}, DECODE | {"n_gen": 0}, DECODE]

    found = judged(json.dumps(body))

    assert [(fault.pointer, fault.code) for fault in found.faults] == [
        ("/rows/0/samples_ns", "out_of_range"),
        ("/rows/1/n_gen", "not_a_run"),
    ]
    assert len(found.runs) == 5


def test_ollama_answer_is_a_run_with_an_estimated_first_token(judged):
    found = judged(json.dumps(OLLAMA))

    (run,) = found.runs
    assert (found.format, run.model, run.device) == ("ollama", "gemma3", None)
    assert clock.iso(run.ts_us) == "2025-10-17T23:14:07.414Z"
    assert (run.prompt_tokens, run.completion_tokens) == (11, 18)
    assert run.latency_ms == 174.560334
    assert run.ttft_ms == 101.397084 + 13.074791
    assert run.tok_s == pytest.approx(18 / 0.052479709)
    assert run.extra == {
        "load_ms": 101.397084,
        "prefill_ms": 13.074791,
        "decode_ms": 52.479709,
        "prefill_tps": pytest.approx(11 / 0.013074791),
    }
    assert ("ttft_ms", "estimated: load_duration + prompt_eval_duration") in found.assumed


def test_cached_tokens_do_not_count_in_the_prefill_speed(judged):
    (run,) = judged(json.dumps(OLLAMA | {"prompt_eval_cached_count": 8})).runs

    assert run.extra["prefill_tps"] == pytest.approx(3 / 0.013074791)
    assert (run.prompt_tokens, run.extra["cached_tokens"]) == (11, 8)


def test_prompt_tokens_are_unknown_when_ollama_does_not_say_them(judged):
    answer = {k: v for k, v in OLLAMA.items() if k != "prompt_eval_count"}

    (run,) = judged(json.dumps(answer)).runs

    assert run.prompt_tokens is None
    assert "prefill_tps" not in run.extra


def test_only_the_final_chunk_of_a_stream_counts(judged):
    found = judged(lines(*OLLAMA_STREAM, OLLAMA), "application/x-ndjson")

    assert [run.model for run in found.runs] == ["llama3.2", "gemma3"]
    assert (found.received, found.faults) == (2, [])
    assert found.assumed["chunks", "chunks before the final one: passed over"] == 1


def test_answer_is_incomplete_when_an_error_ended_its_stream(judged):
    found = judged(lines(OLLAMA_STREAM[0], {"error": "out of memory"}), "application/x-ndjson")

    refused = [(fault.line, fault.code) for fault in found.faults]
    assert (found.runs, refused) == ([], [(1, "incomplete"), (2, "not_a_run")])


def test_answer_is_incomplete_when_the_file_ends_before_its_last_chunk(judged):
    found = judged(lines(*OLLAMA_STREAM, OLLAMA, OLLAMA_STREAM[0]), "application/x-ndjson")

    assert [run.model for run in found.runs] == ["llama3.2", "gemma3"]
    assert [(fault.line, fault.code) for fault in found.faults] == [(4, "incomplete")]


def test_timings_of_the_llama_cpp_server_are_read(judged):
    chunk = {key: value for key, value in LLAMA_SERVER.items() if key != "timings"}

    found = judged(lines(chunk, LLAMA_SERVER), "application/x-ndjson")

    (run,) = found.runs
    assert (found.format, found.received) == ("llama.cpp", 1)
    assert (run.model, run.ts_us) == ("qwen3coder30b", 1758541572 * 10**6)
    assert (run.prompt_tokens, run.completion_tokens) == (463, 20)
    assert (run.latency_ms, run.ttft_ms) == (62.703 + 102.018, 62.703)
    assert run.tok_s == 196.04383540159577
    assert run.extra["prefill_tps"] == 7384.016713713857


def test_row_is_a_row_when_it_says_what_only_a_row_says(judged):
    found = judged(json.dumps([OLLAMA | {"latency_ms": 5}]))

    assert (found.format, found.runs[0].latency_ms) == ("rows", 5.0)


def test_formats_are_mixed_when_they_are(judged):
    assert judged(json.dumps([OLLAMA, DECODE])).format == "mixed"
