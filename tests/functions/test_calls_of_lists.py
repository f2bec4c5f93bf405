"""A list costs the same number of AWS calls however many things it shows, pages of AWS aside."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from shared import ids
from shared.jobs import reading
from shared.storage.log import SegmentLog
from tests.kit.faults import Calls, Request, watched_calls
from tests.kit.gateway import ApiClient
from tests.kit.yard import Yard

COUNTS = [1, 50, 300]


def calls_of(client: ApiClient, path: str, expected: int) -> Counter[str]:
    """The AWS calls of a list that must have so many entries."""
    with watched_calls() as calls:
        answer = client.get(path)
    assert answer.status == 200, answer.text
    assert len(answer.json()["data"]) == expected
    return Counter(calls.names)


def batches(items: int) -> int:
    """How many BatchGetItem calls read so many items."""
    return -(-items // 100)


def copies(yard: Yard, job_id: str, count: int, **changes: Any) -> list[str]:
    """Copies of a stored job, made beside the product, which would take long."""
    table = yard.tables["JobsTable"]
    item = table.get("USER#ada", f"JOB#{job_id}")
    assert item is not None
    prefix = job_id[:-6]
    made = [f"{prefix}{number:06d}" for number in range(count)]
    table.put_many(
        {**item, **{name: make(new) for name, make in changes.items()}}
        | {"sk": f"JOB#{new}", "job_id": new}
        for new in made
    )
    table.delete("USER#ada", f"JOB#{job_id}")
    return made


def waiting_jobs(yard: Yard, count: int) -> list[str]:
    """Jobs that wait in one line."""
    yard.report(ready=False)
    job_id = str(yard.submit()["job_id"])
    return copies(yard, job_id, count, rank=lambda new: f"9#{new}")


def dead_jobs(yard: Yard, count: int) -> list[str]:
    """Dead jobs that died at the same moment."""
    job_id = str(yard.submit(max_attempts=1)["job_id"])
    yard.fail(job_id, yard.claim(job_id))
    item = yard.tables["JobsTable"].get("USER#ada", f"JOB#{job_id}")
    assert item is not None
    yard.user().delete(f"/jobs/{job_id}")
    yard.tables["JobsTable"].put({name: v for name, v in item.items() if name != "dead_code"})
    moment = item["dead_rank"].partition("#")[0]
    return copies(yard, job_id, count, dead_rank=lambda new: f"{moment}#{new}")


@pytest.mark.parametrize("count", COUNTS)
def test_waiting_jobs_cost_one_query_for_their_line_when_listed(yard: Yard, count: int) -> None:
    waiting_jobs(yard, count)

    calls = calls_of(yard.user(), f"/api/jobs?limit={count}", count)

    assert calls == {
        "Query": 3,  # The jobs, the lines, and who waits in theirs.
        "BatchGetItem": 2,  # The pool, and its devices.
    }


def test_each_job_reads_its_own_place_when_many_wait(yard: Yard) -> None:
    made = waiting_jobs(yard, 50)

    listed = yard.user().get("/api/jobs?limit=50").json()["data"]

    ahead = {job["job_id"]: job["queue"]["ahead"] for job in listed}
    assert ahead == {job_id: place for place, job_id in enumerate(made)}


def test_lines_cost_a_query_each_when_jobs_wait_in_several(yard: Yard) -> None:
    for number in range(3):
        yard.register(f"pin-{number}")
        for _ in range(6):
            yard.submit(device_serial=f"pin-{number}")

    calls = calls_of(yard.user(), "/api/jobs", 18)

    assert calls == {"Query": 1 + 1 + 3, "BatchGetItem": 1}


@pytest.mark.exhaustive
@pytest.mark.parametrize("count", COUNTS)
def test_jobs_that_are_over_cost_one_query_when_listed(yard: Yard, count: int) -> None:
    job_id = str(yard.submit()["job_id"])
    yard.complete(job_id, yard.claim(job_id))
    copies(yard, job_id, count)

    assert calls_of(yard.user(), f"/api/jobs?limit={count}", count) == {"Query": 1}


def test_a_page_ends_early_when_nearly_all_jobs_are_filtered_out(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_LOOKED_AT", 50)
    monkeypatch.setattr(reading, "_SEARCHED_AT_ONCE", 10)
    job_id = str(yard.submit()["job_id"])
    yard.complete(job_id, yard.claim(job_id))
    copies(yard, job_id, 60)
    client = yard.user()

    with watched_calls() as calls:
        page = client.get("/api/jobs?tag=none").json()
        rest = client.get(f"/api/jobs?tag=none&cursor={page['next_cursor']}").json()

    assert (page["data"], page["has_more"]) == ([], True)
    assert (rest["data"], rest["has_more"]) == ([], False)
    assert set(calls.names) == {"Query"}
    assert len(calls.names) <= 5 + 2


class SmallPages(Calls):
    """A DynamoDB whose items are so large that a page of 1 MB holds two of them."""

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        if request.operation == "Query":
            request.params["Limit"] = 2
        return super().made(request, call)


def test_a_page_stays_bounded_in_calls_when_jobs_are_large(yard: Yard) -> None:
    job_id = str(yard.submit()["job_id"])
    yard.complete(job_id, yard.claim(job_id))
    made = copies(yard, job_id, 40)
    client, path, seen, sizes = yard.user(), "/api/jobs?status=succeeded", [], []

    while path:
        with watched_calls(SmallPages()) as calls:
            page = client.get(path).json()
        seen += [job["job_id"] for job in page["data"]]
        sizes.append(len(calls.names))
        cursor = page["next_cursor"]
        path = f"/api/jobs?status=succeeded&cursor={cursor}" if cursor else ""

    assert seen == made[::-1]
    assert max(sizes) <= 16
    assert len(sizes) == 2


@pytest.mark.exhaustive
@pytest.mark.parametrize("count", COUNTS)
def test_dead_jobs_are_read_by_batches_when_listed(yard: Yard, count: int) -> None:
    made = dead_jobs(yard, count)

    with watched_calls() as calls:
        listed = yard.user().get(f"/jobs/dlq?limit={count}").json()["data"]

    assert [job["job_id"] for job in listed] == made[::-1]
    assert Counter(calls.names) == {"Query": 1, "BatchGetItem": batches(count)}


def test_dead_jobs_come_in_order_when_read_page_by_page(yard: Yard) -> None:
    made = dead_jobs(yard, 23)
    client, path, seen = yard.user(), "/jobs/dlq?limit=5", []

    while path:
        page = client.get(path).json()
        seen += [job["job_id"] for job in page["data"]]
        path = page["has_more"] and f"/jobs/dlq?limit=5&cursor={page['next_cursor']}"

    assert seen == made[::-1]


@pytest.mark.exhaustive
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("admin", [False, True])
def test_failures_cost_three_calls_when_grouped(yard: Yard, count: int, admin: bool) -> None:
    made = dead_jobs(yard, count)
    table = yard.tables["JobsTable"]
    last = table.get("USER#ada", f"JOB#{made[-1]}")
    assert last is not None
    counted = {"count": count, "newest": last["dead_rank"], "version": "v"}
    table.put({"pk": "DEADS", "sk": "ada#runtime_crash", **counted})
    table.put({"pk": "DEADS#STATE", "sk": "GROUPS", "done": True, "since_us": 0})
    client = yard.user("root", admin=True) if admin else yard.user()

    with watched_calls() as calls:
        (group,) = client.get("/jobs/dlq?group_by=failure").json()["data"]

    assert (group["count"], group["newest"]["job_id"]) == (count, made[-1])
    assert Counter(calls.names) == {"GetItem": 1, "Query": 1, "BatchGetItem": 1}


@pytest.mark.parametrize("count", COUNTS)
def test_devices_cost_a_query_and_batches_when_listed(yard: Yard, count: int) -> None:
    admin = yard.api("devices", user="root", admin=True)
    there = admin.get("/devices?limit=1000").json()["data"]
    table = yard.tables["DevicesTable"]
    config = table.get("FLEET", f"DEVICE#{there[0]['serial']}")
    assert config is not None
    serials = [f"more-{number:04d}" for number in range(count - len(there))]
    table.put_many({**config, "sk": f"DEVICE#{name}", "serial": name} for name in serials)

    calls = calls_of(admin, "/devices?limit=1000", count)

    assert calls == {"Query": 1, "BatchGetItem": batches(count)}


@pytest.mark.parametrize("count", COUNTS)
def test_users_and_tokens_cost_a_query_when_listed(yard: Yard, count: int) -> None:
    admin = yard.api("accounts", user="root", admin=True)
    admin.post("/accounts/users", json={"user_id": "eve"})
    table = yard.tables["AccountsTable"]
    (user,) = table.query("USERS")
    (token,) = table.query("USER#eve", prefix="TOKEN#")
    names = [f"{ids.ulid()[:20]}{number:06d}" for number in range(count - 1)]
    table.put_many({**user, "sk": name, "created": name} for name in names)
    table.put_many(
        {**token, "sk": f"TOKEN#tok_{name}", "token_id": f"tok_{name}"} for name in names
    )

    users = calls_of(admin, f"/accounts/users?limit={count}", count)
    tokens = calls_of(admin, f"/accounts/tokens?user_id=eve&limit={count}", count)

    assert users["Query"] == tokens["Query"] == 1
    assert users.total() <= 2
    assert tokens.total() <= 2


@pytest.mark.parametrize("count", COUNTS)
def test_datasets_cost_a_listing_and_a_query_when_listed(yard: Yard, count: int) -> None:
    client, log = yard.api("datasets", user="ada"), SegmentLog(yard.bucket)
    for number in range(count):
        log.append("ada", f"d{number}", [b"{}"], [], segment_id=ids.ulid(), repeatable=False)

    calls = calls_of(client, f"/user/data/list?limit={count}", count)

    assert calls == {"ListObjectsV2": 1, "Query": 1, "GetItem": 2}


@pytest.mark.parametrize("count", [1, 50])
def test_callbacks_cost_a_query_when_listed(yard: Yard, count: int) -> None:
    job_id = str(yard.submit(callback_url="https://example.com/hook")["job_id"])
    yard.complete(job_id, yard.claim(job_id))
    table = yard.tables["JobsTable"]
    (item,) = table.query(f"JOB#{job_id}", prefix="CALLBACK#")
    table.put_many({**item, "sk": f"CALLBACK#{number}"} for number in range(count - 1))

    with watched_calls() as calls:
        answer = yard.user().get(f"/api/jobs/{job_id}/callbacks")

    assert answer.status == 200
    assert Counter(calls.names) == {"GetItem": 1, "Query": 1}
