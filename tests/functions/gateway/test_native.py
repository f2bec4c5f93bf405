"""`/ask`, `/ask_stream` and `/ask_trace`: calls to a device and back, each of them one run."""

import asyncio
import json
from typing import Any

import pytest

from shared.aws import Bucket
from tests.functions.gateway.kit import ASK, CHAT, METRICS, FakeDevice, Gate, Reply, three_words


def test_answer_has_output_figures_and_phases_when_a_device_answers(
    gate: Gate, runs: Any, seats: Any
) -> None:
    gate.device()

    reply = gate.ask(body=ASK)

    said = reply.json
    assert (reply.status, said["output"], said["device"]) == (200, "one two three", "dev-1")
    assert said["usage"] == {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    assert said["metrics"] == METRICS
    assert said["request_id"] == reply.headers["X-Request-Id"]
    phases = said["phases"]
    parts = [ms for name, ms in phases.items() if name != "total_ms" and ms is not None]
    assert phases["total_ms"] == pytest.approx(sum(parts), abs=1e-6)
    assert (phases["queue_ms"], phases["prefill_ms"]) == (20.0, 10.0)
    assert "total;dur=" in reply.headers["Server-Timing"]
    (run,) = runs()
    assert (run.run_id, run.ok, run.source_kind) == (said["run_id"], True, "gateway")
    assert (run.device, run.model, run.tenant) == ("dev-1", "tiny", "ada")
    assert (run.latency_ms, run.ttft_ms, run.prompt_preview) == (90.0, 30.0, None)
    assert run.extra.keys() == {"Gateway TTFT (ms)", "Gateway overhead (ms)"}
    assert seats() == []


def test_device_is_asked_in_the_words_of_a_chat_when_options_are_those_of_jobs(gate: Gate) -> None:
    gate.device()
    options = {"num_predict": 7, "temperature": 0.5, "min_p": 0.1}

    gate.ask(body={**ASK, "system": "be brief", "options": options})

    (asked, *_) = gate.devices["dev-1"].heard
    assert asked["body"] == {
        "max_tokens": 7,
        "temperature": 0.5,
        "min_p": 0.1,
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "Count."},
        ],
    }
    # A stranger's device hears a digest instead of who asks.
    assert '"ada"' not in json.dumps(asked)


def test_run_has_tag_and_preview_when_they_are_asked_for(gate: Gate, runs: Any) -> None:
    gate.device()

    gate.ask(body={**ASK, "preview": True}, headers={"X-Evalyard-Tag": "night"})

    (run,) = runs()
    assert (run.tag, run.prompt_preview) == ("night", "Count.")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            {"runtime": "llama.cpp", "quant": "Q4_0", "threads": 4, "charging": True},
            {"runtime": "llama.cpp", "quant": "Q4_0", "threads": "4", "charging": "true"},
        ),
        ({"quant": "Q4_0", "Odd name": 1, "list": [], "unknown": None}, {"quant": "Q4_0"}),
        (["garbage"], {}),
        (None, {}),
    ],
)
def test_run_has_the_conditions_that_its_device_says(
    gate: Gate, runs: Any, said: Any, kept: dict[str, str]
) -> None:
    async def says_them(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "started")
        await device.piece(ask, "one")
        await device.say(ask, "done", finish_reason="stop", conditions=said)

    gate.device(script=says_them)

    reply = gate.ask(body=ASK)

    (run,) = runs()
    assert (reply.status, run.conditions) == (200, kept)


@pytest.mark.parametrize(
    ("waits", "lasts_s"), [({}, 330), ({"max_wait_s": 600, "timeout_s": 840}, 865)]
)
def test_device_hears_when_the_call_is_over_when_it_is_asked(
    gate: Gate, waits: dict[str, int], lasts_s: int
) -> None:
    """No function may run for longer than 900 s."""
    gate.device()

    gate.ask(body={**ASK, **waits})

    (asked, *_) = gate.devices["dev-1"].heard
    assert asked["deadline_ms"] == lasts_s * 1000


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("completion_tokens", 1e300),
        ("completion_tokens", 10**13),
        ("prompt_tokens", -3),
        ("latency_ms", -90.0),
        ("ttft_ms", -1e300),
        ("tok_s", -0.5),
    ],
)
def test_figure_counts_as_not_measured_when_no_run_can_have_it(
    gate: Gate, runs: Any, name: str, said: float
) -> None:
    async def measures_oddly(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "started")
        await device.piece(ask, "one")
        measured = {"metrics": {**METRICS, name: said}, "load_ms": -1.0}
        await device.say(ask, "done", finish_reason="stop", **measured)

    gate.device(script=measures_oddly)

    reply = gate.ask(body=ASK)

    (run,) = runs()
    assert (reply.status, reply.json["metrics"]) == (200, {**METRICS, name: None})
    assert (run.ok, run.run_id) == (True, reply.json["run_id"])
    assert reply.json["phases"]["load_ms"] is None
    assert name == "tok_s" or getattr(run, name) is None


@pytest.mark.parametrize("path", ["/ask", "/v1/chat/completions", "/api/chat", "/api/generate"])
@pytest.mark.parametrize(
    "odd",
    [
        {"delta": "text"},
        {"delta": [{"content": "text"}]},
        {"delta": {"tool_calls": [None, "call"]}},
        {"delta": {"tool_calls": {"function": {}}}},
        {"delta": {}, "logprobs": ["text"]},
    ],
)
def test_piece_says_nothing_when_a_models_server_says_it_in_another_form(
    gate: Gate, path: str, odd: Any
) -> None:
    async def speaks_oddly(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "started")
        await device.piece(ask, "hello")
        await device.piece(ask, **odd)
        await device.say(ask, "done", finish_reason="stop")

    gate.device(script=speaks_oddly)

    for streamed in (False, True):
        reply = gate.ask(path, {**(CHAT | ASK), "stream": streamed} if path != "/ask" else ASK)
        assert reply.status == 200
        assert b"hello" in reply.body


@pytest.mark.parametrize("odd", [{"t": -1.0}, {"t": 1e300}, {"c": [[-1e300, {"delta": {}}]]}])
def test_frame_is_none_when_its_time_is_none(gate: Gate, odd: Any) -> None:
    async def says_odd_times(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "started")
        await device.say(ask, "chunks", **odd)
        # Said again, as to a gateway that asks for what it has not heard.
        del device._said[ask["id"]]
        await device.say(ask, "started")
        await device.piece(ask, "one")
        await device.say(ask, "done", finish_reason="stop")

    gate.device(script=says_odd_times)

    reply = gate.ask("/api/chat", {**CHAT, "stream": False})

    assert (reply.status, reply.json["message"]["content"]) == (200, "one")


def test_words_come_as_events_when_the_answer_is_streamed(gate: Gate, runs: Any) -> None:
    gate.device()

    reply = gate.ask("/ask_stream", ASK)

    assert reply.headers["Content-Type"] == "text/event-stream"
    assert reply.headers["Cache-Control"] == "no-cache, no-transform"
    assert reply.headers["X-Accel-Buffering"] == "no"
    names = [name for name, _ in reply.events]
    assert names == ["started", "token", "token", "token", "usage", "done"]
    tokens = [data for name, data in reply.events if name == "token"]
    assert [token["i"] for token in tokens] == [0, 1, 2]
    assert [token["text"] for token in tokens] == ["one ", "two ", "three"]
    assert tokens[0]["t_ms"] == 10.0
    (run,) = runs()
    assert reply.events[-1][1]["run_id"] == run.run_id


def test_words_come_a_line_each_when_lines_are_accepted(gate: Gate) -> None:
    gate.device()

    reply = gate.ask("/ask_stream", ASK, headers={"Accept": "application/x-ndjson"})

    events = [json.loads(line) for line in reply.body.splitlines()]
    assert [event["event"] for event in events][:2] == ["started", "token"]
    assert events[-1]["event"] == "done"


@pytest.mark.parametrize("body", [{**ASK, "device": "dev-2"}, {**ASK, "model": "tiny@dev-2"}])
def test_pinned_device_answers_when_a_call_names_it(gate: Gate, body: Any) -> None:
    gate.device()
    gate.device("dev-2")

    said = gate.ask(body=body).json

    assert (said["device"], said["model"]) == ("dev-2", "tiny")


@pytest.mark.parametrize("garbage", [b"\xff", b'{"id":"\xff"}', b"[" * 90_000, b"x" * 110_000])
def test_answer_comes_when_its_device_or_another_says_what_cannot_be_read(
    gate: Gate, garbage: bytes
) -> None:
    """It would end the connection by which all calls of the process are answered."""

    async def says_it(device: FakeDevice, ask: dict[str, Any]) -> None:
        for each in gate.devices.values():
            await each.say_bytes(ask, garbage)
        await three_words(device, ask)

    gate.device(script=says_it)
    gate.device("dev-2")

    assert gate.ask(body={**ASK, "device": "dev-1"}).json["output"] == "one two three"


def test_trace_has_spans_and_pieces_when_it_is_asked_for(gate: Gate) -> None:
    gate.device()

    said = gate.ask("/ask_trace", ASK).json

    spans = {span["name"]: span for span in said["spans"]}
    assert {name: span["clock"] for name, span in spans.items()} == {
        "gateway": "gateway",
        "network": "gateway",
        "finish": "gateway",
        "queue": "device",
        "prefill": "device",
        "decode": "device",
    }
    assert spans["prefill"]["start_ms"] == spans["queue"]["duration_ms"] == 20.0
    assert said["chunks"][:3] == [[10.0, 4], [20.0, 4], [30.0, 5]]


@pytest.mark.exhaustive
def test_another_device_answers_when_the_first_is_silent(gate: Gate, runs: Any) -> None:
    async def silent(_: FakeDevice, __: dict[str, Any]) -> None:
        return

    gate.device(script=silent)
    gate.device("dev-2")

    said = gate.ask(body=ASK).json

    assert (said["device"], said["output"]) == ("dev-2", "one two three")
    assert [run.device for run in runs()] == ["dev-2"]


@pytest.mark.exhaustive
def test_another_device_answers_soon_when_the_broker_says_that_the_first_left(gate: Gate) -> None:
    async def dies(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "accepted", ahead=0)
        await device.is_said_to_have_left()

    gate.device(script=dies)
    gate.device("dev-2")

    # Its silence alone would be noticed when nothing is waited for any more.
    reply = gate.ask(body={**ASK, "max_wait_s": 5})

    assert (reply.status, reply.json["device"]) == (200, "dev-2")


def test_eight_seats_are_exact_when_thirty_calls_come_at_once(
    gate: Gate, runs: Any, seats: Any
) -> None:
    """Eight hold theirs until all others have been refused."""

    async def waits_for_others(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "accepted", ahead=0)
        while gate.ended < 22:
            await device.say(ask, "alive")
            await asyncio.sleep(0.05)
        await three_words(device, ask)

    for number in range(3):
        gate.device(f"dev-{number}", waits_for_others)
    calls = [("/ask", {**ASK, "device": f"dev-{number % 3}"}) for number in range(30)]

    replies: list[Reply] = gate.asks(*calls)

    codes = sorted((reply.status, reply.json.get("code", "")) for reply in replies)
    assert codes == [(200, "")] * 8 + [(429, "parallel_limit")] * 22
    assert len(runs()) == 8
    assert seats() == []


def test_body_is_fetched_by_the_device_when_no_message_can_carry_it(
    gate: Gate, bucket: Bucket
) -> None:
    gate.device()

    reply = gate.ask(body={**ASK, "prompt": "x" * 150_000})

    (asked, *_) = gate.devices["dev-1"].heard
    (stored,) = bucket.list("asks/")
    assert reply.status == 200
    assert "body" not in asked
    assert stored.key in asked["body_url"]
    assert len(json.loads(bucket.get(stored.key))["messages"][0]["content"]) == 150_000
