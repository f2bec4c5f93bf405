"""Whose turn it is: one thing at a time, calls fairly by user, a job after three calls."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from evalyard_runner.turns import MOST_WAITING, Ticket, Turns
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.loops import finish


def run(test: Coroutine[Any, Any, None]) -> None:
    finish(test, 20)


def drawn(turns: Turns, user: str) -> Ticket:
    ticket = turns.ask(user)
    assert ticket is not None
    return ticket


def running(*tickets: Ticket) -> list[bool]:
    return [ticket.turn.done() for ticket in tickets]


async def beginning_of(turns: Turns) -> tuple["asyncio.Task[None]", asyncio.Event, asyncio.Event]:
    """A job that waits for the device; it has begun, and may end."""
    began, may_end = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        async with turns.job():
            began.set()
            await may_end.wait()

    task = asyncio.create_task(job())
    await asyncio.sleep(0)
    return task, began, may_end


def test_one_call_runs_at_a_time_when_more_came() -> None:
    async def test() -> None:
        turns = Turns()
        first, second = drawn(turns, "a"), drawn(turns, "a")
        assert running(first, second) == [True, False]
        assert turns.ahead(second) == 1

        turns.leave(first)

        assert running(second) == [True]
        assert turns.ahead() == 1

    run(test())


def test_calls_run_beside_each_other_when_the_device_may() -> None:
    async def test() -> None:
        turns = Turns(parallel=2)

        assert running(*(drawn(turns, "a") for _ in range(3))) == [True, True, False]

    run(test())


def test_call_is_refused_when_as_many_wait_as_may() -> None:
    async def test() -> None:
        turns = Turns()
        for _ in range(1 + MOST_WAITING):
            drawn(turns, "a")

        assert turns.ask("b") is None

    run(test())


def test_users_take_turns_when_one_of_them_floods() -> None:
    async def test() -> None:
        turns, order = Turns(), []
        tickets = [drawn(turns, user) for user in ("a", "a", "a", "b")]
        while tickets:
            (now,) = (each for each in tickets if each.turn.done())
            order.append(now.user)
            tickets.remove(now)
            turns.leave(now)

        assert order == ["a", "b", "a", "a"]

    run(test())


def test_call_waits_when_a_job_runs() -> None:
    async def test() -> None:
        turns = Turns()
        task, began, may_end = await beginning_of(turns)
        assert began.is_set()
        call = drawn(turns, "a")
        assert (running(call), turns.waits_for) == ([False], "job")

        may_end.set()
        await task

        assert running(call) == [True]

    run(test())


def test_job_waits_when_a_call_runs() -> None:
    async def test() -> None:
        turns = Turns()
        call = drawn(turns, "a")
        task, began, may_end = await beginning_of(turns)
        assert not began.is_set()

        turns.leave(call)
        await began.wait()
        may_end.set()
        await task

    run(test())


def test_job_goes_first_when_three_calls_went_before_it() -> None:
    async def test() -> None:
        turns = Turns()
        running_now = drawn(turns, "a")
        task, began, may_end = await beginning_of(turns)
        for _ in range(3):
            following = drawn(turns, "a")
            turns.leave(running_now)
            assert running(following) == [True]
            running_now = following
        last = drawn(turns, "a")

        turns.leave(running_now)
        await began.wait()

        assert running(last) == [False]
        may_end.set()
        await task
        assert running(last) == [True]

    run(test())


@pytest.mark.parametrize(("waited_s", "job_first"), [(59.0, False), (60.0, True)])
def test_job_goes_first_when_it_waited_for_a_minute(waited_s: float, job_first: bool) -> None:
    async def test() -> None:
        now = [0.0]
        turns = Turns(clock=lambda: now[0])
        first = drawn(turns, "a")
        task, began, _ = await beginning_of(turns)
        second = drawn(turns, "a")
        now[0] = waited_s

        turns.leave(first)
        await asyncio.sleep(0)

        assert (began.is_set(), running(second)) == (job_first, [not job_first])
        task.cancel()

    run(test())


def test_device_is_free_when_a_waiting_job_is_given_up() -> None:
    async def test() -> None:
        turns = Turns()
        call = drawn(turns, "a")
        task, _, _ = await beginning_of(turns)

        task.cancel()
        await asyncio.wait({task})
        turns.leave(call)

        assert running(drawn(turns, "a")) == [True]

    run(test())


def test_place_is_free_when_a_waiting_call_leaves() -> None:
    async def test() -> None:
        turns = Turns()
        first, second, third = (drawn(turns, "a") for _ in range(3))

        turns.leave(second)
        turns.leave(first)

        assert running(third) == [True]

    run(test())


def test_job_begins_when_the_last_of_several_calls_ends() -> None:
    async def test() -> None:
        turns = Turns(parallel=3)
        calls = [drawn(turns, "a") for _ in range(3)]
        task, began, may_end = await beginning_of(turns)

        for call in calls:
            assert not began.is_set()
            turns.leave(call)
            await asyncio.sleep(0)
        await began.wait()
        waiting = [drawn(turns, user) for user in ("a", "b")]

        assert running(*waiting) == [False, False]
        may_end.set()
        await task
        assert running(*waiting) == [True, True]

    run(test())


@given(
    st.lists(st.sampled_from(["ask", "leave", "job", "job ends"]), max_size=60), st.integers(1, 4)
)
def test_a_job_never_shares_the_device_whatever_comes_and_goes(
    steps: list[str], parallel: int
) -> None:
    async def test() -> None:
        turns, tickets, ends = Turns(parallel=parallel), [], asyncio.Event()
        jobs: list[asyncio.Task[None]] = []
        alone = []

        async def job() -> None:
            async with turns.job():
                alone.append(turns.calls == 0)
                await ends.wait()
                alone.append(turns.calls == 0)

        for number, step in enumerate(steps):
            if step == "ask" and (ticket := turns.ask(f"user-{number % 3}")) is not None:
                tickets.append(ticket)
            elif step == "leave" and tickets:
                turns.leave(tickets.pop(number % len(tickets)))
            elif step == "job" and all(each.done() for each in jobs):
                ends.clear()
                jobs.append(asyncio.create_task(job()))
            elif step == "job ends":
                ends.set()
            await asyncio.sleep(0)
            assert turns.calls <= parallel
        while tickets:
            turns.leave(tickets.pop())
        ends.set()
        await asyncio.gather(*jobs)

        assert all(alone)
        assert turns.waits_for is None

    run(test())
