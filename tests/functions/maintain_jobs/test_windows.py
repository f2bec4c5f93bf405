"""Jobs that waited in the queues of pools, before devices had jobs sent to their own."""

from typing import Any

import pytest

from shared.aws import Table, Update
from tests.kit.yard import Yard


@pytest.fixture
def jobs(yard: Yard) -> list[str]:
    """Of the version before: a job whose message is in the pool's queue, one that waits behind
    it, and one in the queue of its device.
    """
    yard.report(ready=False)
    made = [
        yard.submit()["job_id"],
        yard.submit()["job_id"],
        yard.submit(device_serial="dev-1", priority=9)["job_id"],
    ]
    table = yard.tables["JobsTable"]
    _as_before(table, made[0], {})
    _as_before(table, made[1], {"waits_in": "pool/default/normal#ada", "rank": f"9#{made[1]}"})
    _as_before(table, made[2], {})
    for line in list(table.query("LINES")):
        table.delete(line["pk"], line["sk"])
    table.put({"pk": "WINDOW#pool/default/normal", "sk": "USER#ada", "sent": {made[0], "job_gone"}})
    table.put({"pk": "WINDOW#device/dev-1/high", "sk": "USER#ada", "sent": {made[2]}})
    return made


def _as_before(table: Table, job_id: str, waits: dict[str, Any]) -> None:
    left = tuple({"waits_in", "rank", "due_in", "due_at"} - waits.keys())
    table.update(Update("USER#ada", f"JOB#{job_id}", set=waits, remove=left))


def test_every_job_runs_once_when_it_waited_at_the_deployment(yard, jobs, held_clock) -> None:
    done = yard.sweep()
    yard.report()

    ran = []
    while message := yard.receive(lane="high") or yard.receive():
        yard.complete(message["job_id"], yard.claim(message["job_id"]))
        ran.append(message["job_id"])
    assert done == {"window_job_moved": 3}
    assert ran == [jobs[2], jobs[0], jobs[1]]
    assert not list(yard.tables["JobsTable"].query("WINDOW#pool/default/normal"))


def test_nothing_is_moved_twice_when_sweeps_go_on(yard, jobs, held_clock) -> None:
    yard.sweep()
    held_clock.advance(16 * 60)
    yard.sweep()
    late = {"pk": "WINDOW#pool/default/high", "sk": "USER#ada", "sent": set(jobs)}
    yard.tables["JobsTable"].put(late)

    again = yard.sweep()

    assert "window_job_moved" not in again
