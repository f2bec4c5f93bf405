"""What was stored is there again after a clean stop and start."""

import subprocess
from uuid import uuid4

from tests.kit.local_cloud import ROOT, LocalCloud, until


def test_everything_is_there_again_when_the_cloud_restarts(cloud: LocalCloud):
    dataset = f"d-{uuid4().hex[:8]}"
    before = cloud.announced
    with cloud.client() as demo:
        demo.post("/user/data/save_adapter", json={"dataset": dataset})
        demo.post(
            "/user/data/append_jsonl", json={"dataset": dataset, "rows": [{"ts": 1764784800}]}
        )
        model = demo.get(f"/devices/{before['device_serial']}").json()["models"][0]
        job_id = demo.post(
            "/api/jobs", json={"prompt": "Hi", "model": model, "options": {"num_predict": 4}}
        ).json()["job_id"]
        until(
            lambda: demo.get(f"/api/jobs/{job_id}").json()["status"] == "succeeded", "the job", 90
        )

    cloud.restart()

    after = cloud.announced
    assert {**after, "pid": 0, "aws_endpoint_url": ""} == {
        **before,
        "pid": 0,
        "aws_endpoint_url": "",
    }
    with cloud.client() as demo:
        rows = demo.get("/user/data/get", params={"dataset": dataset}).json()["data"]
        runs = demo.get(
            "/usage/summary", params={"from": "2025-12-03", "to": "2025-12-04", "dataset": dataset}
        ).json()["runs"]
        assert len(rows) == runs == 1
        assert demo.get(f"/api/jobs/{job_id}/result").json()["status"] == "succeeded"
        again = demo.post("/user/data/append_jsonl", json={"dataset": dataset, "rows": [{"ts": 1}]})
        assert again.status_code == 200


def test_second_start_is_refused_when_one_runs_in_the_same_home(cloud: LocalCloud):
    second = LocalCloud(cloud.home)
    started = subprocess.run(
        [ROOT / ".venv-cloud/bin/python", "-m", "local", "run"],
        cwd=ROOT,
        env=second.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode != 0
    assert len(started.stderr.strip().splitlines()) == 1
    with cloud.client() as client:
        assert client.get("/ping").status_code == 200
