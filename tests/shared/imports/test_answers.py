"""Answers of servers' own APIs, and files of many answers: each is a run, or refused by name."""

import json

import pytest

from shared import clock
from tests.shared.imports.test_files import FILES, only, read_file

__all__ = ["read_file"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lmstudio-v1.json", ("lmstudio", "ibm/granite-4-micro", 646, 586, None, 1088.0)),
        ("lmstudio-v1-sse.txt", ("lmstudio", "openai/gpt-oss-20b", 329, 268, None, 781.0)),
        ("sglang-generate.json", ("sglang", None, 6, 32, 213.5, 40.0)),
        ("sglang-generate-sse.txt", ("sglang", None, 6, 3, 80.0, None)),
    ],
)
def test_answer_is_one_run_when_a_server_has_an_api_of_its_own(read_file, name, said):
    found = read_file(name)
    run = only(found)

    assert (
        found.format, run.model, run.prompt_tokens, run.completion_tokens, run.latency_ms,
        run.ttft_ms,
    ) == said  # fmt: skip


def test_speed_is_of_the_latency_when_sglang_says_one_of_its_handing_over(read_file):
    run = only(read_file("sglang-generate.json"))

    assert run.tok_s == pytest.approx(31 / 0.1735)
    assert clock.iso(run.ts_us) == "2025-12-03T18:00:00.500Z"


@pytest.mark.parametrize(
    ("name", "last"),
    [("lmstudio-v1-sse.txt", "event: chat.end"), ("sglang-generate-sse.txt", "e2")],
)
def test_stream_is_incomplete_when_its_end_is_missing(judged, name, last):
    whole = (FILES / name).read_text()
    cut = whole[: whole.index(last)].rpartition("data:" if last == "e2" else "\n")[0]

    (fault,) = judged(cut, "text/event-stream").faults

    assert fault.code == "incomplete"


@pytest.mark.parametrize("name", ["lmstudio-v1-sse.txt", "sglang-generate-sse.txt"])
def test_answers_are_two_when_one_stream_follows_another(judged, name):
    whole = (FILES / name).read_text()

    assert len(judged(whole + whole, "text/event-stream").runs) == 2


def test_rows_stay_rows_when_their_type_is_like_an_event(judged):
    rows = [{"type": "chat.end", "ts": 1764784800 + n, "latency_ms": 900} for n in range(2)]

    assert len(judged(json.dumps(rows)).runs) == 2


def test_line_is_a_run_or_named_when_it_is_of_a_batch(read_file):
    found = read_file("openai-batch-output.jsonl")

    assert [(run.model, run.completion_tokens) for run in found.runs] == [("gpt-4o-mini", 2)]
    assert clock.iso(found.runs[0].ts_us) == "2024-03-26T17:44:14.000Z"
    assert [(fault.pointer, fault.code) for fault in found.faults] == [
        ("/rows/1", "incomplete"),
        ("/rows/2/response/body", "not_a_run"),
    ]


def test_line_is_read_when_its_batch_is_of_anthropic(judged):
    message = json.loads((FILES / "anthropic-message.json").read_text())
    lines = [
        {"custom_id": "a", "result": {"type": "succeeded", "message": message}},
        {"custom_id": "b", "result": {"type": "errored", "error": {"type": "error"}}},
        {"custom_id": "c", "result": {"type": "expired"}},
    ]

    found = judged(json.dumps(lines))

    assert [(run.completion_tokens, run.ok) for run in found.runs] == [(87, True), (None, False)]
    assert [fault.code for fault in found.faults] == ["incomplete"]


def test_request_of_a_batch_is_refused_by_name_when_it_is_no_result(judged):
    request = {"custom_id": "r", "method": "POST", "url": "/v1/chat/completions", "body": {}}

    (fault,) = judged(json.dumps(request)).faults

    assert (fault.code, "output file" in fault.detail) == ("not_a_run", True)


def test_request_is_timed_by_its_answers_when_genai_perf_kept_them(read_file):
    found = read_file("genai-perf-profile-export.json")

    assert [(run.model, run.latency_ms, run.ttft_ms) for run in found.runs] == [
        ("llama-2-7b", 1000.0, 100.0),
        (None, 2000.0, None),
    ]
    assert clock.iso(found.runs[0].ts_us) == "2025-12-03T18:00:00.500Z"
    assert [fault.pointer for fault in found.faults] == [
        "/rows/0/experiments/0/requests/2/response_timestamps"
    ]


def test_failed_request_is_not_ok_when_llama_swap_lists_its_status(read_file):
    good, failed = read_file("llama-swap-activity.json").runs

    assert (good.ok, good.prompt_tokens, good.extra["draft_n"]) == (True, 463, 210)
    assert (failed.ok, failed.prompt_tokens, failed.tok_s, failed.extra) == (False, None, None, {})


def test_each_request_is_a_run_when_sglang_wrote_the_details(read_file):
    found = read_file("sglang-bench-details.jsonl")

    assert (found.format, found.faults) == ("sglang-bench", [])
    assert [(run.model, run.tag, run.ok) for run in found.runs] == [
        ("Qwen/Qwen3-8B", "fp8", True),
        ("Qwen/Qwen3-8B", "fp8", False),
        ("Qwen/Qwen3-8B", "fp8", True),
    ]
    assert found.runs[0].latency_ms == pytest.approx(62.7)


def test_other_requests_are_runs_when_one_of_a_serving_benchmark_is_wrong(judged):
    result = json.loads((FILES / "vllm-bench-serve-detailed.json").read_text())
    result["ttfts"][1] = "soon"

    found = judged(json.dumps(result))

    assert len(found.runs) == 2
    assert [(fault.pointer, fault.code) for fault in found.faults] == [
        ("/rows/0/ttfts/1", "not_a_number")
    ]


def test_cells_are_counted_when_a_row_of_a_table_does_not_fit(judged):
    table = (FILES / "llama-bench.md").read_text()
    lines = table.splitlines()
    row = next(number for number, line in enumerate(lines) if "tg128" in line)
    lines[row] = lines[row].rstrip(" |").rpartition("|")[0] + "|"

    found = judged("\n".join(lines), "text/markdown")

    assert [(fault.line, fault.code) for fault in found.faults] == [
        (row + 1, "wrong_number_of_cells")
    ]
    assert len(found.runs) == 2


@pytest.mark.parametrize("speed", [None, 1e6])
def test_times_are_unknown_when_several_tokens_took_none(judged, speed):
    timings = {"prompt_n": 5, "prompt_ms": 100.0, "predicted_n": 200, "predicted_ms": 0}

    run = only(judged(json.dumps({"timings": timings | {"predicted_per_second": speed}})))

    assert (run.completion_tokens, run.ttft_ms) == (200, 100.0)
    assert (run.latency_ms, run.tok_s) == (None, None)
