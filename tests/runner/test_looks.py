"""When an idle runner looks into its queues, with and without a broker that speaks to it."""

import asyncio

from evalyard_runner.looks import EVERY_S, Look, Looks

from tests.kit.loops import finish


def test_each_round_looks_thoroughly_when_nothing_says_that_jobs_come() -> None:
    looks = Looks()

    for _ in range(3):
        assert looks.next(None) == Look(thorough=True)
        looks.found_nothing()


def test_next_look_is_after_20_s_when_nothing_was_found_and_nothing_is_said() -> None:
    now = [0.0]
    looks = Looks(clock=lambda: now[0])
    assert looks.next(1) == Look()
    looks.found_nothing()

    now[0] = EVERY_S - 0.1
    early = looks.next(1)
    now[0] = EVERY_S

    assert early is None
    assert looks.next(1) == Look(thorough=True)


def test_look_is_due_again_at_once_when_one_found_something() -> None:
    looks = Looks()
    looks.next(1)

    assert looks.next(1) == Look()


def test_pause_ends_and_the_lane_is_looked_at_when_a_job_is_said_to_be_there() -> None:
    async def test() -> None:
        looks = Looks()
        looks.next(1)
        looks.found_nothing()
        pause = asyncio.create_task(looks.pause(600))
        await asyncio.sleep(0)

        looks.ask("high")
        await pause

        assert looks.next(1) == Look("high", thorough=True)
        looks.found_nothing()
        assert looks.next(1) is None

    finish(test())


def test_look_comes_later_when_the_message_does() -> None:
    async def test() -> None:
        looks = Looks()
        looks.next(1)
        looks.found_nothing()

        looks.ask("normal", 0.05)
        assert looks.next(1) is None
        await looks.pause(600)

        assert looks.next(1) == Look("normal", thorough=True)

    finish(test())


def test_look_is_due_when_the_connection_is_another_one() -> None:
    looks = Looks()
    looks.next(1)
    looks.found_nothing()

    assert looks.next(2) == Look()


def test_what_is_said_during_a_look_is_for_the_next_one() -> None:
    looks = Looks()
    looks.next(1)
    looks.ask("normal")
    looks.found_nothing()

    assert looks.next(1) == Look("normal", thorough=True)
