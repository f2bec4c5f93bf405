"""A log of many megabytes, from a device to its user, by signed addresses of the deployed stack."""

from uuid import uuid4

import httpx
import pytest

from tests.kit.local_cloud import LocalCloud

LOG = b"".join(b"llama.cpp line %07d\n" % number for number in range(300_000))


@pytest.fixture
def serial() -> str:
    return f"dev-{uuid4().hex[:8]}"


@pytest.fixture
def device(cloud: LocalCloud, admin: httpx.Client, serial: str, clients) -> httpx.Client:
    """A device of its own, so that nobody else gets its job."""
    token = admin.post("/devices/register", json={"serial": serial}).json()["device_token"]
    return clients(token, "X-Device-Token")


def test_long_log_is_put_and_fetched_when_a_device_uploads_it(
    demo: httpx.Client, device: httpx.Client, serial: str
) -> None:
    job = demo.post("/api/jobs", json={"prompt": "Hi", "model": "m", "device_serial": serial})
    path = f"/devices/{serial}/jobs/{job.json()['job_id']}"
    device.post(f"{path}/claim", json={}).raise_for_status()

    place = device.post(f"{path}/log_upload", json={"attempt": 1, "bytes": len(LOG)}).json()
    unsigned = place["url"].partition("?")[0]
    assert httpx.put(unsigned, content=LOG, headers=place["headers"]).status_code == 403
    put = httpx.put(place["url"], content=LOG, headers=place["headers"])
    assert put.status_code == 200, put.text[:500]
    done = {"attempt": 1, "output": "Ho", "metrics": {}, "log_uploaded": True}
    device.post(f"{path}/complete", json=done).raise_for_status()

    result = demo.get(f"/api/jobs/{job.json()['job_id']}/result", params={"full": 1}).json()
    assert (result["log"], result["log_bytes"]) == (None, len(LOG))
    assert httpx.get(result["log_url"]).content == LOG
    assert httpx.get(result["log_url"].partition("?")[0]).status_code == 403
