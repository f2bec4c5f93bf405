"""Files of other tools: single requests are runs, summaries are refused by name, and what cannot
be read says what to do.
"""

import json

import pytest

from shared import clock
from shared.errors import MalformedInput, UnsupportedMedia
from tests.shared.imports.test_files import FILES, read_file

__all__ = ["read_file"]


def numbers(run):
    return (run.prompt_tokens, run.completion_tokens, run.latency_ms, run.ttft_ms, run.ok)


@pytest.mark.parametrize(
    ("name", "moment", "said"),
    [
        ("litellm-spend-logs.json", "2025-04-09T16:21:33.123Z", (50, 123, 3800.0, 400.0, True)),
        ("litellm-spend-logs.csv", "2025-04-09T16:21:33.123Z", (50, 123, 3800.0, 400.0, True)),
        ("langfuse-observations.json", "2026-04-14T10:00:00.000Z", (412, 87, 2500.0, 400.0, True)),
        ("llm-logs.json", "2026-08-21T18:42:47.509Z", (1436, 731, 15078.0, None, True)),
        ("executorch.jsonl", "2024-04-22T16:46:30.147Z", (7, 120, 61715.0, 3878.0, True)),
        (
            "aiperf-profile-export.jsonl",
            "2025-10-31T02:31:16.646Z",
            (550, 808, 2334.249542, 42.1, True),
        ),
    ],
)
def test_request_is_a_run_with_its_own_time_when_a_tool_logged_it(read_file, name, moment, said):
    found = read_file(name)

    assert found.faults == []
    assert (clock.iso(found.runs[0].ts_us), numbers(found.runs[0])) == (moment, said)


@pytest.mark.parametrize("name", ["litellm-spend-logs.json", "litellm-spend-logs.csv"])
def test_run_is_not_ok_when_the_request_failed(read_file, name):
    assert [run.ok for run in read_file(name).runs] == [True, False]


def test_request_keeps_the_tag_warmup_when_it_was_one(read_file):
    assert [run.tag for run in read_file("aiperf-profile-export.jsonl").runs] == ["warmup", None]


def test_request_is_incomplete_when_it_was_cancelled(judged):
    record = json.loads((FILES / "aiperf-profile-export.jsonl").read_text().splitlines()[0])
    record["metadata"]["was_cancelled"] = True

    assert [fault.code for fault in judged(json.dumps(record)).faults] == ["incomplete"]


def test_each_request_is_a_run_when_vllm_saved_the_details(read_file):
    found = read_file("vllm-bench-serve-detailed.json")

    assert (found.format, len(found.runs)) == ("vllm", 3)
    assert (found.runs[0].prompt_tokens, found.runs[0].completion_tokens) == (512, 128)
    assert found.runs[0].ttft_ms == pytest.approx(46.7)
    assert found.runs[0].latency_ms == pytest.approx(46.7 + 127 * 8)
    assert clock.iso(found.runs[0].ts_us) == "2026-08-26T06:42:55.000Z"


@pytest.mark.parametrize(("backend", "said"), [("vllm", "runtime"), ("openai-chat", "backend")])
def test_server_is_the_runtime_when_vllm_names_more_than_its_interface(judged, backend, said):
    record = json.loads((FILES / "vllm-bench-serve-detailed.json").read_text())

    found = judged(json.dumps(record | {"backend": backend}))

    assert found.runs[0].conditions == {said: backend}


def test_speed_is_that_of_one_sequence_when_several_ran_at_once(read_file):
    alone, four = read_file("llama-batched-bench.jsonl").runs

    assert (alone.tok_s, four.tok_s, four.extra["combined_tps"]) == (36.532974, None, 46.1)


@pytest.mark.parametrize(
    "name",
    [
        "sglang-bench-serving.jsonl",
        "vllm-bench-serve.json",
        "vllm-latency.json",
        "llmperf-summary.json",
        "aiperf-summary.json",
        "lm-eval.json",
    ],
)
def test_summary_is_refused_by_name_when_it_is_over_many_requests(read_file, name):
    found = read_file(name)

    assert found.runs == []
    assert [fault.code for fault in found.faults] == ["not_a_run"]
    assert "no run: " in found.faults[0].detail


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("llama-bench-appended.json", "several documents"),
        ("pretty-concatenated.json", "several documents"),
        ("llama-bench-utf16.json", "save it as UTF-8"),
        ("excel-utf16.csv", "save it as UTF-8"),
        ("excel-semicolon.csv", "semicolons"),
        ("excel-semicolon-nodec.csv", "semicolons"),
        ("tab.csv", "tabs"),
        ("excel-sep.csv", "remove the first line"),
        ("comment.csv", "CSV has no comments"),
        ("pandas-columns.json", 'orient="records"'),
        ("pandas-split.json", 'orient="records"'),
        ("trailing-commas.json", "remove the comma"),
        ("quoted-python.json", "json.dumps"),
        ("llama-bench-phone-console.json", "remove the first 4 lines"),
        ("llama-bench-cut.json", "its closing bracket is missing"),
        ("nan.json", "send null"),
        ("excel-unicode-text.log", "save it as UTF-8"),
        ("excel-ansi.csv", "save it as CSV UTF-8"),
        ("ansi.json", "send it in UTF-8"),
        ("ollama-verbose.log", "/api/generate"),
        ("llama-cli.log", "llama-bench -o json"),
        ("mlperf-summary.log", "a summary of MLPerf"),
    ],
)
def test_text_says_what_to_do_when_a_file_cannot_be_read(read_file, name, said):
    with pytest.raises(MalformedInput) as caught:
        read_file(name)

    assert said in str(caught.value)


def test_right_name_is_said_when_a_header_is_nearly_right(read_file):
    (fault,) = read_file("title-case.csv").faults

    assert fault.code == "not_a_run"
    assert "'Model' for 'model'" in fault.detail


def test_record_is_refused_when_two_tools_could_have_written_it(judged):
    answer = json.loads((FILES / "openai-chat-completion.json").read_text())
    both = answer | {"done": True, "eval_count": 3}

    (fault,) = judged(json.dumps(both)).faults

    assert (fault.code, fault.detail) == (
        "format_ambiguous",
        "the record may be of openai or ollama; ?format= decides",
    )


def test_text_is_not_read_when_it_holds_nothing_known(read_file):
    with pytest.raises(UnsupportedMedia, match="send JSON, JSON lines or CSV"):
        read_file("llama-bench.sql")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"error": {"message": "overloaded", "code": 503}}, "an error, no answer: overloaded"),
        ({"error": "model not found"}, "an error, no answer: model not found"),
        ({"model": "m", "embeddings": [[0.1]], "total_duration": 9}, "nothing was generated"),
    ],
)
def test_answer_is_refused_by_name_when_nothing_was_generated(judged, record, said):
    (fault,) = judged(json.dumps(record)).faults

    assert (fault.code, said in fault.detail) == ("not_a_run", True)


def test_advice_is_given_when_numbers_are_inside_of_a_member(judged):
    row = {"timestamp": "2025-12-03T18:00:00Z", "latency_ms": 9, "usage": {"prompt_tokens": 5}}

    found = judged(json.dumps([row]))

    assert any(name == "usage" and "?adapter=" in treated for name, treated in found.assumed)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"PK\x03\x04", "Excel"),
        (b"PAR1", "Parquet"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\x1f\x8b\x08", "Content-Encoding: gzip"),
    ],
)
def test_file_is_named_when_it_is_no_text(judged, start, said):
    with pytest.raises(MalformedInput, match=said):
        judged(start + b"\x00\x01", "text/csv")


def test_phases_are_read_when_an_answer_says_them_beyond_its_usage(judged):
    answer = {"object": "chat.completion", "id": "c1", "created": 1764700000, "model": "llama"}
    answer["usage"] = {"prompt_tokens": 16, "completion_tokens": 10, "prompt_cache_hit_tokens": 4}
    answer["time_info"] = {"queue_time": 0.5, "prompt_time": 0.25, "total_time": 1.25}

    (run,) = judged(json.dumps(answer)).runs

    assert (run.latency_ms, run.ttft_ms) == (1250.0, 250.0)
    assert run.extra == {"queue_ms": 500.0, "cached_tokens": 4.0}


@pytest.mark.parametrize(
    ("row", "moment"),
    [
        ({"request_created_at": "2026-01-02T03:04:05Z"}, "2026-01-02T03:04:05.000Z"),
        ({"when": "2026-01-02 03:04:05"}, "2026-01-02T03:04:05.000Z"),
        ({"requestedAt": 1767323045}, "2026-01-02T03:04:05.000Z"),
    ],
)
def test_only_moment_of_a_row_is_its_time_when_its_name_is_unknown(judged, row, moment):
    found = judged(json.dumps(row | {"latency_ms": 5}))

    assert clock.iso(found.runs[0].ts_us) == moment
    assert found.runs[0].extra == {}
    assert [treated for name, treated in found.assumed if name in row] == ["ts"]


def test_row_is_refused_when_several_of_its_members_could_be_its_time(judged):
    row = {"request_created_at": "2026-01-02T03:04:05Z", "response_created_at": 1767323049}

    (fault,) = judged(json.dumps(row | {"latency_ms": 5})).faults

    assert fault.code == "time_ambiguous"
    assert "request_created_at, response_created_at" in fault.detail


def test_text_of_a_run_is_no_time_when_it_begins_like_one(judged):
    row = {"prompt_preview": "2026-01-02 03:04 was a Friday", "eval_time": 1767323045}
    numbers_of_a_training = {"epoch": 3, "recall_at": 10}

    found = judged(json.dumps(row | numbers_of_a_training | {"latency_ms": 5}))

    assert found.runs[0].extra == {"eval_time": 1767323045.0, "epoch": 3.0, "recall_at": 10.0}

    assert ("ts", "absent: the time of the import") in found.assumed
