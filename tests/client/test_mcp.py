"""`evalyard mcp` as its clients start it: a process that the official SDK's client talks to."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.conftest import READING, TOKEN
from tests.kit.loops import finish

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import CallToolResult

ROOT = Path(__file__).resolve().parents[2]
READS = {
    "list_devices",
    "get_usage",
    "compare_runs",
    "list_baselines",
    "check_gate",
    "list_jobs",
    "get_job",
}


@pytest.fixture
def talk(url: str, tmp_path: Path) -> Callable[..., Any]:
    """Starts the server with some arguments, and carries a conversation out."""
    # Imported only where it is used, as it takes a second.
    from mcp import Client, StdioServerParameters

    def start(
        conversation: Callable[[Client], Awaitable[Any]], *arguments: str, token: str = TOKEN
    ) -> Any:
        async def run() -> Any:
            server = StdioServerParameters(
                command=sys.executable,
                args=["-m", "evalyard", "mcp", *arguments],
                env={
                    "PYTHONPATH": str(ROOT / "client"),
                    "HOME": str(tmp_path),
                    "EVALYARD_URL": url,
                    "EVALYARD_TOKEN": token,
                },
                cwd=tmp_path,
            )
            async with Client(server) as client:
                return await conversation(client)

        return finish(run(), within_s=120)

    return start


def _text(answer: CallToolResult) -> str:
    (content,) = answer.content
    assert content.type == "text"
    return content.text


def _builds(ev) -> None:
    rows = [
        {"device": "d", "model": "m", "latency_ms": base + n % 3, "conditions": {"build": build}}
        for build, base in (("one", 900.0), ("two", 1_080.0))
        for n in range(8)
    ]
    ev.usage.import_file(json.dumps(rows).encode())
    window = {"last_s": 86_400}
    ev.baselines.set("main", reason="r", window=window, filters={"cond.build": "one"})


@pytest.mark.exhaustive
def test_everything_is_read_and_nothing_written_when_it_serves_as_it_is(ev, talk) -> None:
    _builds(ev)
    job = ev.jobs.run("Why?", model="m")
    slow = {"filters": {"cond.build": "two"}}

    async def converse(client: Client) -> list[Any]:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == READS
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        calls = [
            ("list_devices", {"state": []}),
            ("get_usage", {"group_by": ["cond.build"]}),
            ("compare_runs", {"a": {"cond.build": "one"}, "b": {"cond.build": "two"}}),
            ("list_baselines", {}),
            ("check_gate", {"baseline": "main", **slow}),
            ("list_jobs", {"status": ["queued"]}),
            ("get_job", {"job_id": job.id}),
        ]
        answers = [await client.call_tool(name, said) for name, said in calls]
        assert not any(answer.is_error for answer in answers), answers
        return [answer.structured_content for answer in answers]

    devices, usage, compared, baselines, gate, jobs, read = talk(converse, token=READING)

    assert [each["serial"] for each in devices["devices"]] == ["dev-1"]
    assert [each["key"] for each in usage["groups"]] == [{"cond.build": b} for b in ("one", "two")]
    assert usage["groups_left_out"] == 0
    verdicts = {each["metric"]: each["verdict"] for each in compared["metrics"]}
    assert verdicts["latency_ms"] == "regressed"
    assert [each["name"] for each in baselines["baselines"]] == ["main"]
    assert (gate["verdict"], gate["series"][0]["verdict"]) == ("fail", "fail")
    assert [each["job_id"] for each in jobs["jobs"]] == [job.id]
    assert read["prompt"] == "Why?"


@pytest.mark.exhaustive
def test_jobs_and_runs_are_made_when_it_may_write(ev, talk, tmp_path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.json").write_text('[{"latency_ms": 900.0}]')
    (tmp_path / "secret.json").write_text('[{"latency_ms": 1.0}]')
    (tmp_path / "results" / "link.json").symlink_to(tmp_path / "secret.json")

    async def converse(client: Client) -> list[CallToolResult]:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == READS | {"run_prompt", "push_file"}
        return [
            await client.call_tool("run_prompt", {"model": "m", "prompt": "?", "wait_s": 0.1}),
            await client.call_tool("push_file", {"path": "a.json", "device": "mine"}),
            await client.call_tool("push_file", {"path": "../secret.json"}),
            await client.call_tool("push_file", {"path": "link.json"}),
        ]

    queued, pushed, *outside = talk(converse, "--write", "--folder", "results")

    assert queued.structured_content["status"] == "queued"
    assert pushed.structured_content["imported"] == 1
    assert [answer.is_error for answer in outside] == [True, True]
    assert "is not below" in _text(outside[0])
    assert ev.usage.summary(device="mine").runs == 1


@pytest.mark.exhaustive
def test_a_model_reads_what_is_wrong_when_a_call_fails(talk) -> None:
    async def converse(client: Client) -> list[CallToolResult]:
        return [
            await client.call_tool("check_gate", {"baseline": "none"}),
            await client.call_tool("get_usage", {"window": "soon"}),
            await client.call_tool("get_usage", {"filters": {"colour": "red"}}),
            await client.call_tool("get_usage", {"filters": {"model": []}}),
        ]

    unknown, window, filtered, empty = talk(converse)

    assert "the filter 'model' has no value" in _text(empty)
    assert "baseline_not_found" in _text(unknown)
    assert "no length of time" in _text(window)
    assert "allowed: " in _text(filtered)
    assert all(answer.is_error for answer in (unknown, window, filtered, empty))
