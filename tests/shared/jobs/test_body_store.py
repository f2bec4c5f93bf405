"""Where a body is kept, for how long, and what comes back."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.units import item_bytes
from shared.aws import Bucket, ObjectMissing, Table
from shared.aws.attributes import encode_item
from shared.jobs import BodyStore, Job
from tests.conftest import HeldClock
from tests.kit.yard import LARGE

DAY_S = 86_400


@pytest.fixture
def bodies(tables: dict[str, Table], bucket: Bucket) -> BodyStore:
    return BodyStore(tables["JobsTable"], bucket, 60)


def job(number: int = 0, user_id: str = "ada") -> Job:
    return Job(
        job_id=f"job_{number:026d}",
        user_id=user_id,
        tenant="lab",
        status="running",
        model="m",
        prompt_preview="",
        priority=0,
        queue_tag="default",
        max_attempts=3,
        timeout_s=600,
        created_us=0,
        queued_us=0,
    )


def noise(size: int) -> bytes:
    """What cannot be packed, the same each time."""
    return random.Random(size).randbytes(size)


def items(bodies: BodyStore, user_id: str = "ada") -> list[dict[str, object]]:
    return list(bodies.table.query(f"USER#{user_id}", prefix="BODY#"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    body=st.one_of(
        st.binary(max_size=1_500),
        st.text(max_size=1_500).map(str.encode),
        st.integers(850, 1_050).map(noise),
        st.integers(16_300, 16_500).map(lambda size: b"a" * size),
    ),
    user_id=st.sampled_from(["a", "ada", "u" * 64]),
    number=st.integers(0, 10**26 - 1),
)
def test_any_body_comes_back_and_no_item_takes_a_second_unit(
    bodies: BodyStore, body: bytes, user_id: str, number: int
) -> None:
    mine = job(number, user_id)
    bodies.remove(mine)

    stored = bodies.put(mine, "request", body)

    assert (bodies.get(mine, stored.name), stored.content) == (body, body)
    sizes = [item_bytes(encode_item(item)) for item in items(bodies, user_id)]
    assert all(size <= 1_024 for size in sizes)
    assert bool(sizes) == (not stored.name.endswith(".json"))
    assert bool(list(bodies.bucket.list(mine.folder))) == stored.name.endswith(".json")
    bodies.remove(mine)
    assert items(bodies, user_id) == []


def test_an_item_is_filled_before_an_object_is_made(bodies: BodyStore) -> None:
    names = [bodies.put(job(size), "request", noise(size)).name for size in range(880, 960)]

    full = names.index("request.json")
    assert set(names[:full]) == {"request"}
    assert set(names[full:]) == {"request.json"}
    sizes = [item_bytes(encode_item(item)) for item in items(bodies)]
    assert 1_000 < max(sizes) <= 1_024


@pytest.mark.parametrize("size", [10, 2_000])
def test_the_first_body_of_a_name_stays(bodies: BodyStore, size: int) -> None:
    first, second = noise(size), noise(size + 1)
    bodies.put(job(), "outcome-1", first)

    again = bodies.put(job(), "outcome-1", second)

    assert again.content == bodies.get(job(), again.name) == first


def test_each_place_has_one_body_when_two_of_a_name_differ_in_size(bodies: BodyStore) -> None:
    small = bodies.put(job(), "outcome-1", noise(10))
    large = bodies.put(job(), "outcome-1", noise(2_000))

    assert (small.name, large.name) == ("outcome-1", "outcome-1.json")
    assert bodies.get(job(), small.name) == noise(10)
    assert bodies.get(job(), large.name) == noise(2_000)


def test_item_is_gone_when_its_days_are_over(bodies: BodyStore, held_clock: HeldClock) -> None:
    name = bodies.put(job(), "request", b"{}").name

    held_clock.advance(60 * DAY_S - 1)
    assert bodies.get(job(), name) == b"{}"
    held_clock.advance(1)

    with pytest.raises(ObjectMissing):
        bodies.get(job(), name)


@pytest.mark.parametrize("name", ["request", "request.json"])
def test_it_is_missing_when_it_was_never_stored(bodies: BodyStore, name: str) -> None:
    with pytest.raises(ObjectMissing):
        bodies.get(job(), name)


def test_only_the_bodies_of_the_job_are_removed(bodies: BodyStore) -> None:
    for number in (1, 2):
        for stem, body in (("request", b"{}"), ("outcome-1", LARGE.encode())):
            bodies.put(job(number), stem, body)

    bodies.remove(job(1))

    assert [item["sk"] for item in items(bodies)] == [f"BODY#{job(2).job_id}#request"]
    assert [each.key for each in bodies.bucket.list("jobs/")] == [f"{job(2).folder}outcome-1.json"]


def test_bodies_are_back_when_a_job_is_brought_back(
    bodies: BodyStore, tables: dict[str, Table]
) -> None:
    bodies.put(job(), "request", b"{}")
    bodies.put(job(), "outcome-1", noise(2_000))
    past = tables["CatalogTable"]  # Any that is empty.
    past.put_many(bodies.table.query("USER#ada"))
    bodies.remove(job())

    for _ in range(2):
        bodies.bring_back(job(), past)

        assert bodies.get(job(), "request") == b"{}"
        assert bodies.get(job(), "outcome-1.json") == noise(2_000)
