"""Real runners, each a process, between the server's own code and model servers that misbehave."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from shared.aws import Bucket, Queue, Table
from tests.kit.gateway import ApiClient
from tests.kit.yard import Yard
from tests.runner.kit.api import SERIAL, FakeApi, job
from tests.runner.kit.bench import sqs_client
from tests.runner.kit.deployed import DeployedApi
from tests.runner.kit.model import FakeModel, content, three_words, usage
from tests.runner.kit.processes import start, wait_for
from tests.runner.kit.sqs import FakeSqs, SharedSqs

Chunks = Iterator[float | str | dict[str, Any]]


@pytest.fixture
def yard(
    api: Callable[..., ApiClient],
    tables: dict[str, Table],
    bucket: Bucket,
    queues: dict[str, Queue],
) -> Yard:
    """Users and functions over an empty AWS."""
    return Yard(api, tables, bucket, queues)


@contextmanager
def phones(yard: Yard, models: dict[str, FakeModel]) -> Iterator[list[Any]]:
    """A runner for each of the servers, by serial, that has said that it is there."""
    with ExitStack() as stack:
        deployed = stack.enter_context(DeployedApi(yard))
        deployed.sqs_url = stack.enter_context(SharedSqs(sqs_client())).url
        runners = []
        for serial, model in models.items():
            assert yard.register(serial, queue_tags=["default"]).status == 201
            where = ("--api", deployed.url, "--serial", serial)
            runners.append(start(*where, "--openai-url", model.url, "--model", "tiny"))
            stack.callback(runners[-1].communicate)
            stack.callback(runners[-1].kill)
        wait_for(lambda: deployed.statuses("session") == [200] * len(models), *runners)
        yield runners
        for runner in runners:
            runner.send_signal(signal.SIGTERM)
        assert [runner.wait(60) for runner in runners] == [0] * len(models)


def ends(yard: Yard, job_ids: list[str], user: str) -> dict[str, dict[str, Any]]:
    """The jobs that have ended, by id."""
    found = {job_id: yard.job(job_id, user) for job_id in job_ids}
    return {job_id: job for job_id, job in found.items() if job["finished_at"]}


def all_ended(
    yard: Yard, job_ids: list[str], *runners: Any, user: str = "ada"
) -> list[dict[str, Any]]:
    wait_for(lambda: len(ends(yard, job_ids, user)) == len(job_ids), *runners, patience_s=180)
    return list(ends(yard, job_ids, user).values())


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "refusal",
    [(404, "<h1>Not Found</h1>"), pytest.param((502, None), marks=pytest.mark.nightly)],
    ids=["wrong path", "no gateway"],
)
def test_no_job_pays_when_the_server_of_one_phone_in_three_is_gone(
    yard: Yard, refusal: tuple[int, Any]
) -> None:
    with FakeModel() as gone, FakeModel() as one, FakeModel() as other:
        gone.refusal = refusal
        with phones(yard, {"gone": gone, "phone-1": one, "phone-2": other}) as runners:
            jobs = all_ended(
                yard, [yard.submit(model="tiny")["job_id"] for _ in range(8)], *runners
            )

    assert {job["status"] for job in jobs} == {"succeeded"}
    assert {job["attempt"] for job in jobs} == {1}
    assert {job["device"] for job in jobs} == {"phone-1", "phone-2"}
    assert sum(asked["max_tokens"] > 1 for asked in gone.requests) == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("loads_s", "jobs"), [(3.0, 3), pytest.param(40.0, 7, marks=pytest.mark.nightly)]
)
def test_no_job_pays_when_the_only_phone_loads_its_model(
    yard: Yard, loads_s: float, jobs: int
) -> None:
    """Its list of models is well all the time."""
    with FakeModel() as model:
        model.refusal = (503, {"error": {"message": "Loading model", "code": 503}})
        with phones(yard, {"phone-1": model}) as runners:
            job_ids = [yard.submit(model="tiny")["job_id"] for _ in range(jobs)]
            loaded_at = monotonic() + loads_s
            wait_for(lambda: monotonic() > loaded_at and bool(model.requests), *runners)
            model.refusal = None
            ended = all_ended(yard, job_ids, *runners)

    assert [(job["status"], job["attempt"]) for job in ended] == [("succeeded", 1)] * jobs


def odd_answers() -> dict[str, Callable[[], Chunks]]:
    """What servers stream, by the prompt that asks for it; each is an answer."""

    def said(*parts: Any) -> Callable[[], Chunks]:
        chunks = [{"choices": [{"delta": {"content": part}}]} for part in parts]
        return lambda: iter([*chunks, content("", "stop"), usage()])

    return {
        "line ends": said("a\u2028b\u0085c"),
        "parts": said([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        "half an emoji": said("\ud83d", "\ude00", "\ud83d"),
        "null": lambda: iter([{"choices": [None]}, {"choices": None}, *three_words({})]),
        "done only": lambda: iter([content("a"), "data: [DONE]\n\n"]),
        "deep": lambda: iter([content("a"), "data: " + "[" * 100_000 + "\n\n"]),
        "cut": lambda: iter([content("a")]),
    }


@pytest.mark.exhaustive
def test_runner_goes_on_when_servers_say_what_no_one_expects(yard: Yard) -> None:
    answers = odd_answers()

    def script(body: dict[str, Any]) -> Chunks:
        yield from answers[body["messages"][-1]["content"]]()

    with FakeModel(script) as model, phones(yard, {"phone-1": model}) as runners:
        asked = {
            prompt: yard.submit(model="tiny", prompt=prompt, max_attempts=1)["job_id"]
            for prompt in answers
        }
        all_ended(yard, list(asked.values()), *runners)
        outputs = {prompt: output_of(yard, job_id) for prompt, job_id in asked.items()}

    assert outputs == {
        "line ends": "a\u2028b\u0085c",
        "parts": "ab",
        "half an emoji": "😀\ufffd",
        "null": "one two three",
        "done only": "a",
        "deep": "runtime_crash",
        "cut": "runtime_crash",
    }


# Termux's command, which answers, hangs for good, and answers again.
BATTERY = """#!/bin/sh
echo >> {asked}
case $(wc -l < {asked}) in
1) echo '{{"percentage": 80, "plugged": "UNPLUGGED", "temperature": {before}}}' ;;
2) sleep 1000 & wait ;;
*) echo '{{"percentage": 80, "plugged": "UNPLUGGED", "temperature": {after}}}' ;;
esac
"""


@pytest.mark.nightly
@pytest.mark.parametrize(("before", "after"), [(62, 25), (25, 62)], ids=["cools down", "heats up"])
def test_gate_sees_again_when_one_answer_of_the_battery_hangs(
    tmp_path: Path, device_api: FakeApi, model: FakeModel, before: int, after: int
) -> None:
    """A phone that cooled down works again; one that got hot meanwhile is given no job."""
    battery = tmp_path / "termux-battery-status"
    battery.write_text(BATTERY.format(asked=tmp_path / "asked", before=before, after=after))
    battery.chmod(0o700)
    where = ("--api", device_api.url, "--serial", SERIAL, "--openai-url", model.url)
    with FakeSqs() as sqs:
        device_api.queues.append({"url": sqs.queue_url, "lane": "normal"})
        device_api.session_endpoint = sqs.url
        runner = start(*where, "--model", "tiny", "--max-temp", "40", commands=tmp_path)
        try:
            # The first readings are used up by the time that the first job comes.
            wait_for(lambda: asked(tmp_path) >= 2, runner)
            wait_for(lambda: "sensor_silent" in reasons(device_api) or before > after, runner)
            device_api.jobs["job_1"] = job()
            sqs.send("job_1")
            wait_for(lambda: asked(tmp_path) >= 5, runner, patience_s=180)
            cool = after < before
            wait_for(lambda: bool(device_api.heard("complete")) or not cool, runner)
        finally:
            runner.kill()
            runner.communicate()

    assert reasons(device_api)[-1] == (None if cool else "hot")
    assert len(device_api.heard("claim")) == (1 if cool else 0)


def asked(folder: Path) -> int:
    """How often the battery was asked."""
    file = folder / "asked"
    return file.read_text().count("\n") if file.exists() else 0


def reasons(api: FakeApi) -> list[str | None]:
    """Why the device was not ready, report by report."""
    return [said["not_ready_reason"] for said in api.heard("status")]


def output_of(yard: Yard, job_id: str) -> str:
    """What the model said, or as what the job failed."""
    failure = yard.job(job_id)["failure"]
    if failure:
        return str(failure["code"])
    return str(yard.user().get(f"/api/jobs/{job_id}/result").json()["output"])


@pytest.mark.exhaustive
def test_runner_is_let_in_at_once_when_it_was_killed_and_started_again(
    yard: Yard, tmp_path: Path
) -> None:
    assert yard.register("phone-1").status == 201
    with FakeModel() as model, DeployedApi(yard) as deployed, ExitStack() as stack:
        deployed.sqs_url = stack.enter_context(SharedSqs(sqs_client())).url
        where = ("--api", deployed.url, "--serial", "phone-1", "--openai-url", model.url)

        def begin(state: Path | None, sessions: list[int]) -> Any:
            runner = start(*where, "--model", "tiny", state=state)
            stack.callback(runner.communicate)
            stack.callback(runner.kill)
            wait_for(lambda: deployed.statuses("session") == sessions, runner)
            return runner

        killed = begin(tmp_path, [200])
        killed.kill()
        killed.wait()
        begin(tmp_path, [200, 200])
        begin(None, [200, 200, 409])

    assert deployed.statuses("status").count(409) > 0
