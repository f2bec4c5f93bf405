"""The kept counts of dead jobs are what a walk over the dead jobs finds, whatever happens."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.jobs import wiring
from shared.errors import EvalyardError, Unavailable
from shared.jobs import BodyStore, DeadFilter, Overrides
from shared.jobs.job import Job
from shared.jobs.recount import WAIT_S, Recount
from shared.jobs.store import JobStore
from tests.kit.effort import examples
from tests.kit.faults import Crash, crash, lose_answer, watched_calls
from tests.kit.yard import Yard

CODES = ("timeout", "device_lost", "model_invalid")


@pytest.fixture
def store(tables: Any, bucket: Any) -> JobStore:
    bodies = BodyStore(tables["JobsTable"], bucket, 400)
    return JobStore(tables["JobsTable"], bodies, tables["DevicesTable"])


def running(job_id: str, user_id: str = "ada", now_us: int = 1) -> Job:
    return Job(
        job_id=job_id,
        user_id=user_id,
        tenant=user_id,
        status="running",
        model="m",
        prompt_preview="",
        priority=0,
        queue_tag="default",
        max_attempts=1,
        timeout_s=1,
        created_us=now_us,
        queued_us=now_us,
    )


def dead_letter(store: JobStore, job: Job, code: str, at_us: int) -> Job | None:
    failure = {"code": code, "message": "", "retryable": False}
    return store.dead_letter(job, code, finished_us=at_us, status="dead", failure=failure)


def leave_dead_letters(store: JobStore, job: Job, at_us: int) -> Job | None:
    return store.leave_dead_letters(
        job, status="running", queued_us=at_us, finished_us=None, failure=None
    )


def dead(store: JobStore, job_id: str, code: str = "timeout", at_us: int = 1) -> Job:
    """A job that was made and died."""
    job = running(job_id)
    store.create(job)
    buried = dead_letter(store, job, code, at_us)
    assert buried is not None
    return buried


def told(store: JobStore, user_id: str | None = "ada") -> dict[str, tuple[int, str]]:
    """By user and code: the count, and the newest job."""
    counts = store.dead_counts.of(user_id)
    return {f"{c.user_id} {c.group.code}": (c.count, c.newest_job_id) for c in counts}


def walked(store: JobStore) -> dict[str, tuple[int, str]]:
    """The same, by looking at every dead job."""
    jobs = list(store.dead(None, at_once=100))
    names = [f"{job.user_id} {job.failure.code if job.failure else ''}" for job in jobs]
    newest = dict(zip(reversed(names), reversed([job.job_id for job in jobs]), strict=True))
    return {name: (count, newest[name]) for name, count in Counter(names).items()}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["die", "die", "leave"]),
        st.integers(0, 3),
        st.sampled_from(CODES),
        st.integers(1, 6),
        st.sampled_from([None, None, crash, lose_answer]),
        st.booleans(),
        st.integers(0, 4),
    ),
    max_size=12,
)


@settings(
    max_examples=examples(0.4),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_counts_are_what_a_walk_finds_when_calls_fail_anywhere(
    store: JobStore, steps: list[Any]
) -> None:
    for item in store.table.query("DEADS"):
        store.table.delete("DEADS", item["sk"])
    for number in range(4):
        user = ("ada", "eve")[number % 2]
        store.table.put({"pk": f"USER#{user}", "sk": f"JOB#j{number}", **fields(number, user)})
    for turn, (what, number, code, at_us, fault, after, call) in enumerate(steps):
        job = store.get(("ada", "eve")[number % 2], f"j{number}")
        if (job.status == "dead") == (what == "die"):
            continue
        with watched_calls() as calls:
            if fault:
                (calls.after if after else calls.before)[call] = fault
            try:
                if what == "die":
                    dead_letter(store, job, code, at_us)
                else:
                    leave_dead_letters(store, job, 100 + turn)
            except (Crash, EvalyardError):
                pass

    assert told(store, None) == walked(store)


def fields(number: int, user: str) -> dict[str, Any]:
    return {
        name: value
        for name, value in msgspec.to_builtins(running(f"j{number}", user)).items()
        if value is not None
    }


def test_a_death_counts_once_when_another_is_counted_at_the_same_moment(
    store: JobStore, held_clock: Any
) -> None:
    first, second = running("a"), running("b")
    store.create(first)
    store.create(second)

    with watched_calls() as calls:
        meanwhile = iter([lambda: dead_letter(store, second, "timeout", 7)])
        calls.before_each["TransactWriteItems"] = lambda: next(meanwhile, lambda: None)()
        dead_letter(store, first, "timeout", 5)

    assert told(store) == {"ada timeout": (2, "b")}
    assert calls.names.count("TransactWriteItems") == 2


def test_nothing_is_decided_when_others_are_counted_again_and_again(
    store: JobStore, held_clock: Any
) -> None:
    job = running("a")
    store.create(job)
    dead(store, "b")

    def change_version() -> None:
        item = store.table.get("DEADS", "ada#timeout")
        assert item is not None
        store.table.put({**item, "version": item["version"] + "x"})

    with watched_calls() as calls:
        calls.before_each["TransactWriteItems"] = change_version
        with pytest.raises(Unavailable):
            dead_letter(store, job, "timeout", 5)

    assert store.get("ada", "a").status == "running"
    assert told(store)["ada timeout"][0] == 1


@pytest.mark.parametrize(("gone", "newest"), [("c", "b"), ("b", "c"), ("a", "c")])
def test_the_newest_is_the_next_one_when_one_goes(store: JobStore, gone: str, newest: str) -> None:
    jobs = {name: dead(store, name, at_us=place) for place, name in enumerate("abc", 1)}

    leave_dead_letters(store, jobs[gone], 9)

    assert told(store) == {"ada timeout": (2, newest)}


def test_the_right_next_one_is_found_when_another_dies_meanwhile(
    store: JobStore, held_clock: Any
) -> None:
    dead(store, "a", at_us=1)
    newest = dead(store, "c", at_us=3)
    other = running("b")
    store.create(other)

    with watched_calls() as calls:
        meanwhile = iter([lambda: dead_letter(store, other, "timeout", 2)])
        calls.before_each["TransactWriteItems"] = lambda: next(meanwhile, lambda: None)()
        leave_dead_letters(store, newest, 9)

    assert told(store) == {"ada timeout": (2, "b")}


def test_nothing_is_left_of_a_count_when_its_last_job_goes(store: JobStore) -> None:
    leave_dead_letters(store, dead(store, "a"), 9)

    assert told(store) == {}
    assert not list(store.table.query("USER#ada", prefix="DEAD#"))


def test_a_job_leaves_once_when_two_take_it_out(store: JobStore) -> None:
    dead(store, "a")
    job = dead(store, "b", at_us=2)

    left = [leave_dead_letters(store, job, 9), leave_dead_letters(store, job, 9)]

    assert left[0] is not None
    assert left[1] is None
    assert told(store) == {"ada timeout": (1, "a")}


def die_uncounted(store: JobStore, job_id: str) -> None:
    """As the version before let jobs die."""
    job = dead(store, job_id)
    store.table.delete("DEADS", "ada#timeout")
    store.table.delete("USER#ada", f"DEAD#timeout#{1:017d}#{job_id}")
    assert store.move(job, dead_code=None) is not None


def recounted(store: JobStore, held_clock: Any, may_go_on: Callable[[], bool]) -> list[str | None]:
    recount = Recount(store)
    begun = [recount.go_on(may_go_on), recount.go_on(may_go_on)]
    held_clock.advance(WAIT_S)
    return [*begun, recount.go_on(may_go_on)]


def test_older_dead_jobs_are_counted_when_nobody_counted_them(
    store: JobStore, held_clock: Any
) -> None:
    for name in "abc":
        die_uncounted(store, name)
    dead(store, "d", "device_lost", 9)

    done = recounted(store, held_clock, lambda: True)

    assert done == ["recount_begun", None, "recount_done"]
    assert Recount(store).is_done
    assert told(store) == {"ada timeout": (3, "c"), "ada device_lost": (1, "d")} == walked(store)
    assert Recount(store).go_on(lambda: True) is None


def test_counting_goes_on_when_the_time_was_up(store: JobStore, held_clock: Any) -> None:
    for name in "abc":
        die_uncounted(store, name)

    answers = iter([True, False])
    done = recounted(store, held_clock, lambda: next(answers))
    is_done = Recount(store).is_done
    later = Recount(store).go_on(lambda: True)

    assert (done[-1], is_done, later) == ("recount_goes_on", False, "recount_done")
    assert told(store) == {"ada timeout": (3, "c")}


def test_a_job_that_was_never_counted_takes_nothing_away_when_it_goes(store: JobStore) -> None:
    die_uncounted(store, "a")
    dead(store, "b")

    leave_dead_letters(store, store.get("ada", "a"), 9)

    assert told(store) == {"ada timeout": (1, "b")}


@pytest.mark.exhaustive
@pytest.mark.parametrize("counted", [False, True])
def test_groups_are_the_same_when_jobs_are_read_and_when_counts_are(
    yard: Yard, held_clock: Any, counted: bool
) -> None:
    for user, code in (("ada", "a"), ("ada", "b"), ("eve", "b"), ("ada", "c"), ("eve", "b")):
        held_clock.advance(1)
        job_id = str(yard.submit(user, max_attempts=1)["job_id"])
        yard.fail(job_id, yard.claim(job_id), code=code)
        yard.heal()
    if counted:
        yard.sweep()
        held_clock.advance(WAIT_S)
        yard.sweep()

    def groups(client: Any, path: str = "/jobs/dlq?group_by=failure") -> list[Any]:
        data = client.get(path).json()["data"]
        return [(g["code"], g["count"], g["newest"]["user_id"]) for g in data]

    root = yard.user("root", admin=True)
    assert groups(yard.user()) == [("a", 1, "ada"), ("b", 1, "ada"), ("c", 1, "ada")]
    assert groups(root) == [("b", 3, "eve"), ("a", 1, "ada"), ("c", 1, "ada")]
    assert groups(root, "/jobs/dlq?group_by=failure&user_id=eve") == [("b", 2, "eve")]


def test_groups_are_read_again_when_the_newest_is_requeued_meanwhile(
    yard: Yard, held_clock: Any
) -> None:
    yard.sweep()
    held_clock.advance(WAIT_S)
    yard.sweep()
    made = []
    for _ in range(2):
        held_clock.advance(1)
        made.append(str(yard.submit(max_attempts=1)["job_id"]))
        yard.fail(made[-1], yard.claim(made[-1]), code="a")
    letters = wiring.jobs().dead_letters
    newest = letters.find(made[1], "ada", admin=False)

    with watched_calls() as calls:
        meanwhile = iter([lambda: letters.requeue(newest, Overrides())])
        calls.before_each["BatchGetItem"] = lambda: next(meanwhile, lambda: None)()
        (group,) = letters.grouped(DeadFilter("ada"), "failure", 10, None).groups

    assert (group.count, group.newest.job_id) == (1, made[0])


def test_a_failure_without_a_code_is_counted_as_unknown(store: JobStore) -> None:
    job = dead(store, "a", "timeout")
    store.table.delete("DEADS", "ada#timeout")
    moved = store.move(job, dead_code=None, failure=None)
    assert moved is not None

    store.count_in(moved)

    assert told(store) == {"ada unknown": (1, "a")}
