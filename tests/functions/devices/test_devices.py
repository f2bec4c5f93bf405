"""Devices: registration, presence, who sees and who may."""

import pytest

from shared.accounts import find_credential
from shared.aws import Queue, Table
from shared.devices import Fleet
from tests.conftest import HeldClock, forget_caches
from tests.kit.cloud import aws_client
from tests.kit.yard import Yard


def users(yard: Yard, name: str = "ada", **identity):
    return yard.api("devices", user=name, **identity)


def test_a_token_and_two_queues_are_made_when_a_device_is_registered(yard: Yard) -> None:
    answer = yard.register("phone:1.2", name="My phone", kind="phone", queue_tags=["short"])

    names = [url.rpartition("/")[2] for url in aws_client("sqs").list_queues()["QueueUrls"]]
    made = [name for name in names if "-device-phone-1-2-" in name]
    assert answer.status == 201
    assert answer.json()["device_token"].startswith("eyd_")
    assert answer.json()["state"] == "offline"
    assert sorted(name.rpartition("-")[2] for name in made) == ["high", "normal"]


def test_the_devices_queues_redrive_to_the_dead_letters_when_made(yard: Yard) -> None:
    session = yard.device().post("/devices/dev-1/session", json={}).json()

    attributes = Queue(session["queues"][0]["url"]).attributes("All")

    assert "DeadJobsQueue" in attributes["RedrivePolicy"]
    assert attributes["VisibilityTimeout"] == "60"


def test_the_old_token_dies_when_a_device_is_registered_again(yard: Yard) -> None:
    old = yard.register("phone", name="First", models=["a"]).json()["device_token"]

    again = yard.register("phone", queue_tags=["long"])

    accounts = yard.tables["AccountsTable"]
    assert again.status == 200
    assert again.json()["name"] == "First"
    assert again.json()["models"] == ["a"]
    assert find_credential(accounts, old) is None
    assert find_credential(accounts, again.json()["device_token"]) is not None


def test_a_replay_omits_the_token_when_register_is_repeated_with_its_key(yard: Yard) -> None:
    admin = users(yard, "root", admin=True)
    sent = {"json": {"serial": "phone"}, "headers": {"Idempotency-Key": "k"}}

    first, again = [admin.post("/devices/register", **sent) for _ in range(2)]

    assert "device_token" in first.json()
    assert "device_token" not in again.json()
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"serial": "a b"}, "validation_failed"),
        ({}, "validation_failed"),
        ({"serial": "x", "queue_tags": ["huge"]}, "queue_tag_unknown"),
        ({"serial": "x", "owner": "nobody"}, "user_not_found"),
    ],
)
def test_a_registration_is_refused_when_it_is_not_acceptable(yard, body, code) -> None:
    answer = users(yard, "root", admin=True).post("/devices/register", json=body)

    assert (answer.status, answer.code) == (422, code)


def test_only_administrators_register_and_reload(yard: Yard) -> None:
    answers = [
        users(yard).post("/devices/register", json={"serial": "x"}),
        users(yard).post("/devices/reload", json={}),
    ]

    assert [(answer.status, answer.code) for answer in answers] == [(403, "forbidden")] * 2


def test_a_device_is_available_when_it_reports_and_offline_after_a_minute(yard, held_clock) -> None:
    report = {
        "ready": True,
        "battery": 80.5,
        "charging": False,
        "temperature_c": 31.0,
        "thermal_state": None,
        "models": ["gemma"],
        "unknown": 1,
    }

    answer = yard.device().post("/devices/dev-1/status", json=report)
    (now,) = users(yard).get("/devices").json()["data"]
    held_clock.advance(61)
    (later,) = users(yard).get("/devices").json()["data"]

    assert (answer.status, answer.body) == (204, b"")
    assert (now["state"], now["present"], now["ready"], now["models"]) == (
        "available",
        True,
        True,
        ["gemma"],
    )
    assert (now["battery"], now["temperature_c"]) == (80.5, 31.0)
    assert (later["state"], later["present"], later["ready"]) == ("offline", False, False)


@pytest.mark.parametrize(
    ("report", "state"),
    [
        ({"using": True}, "busy"),
        ({"ready": False}, "busy"),
        ({"thermal_state": 3}, "hot"),
        ({"thermal_state": "serious"}, "hot"),
        ({"temperature_c": 90}, "hot"),
        ({"battery": 9, "charging": False}, "low_battery"),
        ({"battery": 9, "charging": True}, "available"),
        ({"ready": False, "not_ready_reason": "hot", "temperature_c": 60}, "hot"),
        ({"ready": False, "not_ready_reason": "low_battery", "battery": 40}, "low_battery"),
        ({"ready": False, "not_ready_reason": "model_unreachable"}, "busy"),
        ({"ready": True, "not_ready_reason": "hot"}, "available"),
    ],
)
def test_the_state_is_derived_when_a_device_reports(yard, report, state) -> None:
    yard.device().post("/devices/dev-1/status", json={"ready": True, **report})

    assert users(yard).get("/devices/dev-1").json()["state"] == state


def test_the_reason_is_shown_until_the_device_is_ready_again(yard: Yard) -> None:
    shown = []
    for report in ({"ready": False, "not_ready_reason": "hot"}, {"ready": True}):
        yard.device().post("/devices/dev-1/status", json=report)
        device = users(yard).get("/devices/dev-1").json()
        shown.append((device["state"], device["not_ready_reason"]))

    assert shown == [("hot", "hot"), ("available", None)]


def test_gpu_readings_are_kept_when_a_device_sends_them(yard: Yard) -> None:
    gpu = {
        "gpu_power_w": 250.5,
        "gpu_temperature_c": 61.0,
        "gpu_memory_used_bytes": 8 * 2**30,
        "gpu_pct": 97.0,
    }

    yard.device().post("/devices/dev-1/status", json={"ready": True, **gpu})

    *_, point = users(yard).get("/devices/dev-1").json()["telemetry"]
    assert gpu.items() <= point.items()


def test_devices_are_filtered_when_asked(yard: Yard) -> None:
    yard.add("dev-2", models=["tiny"], queue_tags=["short"])
    yard.report(ready=False, using=True)

    def serials(query: str) -> list[str]:
        return [d["serial"] for d in users(yard).get(f"/devices?{query}").json()["data"]]

    assert serials("present=true&ready=true&using=false") == ["dev-2"]
    assert serials("state=busy") == ["dev-1"]
    assert serials("model=tiny") == ["dev-2"]
    assert serials("queue_tag=default") == ["dev-1"]
    assert serials("") == ["dev-1", "dev-2"]
    assert users(yard).get("/devices?limit=1").json()["has_more"]


def test_the_last_reports_are_shown_when_one_device_is_asked_for(yard, held_clock) -> None:
    for battery in (90, 80, 70):
        held_clock.advance(20)
        yard.device().post("/devices/dev-1/status", json={"ready": True, "battery": battery})

    telemetry = users(yard).get("/devices/dev-1").json()["telemetry"]

    measured = [point["battery"] for point in telemetry if point["battery"] is not None]
    assert measured == [90, 80, 70]


def test_a_device_with_an_owner_is_the_owners_alone(yard: Yard) -> None:
    accounts = yard.api("accounts", user="root", admin=True)
    accounts.post("/accounts/users", json={"user_id": "ada"})
    yard.register("mine", owner="ada")
    job = yard.submit("eve")

    claim = yard.say("claim", job["job_id"], "mine")
    seen = users(yard, "eve").get("/devices/mine")
    refused = yard.user("eve").post(
        "/api/jobs", json={"prompt": "?", "model": "m", "device_serial": "mine"}
    )

    assert (claim.status, claim.code) == (403, "forbidden")
    assert (seen.status, seen.code) == (404, "device_not_found")
    assert refused.code == "device_not_found"
    assert [d["serial"] for d in users(yard, "eve").get("/devices").json()["data"]] == ["dev-1"]
    assert len(users(yard, "ada").get("/devices").json()["data"]) == 2


def test_a_job_is_refused_to_a_device_that_it_is_not_for(yard: Yard) -> None:
    yard.register("dev-2", queue_tags=["short"])
    pinned = yard.submit(device_serial="dev-1")["job_id"]
    pooled = yard.submit()["job_id"]

    answers = [yard.say("claim", pinned, "dev-2"), yard.say("claim", pooled, "dev-2")]

    assert [(answer.status, answer.code) for answer in answers] == [(403, "forbidden")] * 2


def test_a_job_waits_for_the_device_of_its_model_when_others_are_free(yard: Yard) -> None:
    yard.report(models=["small"])
    yard.register("dev-2", models=["big"])
    big = yard.submit(model="big")["job_id"]

    waiting = yard.job(big)
    yard.report("dev-2")

    assert (waiting["status_reason"], yard.messages()) == ("device_offline", 0)
    assert yard.receive("dev-2") == {"job_id": big, "attempt": 0}


def test_a_job_is_sent_when_a_device_that_never_reported_asks_for_its_queues(yard: Yard) -> None:
    yard.register("dev-2", queue_tags=["short"])
    job_id = yard.submit(queue_tag="short")["job_id"]

    yard.device("dev-2").post("/devices/dev-2/session", json={})

    assert yard.receive("dev-2") == {"job_id": job_id, "attempt": 0}


@pytest.mark.parametrize("path", ["session", "status", "jobs/job_1/claim", "jobs/job_1/fail"])
def test_another_devices_path_is_forbidden_when_the_token_is_not_its(yard, path) -> None:
    yard.register("dev-2")
    body = {"ready": True, "attempt": 1, "code": "x", "message": "", "retryable": True}

    answer = yard.device("dev-1").post(f"/devices/dev-2/{path}", json=body)

    assert (answer.status, answer.code) == (403, "forbidden")


def test_a_users_token_opens_no_device_route_and_the_reverse(yard: Yard) -> None:
    answers = [
        users(yard).post("/devices/dev-1/session", json={}),
        yard.device().get("/devices"),
    ]

    assert [answer.status for answer in answers] == [401, 401]


def test_no_job_is_given_when_the_device_is_in_maintenance(yard: Yard) -> None:
    admin = users(yard, "root", admin=True)
    job_id = yard.submit()["job_id"]

    taken_out = admin.post("/devices/reload", json={"serial": "dev-1", "maintenance": True})
    refused = yard.say("claim", job_id)
    taken = yard.job(job_id)
    back = admin.post("/devices/reload", json={"maintenance": False})
    absent = admin.post("/devices/reload", json={"serial": "nobody"})

    assert taken_out.json()["data"][0]["state"] == "maintenance"
    assert refused.status == 403
    assert taken["status_reason"] == "paused"
    assert back.json()["data"][0]["state"] == "available"
    assert yard.messages() == 2
    assert yard.claim(job_id) == 1
    assert (absent.status, absent.code) == (404, "device_not_found")


def test_the_credentials_are_for_exactly_the_devices_queues_when_a_session_opens(yard) -> None:
    yard.register("dev-2", queue_tags=["short", "long"])

    session = yard.device("dev-2").post("/devices/dev-2/session", json={}).json()

    assert set(session["credentials"]) == {
        "access_key_id",
        "secret_access_key",
        "session_token",
        "expires_at",
    }
    assert session["endpoint_url"] is None
    assert session["region"] == "us-east-1"
    assert (session["visibility_s"], session["heartbeat_s"]) == (60, 12)
    own = [{"url": yard.queue("dev-2", lane), "lane": lane} for lane in ("high", "normal")]
    assert session["queues"] == own


def test_session_says_where_calls_come_when_the_deployment_has_a_broker(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = yard.device().post("/devices/dev-1/session", json={}).json()
    monkeypatch.setenv("IOT_ENDPOINT", "abc-ats.iot.us-east-1.amazonaws.com")
    forget_caches()

    channel = yard.device().post("/devices/dev-1/session", json={}).json()["channel"]

    assert without["channel"] is None
    assert channel["url"].startswith("wss://abc-ats.iot.us-east-1.amazonaws.com/mqtt?X-Amz-")
    assert channel["host"] == "abc-ats.iot.us-east-1.amazonaws.com"
    assert channel["down"].startswith(channel["up"].removesuffix("up/"))
    assert len(channel["client_ids"]) == 2


@pytest.mark.parametrize(("said", "takes_calls"), [({"calls": True}, True), ({}, False)])
def test_device_takes_calls_when_it_says_that_it_is_connected(
    yard: Yard, tables: dict[str, Table], said: dict[str, bool], takes_calls: bool
) -> None:
    yard.device().post("/devices/dev-1/status", json={"ready": True, **said})

    assert Fleet(tables["DevicesTable"]).get("dev-1").takes_calls is takes_calls


def test_device_says_how_many_calls_it_answers_until_it_is_not_there(yard: Yard) -> None:
    status = {"ready": True, "using": True, "calls": True, "calls_running": 2}
    assert yard.device().post("/devices/dev-1/status", json=status).status == 204
    seen = yard.api("devices", user="ada").get("/devices/dev-1").json()
    yard.device().post("/devices/dev-1/status", json={"ready": True, "calls": True})
    later = yard.api("devices", user="ada").get("/devices/dev-1").json()

    assert (seen["calls_running"], seen["takes_calls"], seen["state"]) == (2, True, "busy")
    assert (later["calls_running"], later["state"]) == (0, "available")


def test_further_numbers_become_extras_when_a_result_brings_them(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)
    metrics = {"latency_ms": 5, "gpu_power_w": 41.5, "note": "warm", "hot": True}

    yard.say("complete", job_id, "dev-1", attempt=attempt, output="x", metrics=metrics)

    result = yard.api("jobs", user="ada").get(f"/api/jobs/{job_id}/result").json()
    assert result["extra"] == {"gpu_power_w": 41.5}
    assert result["metrics"]["latency_ms"] == 5


def test_all_devices_are_read_again_when_reload_has_no_body(yard: Yard) -> None:
    yard.register("phone")

    answer = users(yard, "root", admin=True).post("/devices/reload")

    assert answer.status == 200
    assert "phone" in [entry["serial"] for entry in answer.json()["data"]]


@pytest.mark.parametrize(
    "telemetry",
    [
        {"temperature_c": 1e308},
        {"cpu_pct": -1e200},
        {"gpu_power_w": -1},
        {"thermal_state": "x" * 65},
        {"thermal_state": -1},
    ],
)
def test_a_report_is_refused_when_no_sensor_reads_so(yard: Yard, telemetry) -> None:
    attempt = yard.claim(job_id := yard.submit()["job_id"])

    answers = [
        yard.device().post("/devices/dev-1/status", json={"ready": True, **telemetry}),
        yard.say("heartbeat", job_id, attempt=attempt, telemetry=telemetry),
    ]

    assert [(answer.status, answer.code) for answer in answers] == [(422, "validation_failed")] * 2


def test_a_reading_is_rounded_when_it_is_next_to_nothing(yard: Yard) -> None:
    yard.report(temperature_c=1e-200, battery=1e-300, gpu_power_w=45.123456789)

    seen = users(yard).get("/devices/dev-1").json()

    assert (seen["temperature_c"], seen["battery"]) == (0, 0)
    assert seen["telemetry"][-1]["gpu_power_w"] == 45.123457


def test_the_attempt_goes_on_when_its_token_count_is_absurd(yard: Yard) -> None:
    attempt = yard.claim(job_id := yard.submit()["job_id"])

    refused = yard.complete(job_id, attempt, metrics={"prompt_tokens": 1e20})

    assert (refused.status, refused.code) == (422, "validation_failed")
    assert yard.complete(job_id, attempt).json()["status"] == "succeeded"


def test_a_queue_tag_counts_once_when_it_is_named_twice(yard: Yard) -> None:
    answer = yard.register("twice", queue_tags=["short", "short", "default"])

    assert answer.status == 201
    assert answer.json()["queue_tags"] == ["short", "default"]


def test_last_troubles_are_shown_when_a_device_reports_them(
    yard: Yard, held_clock: HeldClock
) -> None:
    first = {"code": "model_unreachable", "detail": "", "age_s": 61.5}
    second = {"code": "job_failed", "detail": "model=m code=out_of_memory", "age_s": 0}
    yard.report(troubles=[first, second], runner_version="1.2.3", backend="gguf")
    yard.report()

    device = users(yard).get("/devices/dev-1").json()

    assert [(each["at"], each["code"]) for each in device["troubles"]] == [
        ("2025-12-31T23:58:58.500Z", "model_unreachable"),
        ("2026-01-01T00:00:00.000Z", "job_failed"),
    ]
    assert device["troubles"][1]["detail"] == "model=m code=out_of_memory"
    assert device["runner_version"] is None


def test_runner_is_named_in_lists_when_a_device_says_it(yard: Yard) -> None:
    yard.report(runner_version="1.2.3", backend="gguf")

    (listed,) = users(yard).get("/devices").json()["data"]

    assert (listed["runner_version"], listed["backend"]) == ("1.2.3", "gguf")


def test_troubles_are_forgotten_when_the_device_is_retired(yard: Yard) -> None:
    yard.report(troubles=[{"code": "x", "age_s": 1}])
    users(yard, "root", admin=True).delete("/devices/dev-1")

    assert yard.tables["DevicesTable"].get("DEVICE#dev-1", "TROUBLES") is None


@pytest.mark.parametrize(
    "trouble", [{"code": "x" * 65, "age_s": 0}, {"code": "x", "age_s": -1}, {"code": "x"}]
)
def test_report_is_refused_when_a_trouble_is_malformed(yard: Yard, trouble: dict) -> None:
    answer = yard.device().post(
        "/devices/dev-1/status", json={"ready": True, "troubles": [trouble]}
    )

    assert answer.status == 422
