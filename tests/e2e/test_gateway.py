"""Calls of the LLM gateway on the local cloud: a real client, a real broker, a real model."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.kit.local_cloud import LocalCloud, until

ASK = {"prompt": "Name a colour.", "options": {"num_predict": 8}}


@pytest.fixture
def gate(cloud: LocalCloud) -> Iterator[httpx.Client]:
    """A holder of the demo user's API key."""
    with cloud.client("api_key", "X-Api-Key") as client:
        until(lambda: client.get("/v1/models").json()["data"], "the device takes calls")
        yield client


@pytest.fixture
def model(gate: httpx.Client) -> str:
    """What the demo device serves."""
    (found,) = gate.get("/v1/models").json()["data"]
    name: str = found["id"]
    return name


@pytest.fixture
def runs(demo: httpx.Client) -> Callable[[], list[dict[str, Any]]]:
    """The demo user's runs by the gateway."""

    def read() -> list[dict[str, Any]]:
        query = {"source_kind": "gateway", "runs": "100", "minutes": "60"}
        found: list[dict[str, Any]] = demo.get("/usage", params=query).json()["runs"]
        return found

    return read


def test_each_answer_is_one_run_there_for_the_next_request(
    gate: httpx.Client, model: str, runs: Callable[[], list[dict[str, Any]]]
) -> None:
    before = len(runs())

    said = gate.post("/ask", json={**ASK, "model": model, "tag": "e2e"}).json()

    assert said["output"]
    assert said["usage"]["completion_tokens"] == 8
    (run, *others) = runs()
    assert len(others) == before
    assert (run["run_id"], run["device"], run["tag"]) == (said["run_id"], "demo-device", "e2e")
    assert (run["ttft_ms"], run["latency_ms"]) == (
        said["metrics"]["ttft_ms"],
        said["metrics"]["latency_ms"],
    )
    measured_under = {"runtime", "runtime_version", "backend", "context", "threads", "os"}
    assert run["conditions"].keys() >= measured_under


def test_openais_client_reads_tokens_while_they_are_written(cloud: LocalCloud, model: str) -> None:
    announced = cloud.announced
    with openai.OpenAI(
        base_url=f"{announced['base_url']}/v1", api_key=announced["api_key"]
    ) as client:
        chunks = list(
            client.chat.completions.create(
                model=model,
                messages=[{"role": "user", "content": "Count."}],
                max_tokens=8,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        text = client.completions.create(model=model, prompt="One, two,", max_tokens=4)

    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert deltas[0].role == "assistant"
    assert sum(bool(delta.content) for delta in deltas) > 1
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 8
    assert text.choices[0].text
    assert text.choices[0].finish_reason == "length"


def test_device_and_seat_are_free_when_clients_left_in_the_middle(
    gate: httpx.Client, model: str, cloud: LocalCloud
) -> None:
    options = {"num_predict": 2_000, "ignore_eos": True}
    body = {"model": model, "prompt": "Count.", "options": options}
    with pytest.raises(httpx.ReadTimeout):
        gate.post("/ask", json=body, timeout=3)
    with gate.stream("POST", "/ask_stream", json=body) as answer:
        for line in answer.iter_lines():
            if line.startswith("event: token"):
                break

    table = cloud.resource("GatewayTable")
    until(lambda: not cloud.aws("dynamodb").scan(TableName=table)["Items"], "no seat is left")
    assert gate.post("/ask", json={**ASK, "model": model}).status_code == 200
