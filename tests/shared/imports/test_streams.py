"""A stream's events are one run; rows that look like events stay rows."""

import json

import pytest

EVENTS = [
    {
        "type": "message_start",
        "message": {
            "type": "message",
            "id": "msg_1",
            "model": "m",
            "usage": {"input_tokens": 9, "output_tokens": 1},
        },
    },
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"text": "a"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]
DELTA = {"type": "response.output_text.delta", "sequence_number": 1, "item_id": "i", "delta": "a"}


def lines(*records):
    return "\n".join(map(json.dumps, records))


def test_message_is_one_run_with_its_last_counts_when_it_was_streamed(judged):
    found = judged(lines(*EVENTS, *EVENTS), "application/x-ndjson")

    assert found.faults == []
    assert [(run.prompt_tokens, run.completion_tokens) for run in found.runs] == [(9, 7)] * 2
    assert sum(found.assumed.values()) >= 8


@pytest.mark.parametrize("kind", ["ping", "message_stop", "response.time", "content_block_start"])
def test_measured_row_is_a_run_when_its_type_is_called_like_an_event(judged, kind):
    row = {"type": kind, "model": "m", "latency_ms": 5}

    found = judged(lines(row, row, *EVENTS, row), "application/x-ndjson")

    assert found.faults == []
    assert [run.latency_ms for run in found.runs] == [5, 5, None, 5]


def test_deltas_are_passed_over_and_counted_when_their_answer_comes_whole(judged):
    answer = {
        "object": "response",
        "id": "resp_1",
        "status": "completed",
        "model": "m",
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    end = {"type": "response.completed", "sequence_number": 9, "response": answer}

    found = judged(lines(DELTA, DELTA, end), "application/x-ndjson")

    assert found.faults == []
    assert [run.completion_tokens for run in found.runs] == [4]
    assert found.assumed["chunks", "chunks before the final one: passed over"] == 2


def test_every_row_has_its_verdict_when_members_are_of_odd_kinds(judged):
    odd = [
        {"type": [], "latency_ms": 5},
        {"type": {}, "latency_ms": 5},
        {"object": "chat.completion.chunk", "id": "c", "choices": [{"index": [], "delta": {}}]},
        {"object": "chat.completion.chunk", "id": "c", "choices": [{"index": {}, "delta": {}}]},
    ]

    found = judged(lines(*odd, {"latency_ms": 6}), "application/x-ndjson")

    assert [run.latency_ms for run in found.runs] == [5, 5, 6]


def chunk(identity="c1", *, reason=None, text=None, usage=None, **others):
    """A chunk of a chat; `reason` ends it."""
    choices = [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]
    return {
        "id": identity,
        "object": "chat.completion.chunk",
        "created": 1764784800,
        "model": "m",
        "choices": choices if reason or text else [],
        "usage": usage,
        **others,
    }


USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
ZEROS = dict.fromkeys(USAGE, 0)
# What gateways add: https://github.com/anomalyco/opencode/issues/42918 and Azure's first chunk.
COST = {"choices": [], "cost": "0"}
FILTERED = {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter": []}


@pytest.mark.parametrize(
    "events",
    [
        [chunk(text="Hi"), chunk("", model=""), chunk(reason="stop"),
         chunk("", model="", usage=USAGE), COST],
        [FILTERED, chunk(text="Hi"), chunk(reason="stop"), chunk(usage=USAGE)],
        [chunk(text="Hi", usage=ZEROS), chunk(reason="stop", usage=USAGE), chunk(usage=ZEROS)],
    ],
    ids=["nameless", "azure", "zeros"],
)  # fmt: skip
def test_stream_is_one_run_when_a_gateway_adds_chunks_of_its_own(judged, events):
    text = "".join(f"data: {json.dumps(each)}\n\n" for each in events)

    found = judged(text, "text/event-stream")

    assert (found.faults, len(found.runs)) == ([], 1)
    (run,) = found.runs
    assert (run.model, run.prompt_tokens, run.completion_tokens) == ("m", 5, 7)
