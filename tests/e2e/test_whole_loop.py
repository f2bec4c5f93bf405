"""Rows in, usage out; job in, the real model's answer out: on the deployed template."""

import gzip
import json
import stat
import subprocess
from time import monotonic
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.functions.datasets.quick_start import ADAPTER, ROWS, SPAN
from tests.kit.local_cloud import LocalCloud, until

BAD_TOKENS = ["", "eyt_unknown", "x" * 2_000, "eyd_unknown"]


class Revoked(NamedTuple):
    """A token that was good, and when it was revoked."""

    token: str
    at: float


@pytest.fixture(scope="module", autouse=True)
def revoked(cloud: LocalCloud) -> Revoked:
    """A token that the authorizer has just found good, revoked before the first test."""
    with cloud.client() as demo:
        made = demo.post("/accounts/tokens", json={"kind": "user", "name": "short"}).json()
        with cloud.client(made["token"]) as short:
            assert short.get("/accounts/me").status_code == 200
        assert demo.delete(f"/accounts/tokens/{made['token_id']}").status_code == 204
    return Revoked(made["token"], monotonic())


def new_dataset() -> str:
    return f"d-{uuid4().hex[:8]}"


def test_announcement_is_private_when_everything_answers(cloud: LocalCloud):
    mode = stat.S_IMODE((cloud.home / "local.json").stat().st_mode)

    assert mode == 0o600
    assert set(cloud.announced) == {
        "base_url",
        "user_token",
        "admin_token",
        "api_key",
        "device_serial",
        "aws_endpoint_url",
        "pid",
    }
    assert httpx.get(f"{cloud.announced['base_url']}/ping").json() == {"ok": True}


def test_shell_reaches_the_cloud_when_it_sourced_env(cloud: LocalCloud):
    script = '. "$1/env"; printf "%s %s" "$EVALYARD_URL" "$EVALYARD_TOKEN"'

    printed = subprocess.run(
        ["sh", "-c", script, "sh", str(cloud.home)], capture_output=True, text=True, check=True
    )
    url, token = printed.stdout.split()

    me = httpx.get(f"{url}/accounts/me", headers={"X-User-Token": token})
    assert me.json()["user_id"] == "demo"


def test_published_quick_start_works_when_followed_to_the_letter(demo: httpx.Client):
    before = demo.get("/usage/summary", params={"from": "2025-12-03", "to": "2025-12-04"}).json()

    saved = demo.post("/user/data/save_adapter", json=ADAPTER)
    appended = demo.post("/user/data/append_jsonl", json=ROWS)

    after = demo.get("/usage/summary", params={"from": "2025-12-03", "to": "2025-12-04"}).json()
    assert saved.status_code == 200
    assert appended.status_code == 200
    assert appended.json()["usage"] == {"recorded": 2, "skipped": 0, "errors": [], "span": SPAN}
    assert after["runs"] == before["runs"] + 2
    assert after["extra"]["GPU power (W)"]["max"] == 48.2


def test_rows_and_runs_are_folded_when_the_bucket_tells_of_them(cloud: LocalCloud, demo):
    dataset = new_dataset()
    demo.post("/user/data/save_adapter", json={"dataset": dataset})
    for number in range(3):
        demo.post(
            "/user/data/append_jsonl",
            json={"dataset": dataset, "rows": [{"ts": 1764784800 + number, "n": number}]},
        )
    s3, bucket = cloud.aws("s3"), cloud.resource("DataBucket")
    key = f"data/users/demo/datasets/{dataset}.jsonl"

    def folded() -> bool:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="segments/demo/")
        return dataset not in str(listed.get("Contents", []))

    until(folded, "the segments are folded")

    def whole() -> bool:
        """For a moment the newest version may be that of a compaction that lost the race for the
        commit, which deletes it.
        """
        rows = s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()
        return [json.loads(row)["n"] for row in rows] == [0, 1, 2]

    until(whole, "the committed version is the newest")
    parts = s3.list_objects_v2(Bucket=bucket, Prefix="runs/user=demo/date=2025-12-03/")["Contents"]
    assert all(part["Key"].endswith(".parquet") for part in parts)
    page = demo.get("/user/data/get", params={"dataset": dataset}).json()
    assert [row["n"] for row in page["data"]] == [0, 1, 2]
    usage = demo.get(
        "/usage/summary", params={"from": "2025-12-03", "to": "2025-12-04", "dataset": dataset}
    )
    assert usage.json()["runs"] == 3


def test_job_returns_the_models_text_when_it_is_submitted(cloud: LocalCloud, demo):
    (device,) = [
        entry
        for entry in demo.get("/devices").json()["data"]
        if entry["serial"] == cloud.announced["device_serial"]
    ]
    body = {
        "prompt": "The capital of France is",
        "model": device["models"][0],
        "options": {"num_predict": 24, "temperature": 0},
    }

    submitted = demo.post("/api/jobs", json=body)

    job_id = submitted.json()["job_id"]
    assert submitted.status_code == 202
    assert submitted.headers["location"] == f"/api/jobs/{job_id}"
    assert device["present"] is True
    until(
        lambda: demo.get(f"/api/jobs/{job_id}").json()["status"] in ("succeeded", "dead"),
        "the job ends",
        within_s=120,
    )
    result = demo.get(f"/api/jobs/{job_id}/result").json()
    metrics = result["metrics"]
    assert result["status"] == "succeeded"
    assert any(character.isalpha() for character in result["output"])
    assert 0 < metrics["ttft_ms"] < metrics["latency_ms"]
    assert 1 < metrics["completion_tokens"] <= 24
    decode_s = (metrics["latency_ms"] - metrics["ttft_ms"]) / 1000
    expected = (metrics["completion_tokens"] - 1) / decode_s
    assert metrics["tok_s"] == pytest.approx(expected, rel=0.05)
    usage = demo.get("/usage", params={"runs": 50, "source_kind": "job"}).json()
    assert [run["job_id"] for run in usage["runs"]].count(job_id) == 1


def test_message_lies_in_the_devices_queue_when_nobody_pulls(
    cloud: LocalCloud, admin, demo, clients
):
    serial = f"shelf-{uuid4().hex[:8]}"
    registered = admin.post("/devices/register", json={"serial": serial, "models": ["m"]})
    token = registered.json()["device_token"]

    job = demo.post("/api/jobs", json={"prompt": "secret", "model": "m", "device_serial": serial})

    job_id = job.json()["job_id"]
    device = clients(token, "X-Device-Token")
    session = device.post(f"/devices/{serial}/session").json()
    sqs = cloud.aws("sqs")
    waiting = {
        queue["lane"]: int(
            sqs.get_queue_attributes(
                QueueUrl=queue["url"], AttributeNames=["ApproximateNumberOfMessages"]
            )["Attributes"]["ApproximateNumberOfMessages"]
        )
        for queue in session["queues"]
    }
    assert sum(waiting.values()) == 1
    own = next(q["url"] for q in session["queues"] if waiting[q["lane"]])
    (message,) = sqs.receive_message(QueueUrl=own, VisibilityTimeout=0)["Messages"]
    assert json.loads(message["Body"]) == {"job_id": job_id, "attempt": 0}
    claimed = device.post(f"/devices/{serial}/jobs/{job_id}/claim", json={}).json()
    assert claimed["prompt"] == "secret"
    done = device.post(
        f"/devices/{serial}/jobs/{job_id}/complete",
        json={"attempt": claimed["attempt"], "output": "ok", "metrics": {"latency_ms": 5}},
    )
    assert done.status_code == 200
    assert demo.get(f"/api/jobs/{job_id}/result").json()["output"] == "ok"


@pytest.mark.parametrize("token", BAD_TOKENS)
@pytest.mark.parametrize(
    "path", ["/accounts/me", "/user/data/list", "/usage/summary", "/devices", "/api/jobs"]
)
def test_401_is_answered_when_the_token_is_no_good(cloud: LocalCloud, path, token):
    answer = httpx.get(cloud.announced["base_url"] + path, headers={"X-User-Token": token})

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_problem_is_answered_when_the_path_is_unknown(cloud: LocalCloud):
    answer = httpx.get(cloud.announced["base_url"] + "/no/such/path")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_whole_api_is_described_when_asked(cloud: LocalCloud):
    document = httpx.get(cloud.announced["base_url"] + "/openapi.json").json()

    assert {"/user/data/append_jsonl", "/usage/summary", "/api/jobs", "/devices"} <= set(
        document["paths"]
    )
    page = httpx.get(cloud.announced["base_url"] + "/docs")
    assert page.headers["content-type"].startswith("text/html")


def test_health_is_told_when_asked(cloud: LocalCloud):
    answer = httpx.get(cloud.announced["base_url"] + "/health")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_pages_hold_every_row_once_when_rows_are_folded(cloud: LocalCloud, demo):
    dataset = new_dataset()
    for first in (0, 1_000):
        rows = [{"n": number, "pad": "x" * 500} for number in range(first, first + 1_000)]
        demo.post("/user/data/append_jsonl", json={"dataset": dataset, "rows": rows})

    found, params = [], {"dataset": dataset, "limit": 700}
    while True:
        page = demo.get("/user/data/get", params=params).json()
        found += [row["n"] for row in page["data"]]
        if not page["has_more"]:
            break
        params["cursor"] = page["next_cursor"]

    assert found == list(range(2_000))
    (entry,) = [
        entry
        for entry in demo.get("/user/data/list", params={"limit": 1000}).json()["data"]
        if entry["dataset"] == dataset
    ]
    assert entry["rows"] == 2_000


def test_gzip_is_read_when_a_body_says_so(demo):
    dataset = new_dataset()
    body = gzip.compress(json.dumps({"dataset": dataset, "rows": [{"a": "ä"}] * 50}).encode())

    answer = demo.post(
        "/user/data/append_jsonl",
        content=body,
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )

    assert answer.json()["appended"] == 50


def test_token_is_refused_when_it_was_revoked(cloud: LocalCloud, revoked: Revoked):
    """Last, because the authorizer's answer is cached for a while; others need not wait for it."""
    url = f"{cloud.announced['base_url']}/accounts/me"
    headers = {"X-User-Token": revoked.token}
    left_s = revoked.at + 60 - monotonic()

    until(lambda: httpx.get(url, headers=headers).status_code == 401, "refusal", left_s, 1)
