"""Files of tools whose records are read by a format of their own, and files that are refused."""

import json

import pytest

from shared import clock
from shared.errors import MalformedInput
from tests.shared.imports.test_files import FILES, only, read_file

__all__ = ["read_file"]


def numbers(run):
    return (run.prompt_tokens, run.completion_tokens, run.latency_ms, run.ttft_ms)


@pytest.mark.parametrize(
    ("name", "moment", "labels", "said", "speed"),
    [
        ("guidellm.json", "2025-12-03T18:00:00.500Z", (None, "m", None), (128, 64, 1500, 120),
         63 / 1.38),
        ("otlp-genai.json", "2025-12-03T18:00:00.000Z", ("gpu-1", "gpt-4o", None),
         (97, 52, 1500, None), 52 / 1.5),
        ("livekit-llm-metrics.json", "2025-12-03T18:00:00.123Z", (None, None, "openai.LLM"),
         (97, 52, 1500, 320), 51 / 1.18),
        ("llama-swap.json", "2025-08-14T09:12:33.120Z", (None, "qwen3-8b", None),
         (463, 20, 165, None), 196.04),
        ("executorch.log", "2024-04-22T16:46:30.147Z", (None, None, None),
         (7, 120, 61715, 3878), 119 / 57.837),
    ],
)  # fmt: skip
def test_request_is_read_when_a_tool_wrote_it(read_file, name, moment, labels, said, speed):
    run = only(read_file(name))

    assert clock.iso(run.ts_us) == moment
    assert (run.device, run.model, run.tag) == labels
    assert numbers(run) == pytest.approx(said)
    assert run.tok_s == pytest.approx(speed)


def test_tests_are_runs_of_the_accelerator_when_localscore_made_them(read_file):
    found = read_file("localscore.json")

    assert (found.format, found.faults) == ("localscore", [])
    assert [(run.tag, run.tok_s) for run in found.runs] == [
        ("pp1024+tg16", 32.4),
        ("pp64+tg1024", 31.0),
    ]
    assert numbers(found.runs[0]) == (1024, 16, 2940.2, 2437.0)
    assert found.runs[0].device == "Apple M4 GPU"
    assert found.runs[0].extra == {"prefill_tps": 420.1, "Power (W)": 14.2}
    assert found.assumed["ts", "absent: the time of the import"] == 2


def test_prompt_and_generation_are_a_run_each_when_pocketpal_measured_them(read_file):
    prompt, generation = read_file("pocketpal.json").runs

    assert (prompt.tag, prompt.prompt_tokens, prompt.extra["prefill_tps"]) == ("pp512", 512, 20.2)
    assert (generation.tag, generation.completion_tokens, generation.tok_s) == ("tg128", 128, 7.9)
    assert generation.model == "gemma-2-2b-it-Q6_K"
    assert clock.iso(prompt.ts_us) == "2024-12-21T10:00:00.000Z"


def test_seconds_become_milliseconds_when_llmperf_measured_them(read_file):
    good, failed = read_file("llmperf-individual.json").runs

    assert numbers(good) == pytest.approx((128, 558, 6044.9, 48.28))
    assert (failed.ok, numbers(failed)) == (False, (None, None, None, None))


def test_table_gives_speeds_when_llama_bench_wrote_it(read_file):
    found = read_file("llama-bench.md")

    assert (found.format, found.faults) == ("llama-bench", [])
    assert [run.tag for run in found.runs] == ["pp512 CUDA", "tg128 CUDA", "tg128 @ d512 CUDA"]
    assert [run.tok_s for run in found.runs] == [None, 120.6, 116.71]
    assert found.runs[0].extra["prefill_tps"] == 7340.2
    assert {run.latency_ms for run in found.runs} == {None}
    assert found.runs[1].extra["stddev_ts"] == 0.59


def test_unfinished_requests_are_refused_alone_when_guidellm_lists_them(judged):
    document = json.loads((FILES / "guidellm.json").read_text())
    requests = document["benchmarks"][0]["requests"]
    requests["incomplete"] = [requests["successful"][0]]
    requests["errored"] = [requests["successful"][0] | {"request_id": "r2"}]

    found = judged(json.dumps(document))

    assert [run.ok for run in found.runs] == [True, False]
    assert [(fault.pointer, fault.code) for fault in found.faults] == [
        ("/rows/0/benchmarks/0/requests/incomplete/0", "incomplete")
    ]


def test_other_requests_are_runs_when_one_of_guidellm_is_wrong(judged):
    document = json.loads((FILES / "guidellm.json").read_text())
    (good,) = document["benchmarks"][0]["requests"]["successful"]
    wrong = [good | {"request_start_time": 26.2}, good | {"prompt_tokens": "many"}, good]
    document["benchmarks"][0]["requests"]["successful"] = wrong

    found = judged(json.dumps(document))

    assert len(found.runs) == 1
    assert [fault.code for fault in found.faults] == ["time_implausible", "not_a_number"]


def test_request_is_timed_when_a_newer_guidellm_says_when_it_began(judged):
    timings = {"request_start": 1764784800.5, "first_token_iteration": 1764784800.62}
    timings["request_end"] = 1764784802.0
    request = {"request_id": "r", "info": {"timings": timings}, "output_tokens": 64}
    document = {"args": {"model": "m"}, "benchmarks": [{"requests": {"successful": [request]}}]}

    run = only(judged(json.dumps(document)))

    assert clock.iso(run.ts_us) == "2025-12-03T18:00:00.500Z"
    assert (run.latency_ms, run.ttft_ms) == pytest.approx((1500, 120))

    timings["last_token_iteration"] = timings["first_token_iteration"]
    assert only(judged(json.dumps(document))).ttft_ms is None


def test_spans_are_refused_when_none_counts_tokens(judged):
    (fault,) = judged(json.dumps({"resourceSpans": []})).faults

    assert (fault.pointer, fault.code) == ("/rows/0/resourceSpans", "nothing_measured")


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("aiperf-timeslices.csv", ["not_a_run"] * 3),
        ("excel-thousands.csv", ["not_a_number"]),
        ("time-is-duration.csv", ["time_implausible"] * 2),
        ("time-is-duration.json", ["time_implausible"]),
        ("openrouter-generation.json", ["not_a_run"]),
        ("ollama-show-tags.json", ["not_a_run"]),
        ("ansi.jsonl", ["invalid_utf8"]),
        ("big-unicode.json", ["out_of_range", "invalid_json", "not_a_boolean", "not_a_number"]),
    ],
)
def test_rows_are_refused_when_they_are_no_runs(read_file, name, codes):
    found = read_file(name)

    assert found.runs == []
    assert [fault.code for fault in found.faults] == codes


@pytest.mark.parametrize(
    ("name", "latencies", "refused"),
    [
        ("pandas.csv", [900.5, 901.5], 1),
        ("pandas-records.json", [900.5, None], 0),
        ("noise-lines.jsonl", [900], 2),
        ("wrapped-results.json", [900], 0),
        ("spaces.csv", [900, 900], 0),
    ],
)
def test_good_rows_are_kept_when_others_are_bad(read_file, name, latencies, refused):
    found = read_file(name)

    assert [run.latency_ms for run in found.runs] == latencies
    assert len(found.faults) == refused


def test_format_decides_when_it_is_asked_for(judged):
    answer = json.loads((FILES / "openai-chat-completion.json").read_text())
    both = answer | {"done": True, "eval_count": 3, "total_duration": 2_000_000_000}

    assert judged(json.dumps(both), wanted="openai").runs[0].completion_tokens == 10
    assert judged(json.dumps(both), wanted="ollama").runs[0].latency_ms == 2000
    assert judged(json.dumps(both), wanted="rows").format == "rows"
    (fault,) = judged(json.dumps(both), wanted="anthropic").faults
    assert fault.code == "not_a_run"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sglang-inf.jsonl", "send null, or leave the member out"),
        ("ndjson-commas.jsonl", "remove the comma at the end of the line"),
    ],
)
def test_line_says_what_to_do_when_it_is_no_json(read_file, name, said):
    fault = read_file(name).faults[0]

    assert fault.code == "invalid_json"
    assert said in fault.detail


def test_words_in_texts_are_no_numbers_when_a_line_is_bad(judged):
    (fault,) = judged('{"model": "say NaN, Infinity", "a": }', "application/x-ndjson").faults

    assert "NaN and Infinity" not in fault.detail


def test_labels_are_one_when_only_some_cells_are_padded(read_file):
    found = read_file("spaces.csv")

    assert {run.device for run in found.runs} == {"server-1"}
    assert (
        found.assumed["device", "white space around it was left out, as its header has some"] == 2
    )


def test_white_space_is_kept_when_the_header_has_none(judged):
    (run,) = judged("ts,device,latency_ms\n1764784800, a ,5\n", "text/csv").runs

    assert run.device == " a "


def test_seconds_become_milliseconds_when_a_name_says_seconds(read_file):
    run = only(read_file("latency-s.csv"))

    assert (run.latency_ms, run.ttft_ms, run.extra) == (900, 220, {})


def test_nearly_right_names_are_said_when_they_become_extras(read_file):
    found = read_file("seconds-columns.csv")

    assert ("latency", "extra: latency_ms or latency_s says the unit") in found.assumed
    assert ("ttft", "extra: ttft_ms or ttft_s says the unit") in found.assumed


def test_label_around_rows_is_said_when_it_is_ignored(judged):
    rows = [{"ts": 1764784800, "latency_ms": 900}] * 2

    found = judged(json.dumps({"device": {"name": "x"}, "model": 3.5, "tag": None, "rows": rows}))

    assert [(run.device, run.model, run.tag) for run in found.runs] == [(None, "3.5", None)] * 2
    assert found.assumed["device", "ignored around the rows: a label is text"] == 2


def test_table_is_read_when_an_older_llama_bench_wrote_it_with_the_split_of_tensors(judged):
    text = (
        "ggml_cuda_init: found 1 CUDA devices:\n"
        "| model | size | backend | threads | type_k | fa | ts | test | t/s |\n"
        "| --- | --: | --- | --: | --: | --: | --- | --: | --: |\n"
        "| llama 7B Q4_0 | 3.56 GiB | CPU | 8 | q8_0 | 1 | 3.00/1.00 | pp 512 | 87.45 ± 1.31 |\n"
        "| llama 7B Q4_0 | 3.56 GiB | CPU | 8 | q8_0 | 1 | 3.00/1.00 | odd | 1 |\n"
    )

    found = judged(text, "text/markdown")

    (run,) = found.runs
    assert (run.model, run.tag) == ("llama 7B Q4_0", "pp512 CPU ts=3.00/1.00 fa=1 ctk=q8_0")
    assert (run.extra["prefill_tps"], run.extra["stddev_ts"]) == (87.45, 1.31)
    assert [(fault.line, fault.code) for fault in found.faults] == [(5, "not_a_run")]


def test_a_row_stays_whole_when_a_name_holds_another_kind_of_line_end(judged):
    text = (
        "| model | backend | test | t/s |\n"
        "| --- | --- | --- | --: |\n"
        "| a\u2028b\x0cc | CPU | tg128 | 9.5 ± 0.1 |\r\n"
        "| d | CPU | odd | 1 |\n"
    )

    found = judged(text, "text/markdown")

    assert [run.model for run in found.runs] == ["a\u2028b\x0cc"]
    assert [fault.line for fault in found.faults] == [4]


def test_table_is_read_when_llama_bench_stands_in_csv(judged):
    body = "model,size,backend,ngl,test,t/s\nllama 7B,3.56 GiB,Metal,99,tg 128,61.2 ± 0.1\n"

    run = only(judged(body, "text/csv"))

    assert (run.model, run.tag, run.tok_s) == ("llama 7B", "tg128 Metal", 61.2)


def test_exact_names_are_said_when_others_are_nearly_right(judged):
    row = {"timestamp": "2025-12-03T18:00:00Z", "latencyMs": 900, "tokens_per_sec": 62.1}

    assumed = judged(json.dumps([row | {"model": "m"}])).assumed

    assert ("latencyMs", "extra: latency_ms is the exact name of a run's own number") in assumed
    assert ("tokens_per_sec", "extra: tok_s is the speed of a run") in assumed


def test_adapter_is_advised_when_numbers_are_inside_of_a_member(judged):
    row = {"timestamp": "2025-12-03T18:00:00Z", "model": "m", "metrics": {"latency_ms": 900}}

    (fault,) = judged(json.dumps(row)).faults

    assert fault.code == "nothing_measured"
    assert "inside of 'metrics' is read by an adapter" in fault.detail


@pytest.mark.parametrize("separator", [";", "\t"])
def test_separator_is_said_when_no_column_is_known(judged, separator):
    text = separator.join(("Zeit", "Gerät", "Latenz")) + "\n1;2;3\n"

    with pytest.raises(MalformedInput, match="save it as CSV with commas"):
        judged(text, "text/csv")


@pytest.mark.parametrize(
    "body",
    [
        {"metrics": {"http_req_duration": {"avg": 925.1}}, "root_group": {"name": ""}},
        {"type": "Point", "data": {"time": "2025-12-03T18:00:00Z", "value": 9}, "metric": "x"},
        {"elapsed_time": 61.2, "num_requests": 1000, "tokens_per_second": 6748.4},
        {"error": {"message": "Rate limit", "code": "rate_limit"}},
        {"usageMetadata": {"promptTokenCount": 8}, "createTime": "2025-12-03T18:00:00Z"},
        {"experiments": [{"requests": [{"timestamp": 1764784800000000000}]}]},
    ],
)
def test_nothing_is_a_run_when_a_file_is_of_another_kind(judged, body):
    found = judged(json.dumps(body))

    assert (found.runs, [fault.code for fault in found.faults]) == ([], ["not_a_run"])
