"""What POST /api/jobs accepts, refuses, and sends where."""

import pytest

from tests.kit.gateway import ApiClient
from tests.kit.names import short
from tests.kit.yard import Yard

PUBLISHED = {
    "prompt": "Benchmark this prompt on a specific device.",
    "system": "You are a benchmark helper.",
    "model": "tinyllama-1.1b-chat",
    "options": {"num_predict": 256, "temperature": 0.7},
    "priority": 1,
    "queue_tag": "short",
    "device_serial": "0000asd",
    "adapter_id": "my_server_metrics",
    "callback_url": "https://example.com/hooks/job-finished",
}


def test_the_published_example_is_accepted_when_device_and_adapter_exist(yard: Yard) -> None:
    yard.register("0000asd", models=["tinyllama-1.1b-chat"])
    adapter = {"dataset": "my_server_metrics"}
    yard.api("datasets", user="ada").post("/user/data/save_adapter", json=adapter)

    answer = yard.user().post("/api/jobs", json=PUBLISHED)

    job = answer.json()
    assert answer.status == 202
    assert answer.headers["location"] == f"/api/jobs/{job['job_id']}"
    assert (job["status"], job["attempt"], job["max_attempts"]) == ("queued", 0, 3)
    assert job["queue"] == {"ahead": 0}
    detail = yard.job(job["job_id"])
    assert detail["options"] == {"num_predict": 256, "temperature": 0.7}
    assert detail["prompt"] == PUBLISHED["prompt"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"options": {"mirostat_tau": 10**400}}, "/options/mirostat_tau"),
        ({"options": {"logit_bias": [[1, -(10**400)]]}}, "/options/logit_bias/0/1"),
        ({"options": {"seed": 10**400}}, "/options/seed"),
        ({"priority": 10**400}, "/priority"),
        ({"timeout_s": 10**4_000}, "/timeout_s"),
    ],
    ids=short,
)
def test_it_is_refused_when_a_number_is_larger_than_any_double(yard, fields, pointer) -> None:
    answer = yard.user().post("/api/jobs", json={"prompt": "?", "model": "m", **fields})

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert yard.user().get("/api/jobs").json()["data"] == []


@pytest.mark.parametrize(
    "query", ["since_s=2000000000", "minutes=9999999999", "from=0", "to=9998-12-31"]
)
def test_all_jobs_are_listed_when_the_window_reaches_to_1970(yard: Yard, query: str) -> None:
    yard.submit()

    answer = yard.user().get(f"/api/jobs?{query}")

    assert (answer.status, len(answer.json()["data"])) == (200, 1)


@pytest.mark.parametrize(
    ("fields", "code", "allowed"),
    [
        ({"device_serial": "nobody"}, "device_not_found", None),
        ({"queue_tag": "huge"}, "queue_tag_unknown", ["default", "short", "long"]),
        ({"device_serial": "phone", "model": "gpt-9"}, "model_not_on_device", ["tiny"]),
        ({"adapter_id": "none"}, "adapter_not_found", None),
        ({"callback_url": "http://127.0.0.1:9/x"}, "callback_url_refused", None),
    ],
)
def test_it_is_refused_when_it_names_what_is_not_there(yard, fields, code, allowed) -> None:
    yard.register("phone", models=["tiny"])
    body = {"prompt": "?", "model": "tiny", **fields}

    answers = [
        yard.user().post("/api/jobs", json=body),
        yard.user().post("/api/jobs?dry_run=1", json=body),
    ]

    for answer in answers:
        assert (answer.status, answer.code) == (422, code)
        assert answer.json().get("allowed") == allowed
    assert yard.user().get("/api/jobs").json()["data"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", "x" * 200_001),
        ("prompt", None),
        ("model", ""),
        ("priority", 10),
        ("priority", -1),
        ("priority", "5"),
        ("max_attempts", 0),
        ("max_attempts", 11),
        ("timeout_s", 0),
        ("timeout_s", 21_601),
        ("warmup", 11),
        ("repeat", 0),
        ("repeat", 101),
        ("options", {"num_predict": 0}),
        ("options", {"temperature": 2.1}),
        ("options", []),
        ("queue_tag", 7),
    ],
)
def test_the_field_is_named_when_its_value_is_not_acceptable(yard, field, value) -> None:
    answer = yard.user().post("/api/jobs", json={"prompt": "?", "model": "m", field: value})

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{field}")


def test_unknown_options_are_passed_through_when_sent(yard: Yard) -> None:
    options = {"min_p": 0.1, "stop": ["\n"], "seed": -1, "num_ctx": 2048}

    job = yard.submit(options=options)

    assert yard.job(job["job_id"])["options"] == options


@pytest.mark.parametrize(
    ("priority", "lane"), [(0, "normal"), (4, "normal"), (5, "high"), (9, "high")]
)
def test_the_lane_is_chosen_by_priority_when_a_job_comes(yard, priority, lane) -> None:
    yard.submit(priority=priority)

    assert yard.messages(lane=lane) == 1


def test_the_devices_own_queue_is_used_when_a_job_is_pinned(yard: Yard) -> None:
    yard.add("dev-2")

    yard.submit(device_serial="dev-2", priority=7)

    sent = [(serial, lane) for serial in ("dev-1", "dev-2") for lane in ("high", "normal")]
    assert [yard.messages(*each) for each in sent] == [0, 0, 1, 0]


def test_nothing_is_queued_when_it_is_a_dry_run(yard: Yard) -> None:
    yard.report()

    answer = yard.user().post("/api/jobs?dry_run=1", json={"prompt": "?", "model": "m"})

    assert answer.status == 200
    assert answer.json() == {
        "would": "queue",
        "queue": "pool/default/normal",
        "ahead": 0,
        "reasons": [],
    }
    assert yard.messages() == 0


def test_the_first_answer_is_replayed_when_the_idempotency_key_is_repeated(yard: Yard) -> None:
    send = {"json": {"prompt": "?", "model": "m"}, "headers": {"Idempotency-Key": "k-1"}}

    first, again = [yard.user().post("/api/jobs", **send) for _ in range(2)]
    other = yard.user().post("/api/jobs", **{**send, "json": {"prompt": "!", "model": "m"}})

    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert yard.messages() == 1


def test_every_job_is_listed_once_newest_first_when_paging(yard: Yard) -> None:
    made = [yard.submit(tag="a" if n % 2 else "b")["job_id"] for n in range(7)]

    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = yard.user().get("/api/jobs", params=params).json()
        seen += [job["job_id"] for job in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    tagged = yard.user().get("/api/jobs", params={"tag": "a"}).json()["data"]

    assert seen == sorted(made, reverse=True)
    assert len(tagged) == 3


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "status=asleep", "cursor=x", "from=soon"]
)
def test_a_parameter_is_malformed_when_it_makes_no_sense(yard: Yard, query: str) -> None:
    answer = yard.user().get(f"/api/jobs?{query}")

    assert answer.status == 400


def test_others_jobs_are_absent_when_asked_for(yard: Yard) -> None:
    job_id = yard.submit("ada")["job_id"]

    eve = yard.user("eve")
    answers = [
        eve.get(f"/api/jobs/{job_id}"),
        eve.get(f"/api/jobs/{job_id}/result"),
        eve.post(f"/api/jobs/{job_id}/cancel"),
        eve.post(f"/jobs/{job_id}/requeue"),
        eve.delete(f"/jobs/{job_id}"),
        eve.get(f"/api/jobs/{job_id}/callbacks"),
    ]

    assert [(answer.status, answer.code) for answer in answers] == [(404, "job_not_found")] * 6
    assert eve.get("/api/jobs").json()["data"] == []


def test_the_message_says_neither_prompt_nor_user_when_sent(yard: Yard) -> None:
    job_id = yard.submit(prompt="a secret")["job_id"]

    assert yard.receive() == {"job_id": job_id, "attempt": 0}


def test_only_administrators_list_the_jobs_of_others(yard: Yard) -> None:
    mine, eves = yard.submit()["job_id"], yard.submit("eve")["job_id"]

    def listed(client: ApiClient) -> list[str]:
        return [job["job_id"] for job in client.get("/api/jobs?user_id=eve").json()["data"]]

    assert yard.user().get("/api/jobs?user_id=eve").code == "forbidden"
    assert listed(yard.user("root", admin=True)) == [eves]
    assert listed(yard.user("eve")) == [eves]
    assert [job["job_id"] for job in yard.user().get("/api/jobs").json()["data"]] == [mine]
