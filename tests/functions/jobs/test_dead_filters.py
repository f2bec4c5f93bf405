"""Dead letters by device and by model: which are listed, and how they are counted."""

from typing import Any

import pytest

from shared.jobs import BodyStore
from shared.jobs.recount import WAIT_S
from shared.jobs.store import JobStore
from tests.conftest import HeldClock
from tests.kit.yard import Yard

LONG = "ü" * 256


def die(yard: Yard, held_clock: HeldClock, serial: str, model: str, code: str, user: str) -> str:
    """A job that fails for good on a device."""
    held_clock.advance(1)
    yard.report(serial)
    job_id = str(yard.submit(user, model=model, device_serial=serial)["job_id"])
    yard.fail(job_id, yard.claim(job_id, serial), serial, code=code, retryable=False)
    return job_id


def count(yard: Yard, held_clock: HeldClock) -> None:
    """Have maintenance count the dead jobs."""
    yard.sweep()
    held_clock.advance(WAIT_S)
    yard.sweep()


@pytest.fixture
def dead(yard: Yard, held_clock: HeldClock) -> list[str]:
    """Four jobs that failed on two devices, and one that never came to one; the newest first."""
    yard.add("dev-2")
    jobs = [
        die(yard, held_clock, "dev-1", "m", "unsupported", "ada"),
        die(yard, held_clock, "dev-2", "m", "unsupported", "ada"),
        die(yard, held_clock, "dev-2", LONG, "invalid_argument", "ada"),
        die(yard, held_clock, "dev-2", "m", "unsupported", "eve"),
    ]
    yard.report("dev-1", ready=False)
    yard.report("dev-2", ready=False)
    jobs.append(str(yard.submit(expires_in_s=1)["job_id"]))
    held_clock.advance(2)
    yard.sweep()
    return jobs[::-1]


def listed(yard: Yard, query: str, **identity: Any) -> list[str]:
    data = yard.user(**identity).get(f"/jobs/dlq?{query}").json()["data"]
    return [job["job_id"] for job in data]


def test_only_those_of_a_device_or_model_are_listed_when_asked_for(
    yard: Yard, dead: list[str]
) -> None:
    admin = {"name": "root", "admin": True}

    assert listed(yard, "device=dev-2") == [dead[2], dead[3]]
    assert listed(yard, "device=dev-2&model=m") == [dead[3]]
    assert listed(yard, "model=m") == [dead[0], dead[3], dead[4]]
    assert listed(yard, f"model={LONG}") == [dead[2]]
    assert listed(yard, "device=dev-3") == []
    assert listed(yard, "device=dev-2", **admin) == [dead[1], dead[2], dead[3]]
    assert listed(yard, "device=dev-2&user_id=eve", **admin) == [dead[1]]


@pytest.mark.parametrize("counted", [False, True])
def test_devices_are_counted_when_grouped_by_them(
    yard: Yard, held_clock: HeldClock, dead: list[str], counted: bool
) -> None:
    if counted:
        count(yard, held_clock)

    def groups(query: str, **identity: Any) -> list[tuple[Any, ...]]:
        data = yard.user(**identity).get(f"/jobs/dlq?{query}").json()["data"]
        return [(g.get("device", g.get("code")), g["count"], g["newest"]["job_id"]) for g in data]

    admin = {"name": "root", "admin": True}
    mine = [("dev-2", 2, dead[2]), (None, 1, dead[0]), ("dev-1", 1, dead[4])]
    assert groups("group_by=device") == mine
    assert groups("group_by=device", **admin)[0] == ("dev-2", 3, dead[1])
    assert groups("group_by=device&model=m") == [
        (None, 1, dead[0]),
        ("dev-1", 1, dead[4]),
        ("dev-2", 1, dead[3]),
    ]
    assert groups("group_by=failure&device=dev-2", **admin) == [
        ("unsupported", 2, dead[1]),
        ("invalid_argument", 1, dead[2]),
    ]


def test_pages_follow_each_other_when_few_pass_the_filter(yard: Yard, dead: list[str]) -> None:
    first = yard.user().get("/jobs/dlq?model=m&limit=1").json()
    cursor = first["next_cursor"]
    second = yard.user().get(f"/jobs/dlq?model=m&limit=2&cursor={cursor}").json()
    foreign = yard.user().get(f"/jobs/dlq?model=x&cursor={cursor}")

    assert [job["job_id"] for job in first["data"] + second["data"]] == [dead[0], *dead[3:]]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert (foreign.status, foreign.code) == (400, "cursor_mismatch")


def test_older_counts_are_split_by_device_when_jobs_were_counted_by_code(
    yard: Yard, held_clock: HeldClock, dead: list[str]
) -> None:
    """As the version before counted them."""
    jobs = yard.tables["JobsTable"]
    store = JobStore(jobs, BodyStore(jobs, yard.bucket, 400), yard.tables["DevicesTable"])
    for job in list(store.dead(None, at_once=100)):
        assert store.dead_letter(job, "a_code", finished_us=job.finished_us or 0) is not None
    before = {item["sk"]: item["count"] for item in jobs.query("DEADS")}

    count(yard, held_clock)

    data = yard.user().get("/jobs/dlq?group_by=device").json()["data"]
    assert before == {"ada#a_code": 4, "eve#a_code": 1}
    assert [(group["device"], group["count"]) for group in data] == [
        ("dev-2", 2),
        (None, 1),
        ("dev-1", 1),
    ]
    assert not [item for item in jobs.query("DEADS") if "a_code" in item["sk"]]


@pytest.mark.parametrize("by", ["failure", "device"])
def test_groups_come_in_pages_when_there_are_more_than_asked_for(
    yard: Yard, dead: list[str], by: str
) -> None:
    ask = f"/jobs/dlq?group_by={by}"
    whole = yard.user().get(ask).json()

    pages, cursor = [], ""
    for _ in whole["data"]:
        pages.append(yard.user().get(f"{ask}&limit=1{cursor}").json())
        cursor = f"&cursor={pages[-1]['next_cursor']}"
    other = "device" if by == "failure" else "failure"
    crossed = yard.user().get(f"/jobs/dlq?group_by={other}&cursor={pages[0]['next_cursor']}")

    assert len(pages) == 3
    assert [group for page in pages for group in page["data"]] == whole["data"]
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert crossed.code == "cursor_mismatch"
