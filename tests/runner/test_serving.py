"""The whole runner: from a message in SQS to the last word about the job."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
from evalyard_runner.errors import DeviceRefusedError
from evalyard_runner.gates import Limits
from evalyard_runner.sensors import Sensors

from tests.runner.kit.api import TOKEN, job
from tests.runner.kit.bench import Bench
from tests.runner.kit.model import content, endless


def test_result_is_reported_and_message_deleted_when_the_model_answers(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job(attempt=2)
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    [result] = bench.api.heard("complete", "job_1")
    assert result["attempt"] == 2
    assert result["output"] == "one two three"
    assert result["metrics"]["prompt_tokens"] == 10
    assert result["metrics"]["completion_tokens"] == 3
    assert 0 < result["metrics"]["ttft_ms"] < result["metrics"]["latency_ms"]
    assert result["metrics"]["prefill_tps"] == 200.0
    assert result["metrics"]["load_ms"] is None
    assert len(result["samples"]) == 1
    assert result["telemetry"]["before"]["memory_total_bytes"] > 0
    assert result["provenance"]["ttft_ms"]["source"] == "client_stream"
    assert "load_ms" not in result["provenance"]
    assert bench.counts(url) == (0, 0)


def test_the_fence_of_the_claim_goes_with_all_that_is_said_of_the_job(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.fence = "7"
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    assert ("claim", None) in bench.api.fences
    assert ("complete", "7") in bench.api.fences


def test_model_sees_the_jobs_options_when_it_runs(bench: Bench) -> None:
    url = bench.queue("normal")
    options = {"num_predict": 7, "temperature": 0.5, "stop": ["!"], "min_p": 0.1, "stream": False}
    bench.api.jobs["job_1"] = job(system="be brief", options=options)
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    [asked] = bench.model.requests
    assert asked["model"] == "tiny-upstream"
    assert (asked["max_tokens"], asked["temperature"], asked["min_p"]) == (7, 0.5, 0.1)
    assert asked["stream"] is True
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]


def test_only_repetitions_are_measured_when_there_are_warmups(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job(warmup=2, repeat=3)
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    assert len(bench.model.requests) == 5
    assert [row["index"] for row in bench.api.heard("complete")[0]["samples"]] == [0, 1, 2]


@pytest.mark.exhaustive
def test_high_lane_goes_first_when_both_lanes_hold_jobs(bench: Bench) -> None:
    high, normal = bench.queue("high", "high"), bench.queue("normal")
    for number in range(3):
        bench.api.jobs[f"job_n{number}"] = bench.api.jobs[f"job_h{number}"] = job()
        bench.send(normal, f"job_n{number}")
        bench.send(high, f"job_h{number}")

    bench.run_until(lambda: len(bench.api.heard("complete")) == 6)

    claimed = [job_id for verb, job_id, _ in bench.api.said if verb == "claim"]
    assert [job_id[:5] for job_id in claimed] == ["job_h"] * 3 + ["job_n"] * 3


def test_message_is_deleted_when_the_job_is_gone(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.send(url, "job_gone")

    bench.run_until(lambda: bool(bench.api.heard("claim")))

    assert bench.counts(url) == (0, 0)
    assert not bench.model.requests


def test_message_is_left_alone_when_another_has_the_job(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.refuse("claim", 409, "job_leased")
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("claim")))

    assert bench.counts(url) == (0, 1)


@pytest.mark.exhaustive
def test_message_comes_again_soon_when_the_job_is_for_another_device(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.refuse("claim", 403, "forbidden")
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    assert [len(bench.api.heard(verb)) for verb in ("claim", "complete")] == [2, 1]


def test_job_runs_once_when_its_message_comes_twice(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")
    bench.send(url, "job_1")

    bench.run_until(lambda: len(bench.api.heard("claim")) == 2)

    assert len(bench.api.heard("complete")) == 1
    assert bench.counts(url) == (0, 0)


@pytest.mark.exhaustive
def test_generation_stops_and_is_confirmed_when_the_job_is_cancelled(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.model.script = endless
    bench.api.jobs["job_1"] = job()
    bench.api.cancelled.add("job_1")
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("fail")))

    [failure] = bench.api.heard("fail", "job_1")
    assert (failure["code"], failure["retryable"]) == ("cancelled", False)
    assert bench.model.hung_up.wait(5)
    assert bench.counts(url) == (0, 0)


def test_nothing_is_reported_when_the_lease_is_lost(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.model.script = endless
    bench.api.jobs["job_1"] = job()
    bench.api.refuse("heartbeat", 409, "lease_lost")
    bench.send(url, "job_1")

    bench.run_until(bench.model.hung_up.is_set)

    assert not bench.api.heard("fail")
    assert not bench.api.heard("complete")
    assert bench.counts(url) == (0, 1)


def test_message_is_left_alone_when_the_lease_is_lost_at_the_end(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.api.refuse("complete", 409, "lease_lost")
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    assert not bench.api.heard("fail")
    assert bench.counts(url) == (0, 1)


@pytest.mark.exhaustive
def test_message_is_deleted_when_the_attempt_takes_too_long(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.model.script = endless
    bench.api.jobs["job_1"] = job(timeout_s=0.2)
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("fail")))

    [failure] = bench.api.heard("fail")[:1]
    assert (failure["code"], failure["retryable"]) == ("timeout", True)
    assert bench.counts(url) == (0, 0)


def test_message_is_deleted_when_retrying_cannot_help(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job(model="unknown")
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("fail")))

    [failure] = bench.api.heard("fail")
    assert (failure["code"], failure["retryable"]) == ("model_not_found", False)
    assert "tiny" in failure["message"]
    assert bench.counts(url) == (0, 0)


@pytest.mark.exhaustive
@pytest.mark.parametrize("status", ["dead", "queued"])
def test_message_is_deleted_when_the_server_has_heard_of_the_end(bench: Bench, status: str) -> None:
    """The server sends another one for the next attempt."""
    url = bench.queue("normal")
    bench.model.script = endless
    bench.api.jobs["job_1"] = job(timeout_s=0.1)
    bench.api.answers["fail"] = deque([(200, {"job_id": "job_1", "status": status})])
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("fail")))

    assert bench.counts(url) == (0, 0)


def test_attempt_fails_as_a_crash_when_the_stream_is_cut(bench: Bench) -> None:
    def cut(body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
        yield content("half a")

    url = bench.queue("normal")
    bench.model.script = cut
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("fail")))

    assert bench.api.heard("fail")[0]["code"] == "runtime_crash"
    assert not bench.api.heard("complete")


def test_result_is_reported_once_more_when_the_api_was_away(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.api.refuse("complete", 503, "unavailable")
    bench.send(url, "job_1")

    bench.run_until(lambda: len(bench.api.heard("complete")) == 2)

    first, second = bench.api.heard("complete")
    assert first == second
    assert len(bench.model.requests) == 1
    assert bench.counts(url) == (0, 0)


def test_attempt_fails_for_good_when_the_result_is_refused(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.api.refuse("complete", 413, "too_large")
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("fail")))

    [failure] = bench.api.heard("fail")
    assert (failure["code"], failure["retryable"]) == ("internal", False)
    assert "too_large" in failure["message"]
    assert bench.counts(url) == (0, 0)


def test_job_is_handed_back_when_the_runner_must_stop(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.grace_s = 0.2
    bench.model.script = endless
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.model.requests))

    [failure] = bench.api.heard("fail")
    assert (failure["code"], failure["retryable"]) == ("device_lost", True)
    assert bench.counts(url) == (0, 0)


@pytest.mark.exhaustive
def test_job_is_finished_when_it_ends_within_the_grace(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job(repeat=3)
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.model.requests))

    assert len(bench.api.heard("complete")) == 1
    assert bench.counts(url) == (0, 0)


def test_device_says_what_it_does_when_it_works_and_when_it_leaves(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    reports = bench.api.heard("status")
    assert reports[0]["models"] == ["tiny", "other"]
    # That it works on a job, claim and end say.
    assert any(report["ready"] for report in reports)
    assert not any(report["using"] for report in reports)
    assert (reports[-1]["ready"], reports[-1]["using"]) == (False, False)
    assert {"battery", "charging", "temperature_c", "cpu_pct", "memory_pct"} <= reports[0].keys()


def test_troubles_are_reported_once_when_something_goes_wrong(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job(model="unknown")
    bench.send(url, "job_1")

    def newest() -> list[dict[str, Any]]:
        # The last word repeats them when the runner was stopped before a report was answered.
        reports = [each for each in bench.api.heard("status") if not each.get("leaving")]
        found = [report.get("troubles") for report in reports]
        return [troubles[-1] for troubles in found if troubles]

    bench.run_until(lambda: any(each["code"] == "job_failed" for each in newest()))

    numbers = [each["number"] for each in newest()]
    assert numbers == sorted(set(numbers))
    assert "job_1" not in str(newest())
    assert {report["backend"] for report in bench.api.heard("status")} == {"openai"}


@pytest.mark.exhaustive
def test_job_runs_when_api_and_queues_come_back(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.sqs.delete_queue(QueueUrl=bench.queue("normal"))
    bench.api.jobs["job_1"] = job()
    bench.api.refuse("session", 503, "unavailable", times=2)

    trouble: list[str] = []

    def done_after_the_repair() -> bool:
        lines = capfd.readouterr().err.splitlines()
        trouble.extend(line.split()[0] for line in lines if line.strip())
        if trouble[-1:] == ["queues_unreachable"]:
            bench.send(bench.sqs.create_queue(QueueName="normal")["QueueUrl"], "job_1")
            trouble.append("repaired")
        return bool(bench.api.heard("complete"))

    bench.run_until(done_after_the_repair)

    assert trouble == [
        "api_session_unreachable",
        "api_session_reached_again",
        "queues_unreachable",
        "repaired",
        "queues_reached_again",
    ]


def test_runner_ends_when_the_token_is_refused_in_the_middle_of_a_job(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.model.script = endless
    bench.api.jobs["job_1"] = job()
    bench.api.refuse("heartbeat", 401)
    bench.send(url, "job_1")

    with pytest.raises(DeviceRefusedError, match="refused the device token"):
        bench.run_until(lambda: False)

    assert bench.model.hung_up.wait(5)
    assert bench.counts(url) == (0, 1)


def test_no_secret_and_no_prompt_is_printed_when_jobs_run(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    url = bench.queue("normal")
    for number in range(2):
        bench.api.jobs[f"job_{number}"] = job(model=("tiny", "unknown")[number])
        bench.send(url, f"job_{number}")

    bench.run_until(lambda: bool(bench.api.heard("complete") and bench.api.heard("fail")))

    out, err = capfd.readouterr()
    assert "job_succeeded job_id=job_0 model=tiny" in out
    assert "job_failed job_id=job_1 model=unknown" in out
    for secret in (TOKEN, "the private prompt", "one two", "the-aws-secret", "the-aws-session"):
        assert secret not in out + err


@pytest.mark.exhaustive
def test_nothing_is_pulled_until_the_device_has_cooled_down(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    url = bench.queue("normal")
    bench.limits = Limits(max_temp_c=70)
    heat = [80.0]
    bench.sensors = Sensors([lambda: {"temperature_c": heat[0]}])
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    def cooled_after_it_was_said() -> bool:
        said = bench.api.heard("status")
        if any(report["not_ready_reason"] == "hot" for report in said):
            if heat[0] == 80.0:
                assert bench.counts(url) == (1, 0)
            heat[0] = 60.0
        return bool(bench.api.heard("complete"))

    bench.run_until(cooled_after_it_was_said)

    hot = next(r for r in bench.api.heard("status") if r["not_ready_reason"] == "hot")
    assert (hot["ready"], hot["using"], hot["temperature_c"]) == (False, False, 80.0)
    events = [line.split()[0] for line in capfd.readouterr().err.splitlines()]
    assert events == ["pulling_stopped", "pulling_resumed"]


def test_next_job_succeeds_when_one_fails_in_a_way_that_nothing_foresaw(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job(options=["the private prompt"])
    bench.api.jobs["job_2"] = job()
    bench.api.answers["fail"] = deque([(200, {"job_id": "job_1", "status": "dead"})])
    bench.send(url, "job_1")
    bench.send(url, "job_2")

    bench.run_until(lambda: bool(bench.api.heard("complete") and bench.api.heard("fail")))

    [failure] = bench.api.heard("fail", "job_1")
    assert (failure["code"], failure["retryable"]) == ("internal", True)
    assert re.fullmatch(r"the runner failed: \w+Error at \w+\.py:\d+", failure["message"])
    assert len(bench.api.heard("complete", "job_2")) == 1
    assert "private" not in "".join(capfd.readouterr())


@pytest.mark.exhaustive
def test_job_succeeds_when_sensors_raise_or_say_nothing(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.sensors = Sensors([lambda: {"cpu_pct": 1 / 0}, lambda: None], power_w=lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    bench.model.script = slow_words
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    assert bench.api.heard("heartbeat")
    assert not bench.api.heard("fail")


def test_half_an_emoji_is_reported_as_replaced_when_a_model_sends_it(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.model.script = lambda _: iter([content("a\ud83d"), content("", "stop")])
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    [result] = bench.api.heard("complete")
    assert result["output"] == "a\ufffd"
    assert "replaced_characters=1" in result["log"]


def test_runner_goes_on_when_the_api_dislikes_its_first_words(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.refuse("status", 422, "validation_failed", times=2)
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    assert len(bench.api.heard("status")) > 2


def test_device_is_there_when_the_api_dislikes_how_it_is(bench: Bench) -> None:
    bench.queue("normal")
    bench.api.dislikes = "temperature_c"
    bench.sensors = Sensors([lambda: {"temperature_c": 40.0}])

    def taken() -> list[dict[str, Any]]:
        return [each for each in bench.api.heard("status") if "temperature_c" not in each]

    bench.run_until(lambda: any(each["ready"] for each in taken()))

    assert not any(each.keys() & {"troubles", "models"} for each in taken()[:1])


def test_job_keeps_its_lease_when_the_api_dislikes_a_reading(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.dislikes = "temperature_c"
    bench.sensors = Sensors([lambda: {"temperature_c": 40.0}])
    bench.model.script = slow_words
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    beats = [beat["telemetry"] for beat in bench.api.heard("heartbeat")]
    assert {"temperature_c" in beat for beat in beats} == {True, False}
    assert bench.api.heard("complete", "job_1")


def test_runner_goes_on_when_a_session_is_nonsense(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    url = bench.queue("normal")
    bench.api.session_endpoint = "no address"
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    seen: list[str] = []

    def done_after_the_repair() -> bool:
        seen.extend(line.split()[0] for line in capfd.readouterr().err.splitlines())
        if "round_failed" in seen:
            bench.api.session_endpoint = None
        return bool(bench.api.heard("complete"))

    bench.run_until(done_after_the_repair)

    assert set(seen) == {"round_failed"}


def slow_words(body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
    """An answer that outlasts a few heartbeats."""
    for _ in range(4):
        yield content("word ")
        yield 0.1
    yield content("", "stop")


def test_power_and_energy_are_reported_when_a_gpu_tells_them(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.sensors = Sensors([lambda: {"gpu_power_w": 90.0}], power_w=lambda: 90.0)
    bench.api.jobs["job_1"] = job(repeat=2)
    bench.send(url, "job_1")

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    [result] = bench.api.heard("complete")
    assert result["extra"]["GPU power (W)"] == 90.0
    assert result["extra"]["Energy per token (J)"] > 0
    assert result["extra"]["Cached prompt tokens"] == 3.0
    assert result["provenance"]["GPU power (W)"]["source"] == "nvml"
    assert result["telemetry"]["after"]["gpu_power_w"] == 90.0


def test_why_it_is_not_ready_is_said_when_the_model_is_away_and_when_it_leaves(
    bench: Bench,
) -> None:
    bench.queue("normal")
    bench.model.well = False

    def seen_away() -> bool:
        reasons = [report["not_ready_reason"] for report in bench.api.heard("status")]
        return "model_unreachable" in reasons

    bench.run_until(seen_away)

    assert bench.api.heard("status")[-1]["not_ready_reason"] == "stopped"


@pytest.mark.exhaustive
def test_a_claim_is_asked_again_before_anything_else_when_its_answer_was_lost(
    bench: Bench,
) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = bench.api.jobs["job_2"] = job()
    bench.api.refuse("claim", 503, times=3)
    bench.send(url, "job_1")
    bench.send(url, "job_2")

    bench.run_until(lambda: len(bench.api.heard("complete")) == 2)

    claimed = [job_id for verb, job_id, _ in bench.api.said if verb == "claim"]
    assert claimed in (["job_1"] * 4 + ["job_2"], ["job_2"] * 4 + ["job_1"])


@pytest.mark.exhaustive
def test_the_message_is_given_back_when_the_runner_stops_before_its_claim_is_answered(
    bench: Bench,
) -> None:
    url = bench.queue("normal")
    bench.api.refuse("claim", 503, times=1_000)
    bench.send(url, "job_1")

    bench.run_until(lambda: len(bench.api.heard("claim")) == 2)

    assert bench.counts(url) == (1, 0)


@pytest.mark.exhaustive
def test_it_waits_and_says_so_once_when_another_process_is_the_device(
    bench: Bench, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalyard_runner.pull.IN_USE_S", 0.05)
    monkeypatch.setattr("evalyard_runner.presence.IN_USE_S", 0.05)
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")
    bench.api.refuse("status", 409, "device_in_use", times=2)
    bench.api.refuse("session", 409, "device_in_use", times=3)

    bench.run_until(lambda: bool(bench.api.heard("complete")))

    told = capfd.readouterr().err
    assert [told.count(f"{event} ") for event in ("device_in_use", "device_is_ours")] == [1, 1]
    said = [*bench.api.heard("status"), *bench.api.heard("session")]
    assert len({body["instance"] for body in said}) == 1
    assert bench.api.heard("status")[-1]["leaving"] is True


@pytest.mark.exhaustive
def test_it_asks_for_its_queues_again_when_another_process_became_the_device(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()

    def asked_again() -> bool:
        if len(bench.api.heard("session")) == 1 and not bench.api.answers:
            bench.api.refuse("status", 409, "device_in_use")
            bench.send(url, "job_1")
        return len(bench.api.heard("session")) == 2

    bench.run_until(asked_again)

    assert not bench.api.answers["status"]
