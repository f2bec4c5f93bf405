"""Fifty devices, eight models, three users, in virtual time: what dispatch promises holds."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.effort import NIGHTLY
from tests.kit.fleet import SimDevice, SimFleet

USERS, MODELS = ("ada", "eve", "ida"), [f"m{number}" for number in range(8)]
# A few minutes of a busy fleet; at night a day.
LASTS_S, JOBS = (86_400.0, 20_000) if NIGHTLY else (150.0, 130)
PROMISED_S = 2.0
# So many jobs die by their own fault.
BAD = 0.02


@pytest.fixture
def fleet(aws: None, held_clock: Any) -> SimFleet:
    """Fifty devices, each with one or two of the models."""
    made = SimFleet(held_clock, random.Random(14))
    for number in range(50):
        models = [MODELS[number % 8], *made.dice.sample(MODELS, made.dice.randrange(2))]
        made.add(f"d{number:02d}", list(dict.fromkeys(models)))
    return made


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


@pytest.mark.exhaustive
def test_nothing_is_lost_or_run_twice_and_free_devices_are_used_when_anything_happens_to_them(
    fleet: SimFleet,
) -> None:
    for _ in range(JOBS):
        user, model = fleet.dice.choice(USERS), fleet.dice.choice(MODELS)
        fields: dict[str, Any] = {"model": model, "priority": fleet.dice.choice((0, 0, 2, 7))}
        fields |= {"bad": fleet.dice.random() < BAD}
        at = 2 + fleet.dice.uniform(0, LASTS_S / 2)
        fleet.after(at, lambda user=user, fields=fields: fleet.submit(user, **fields))
    for device in fleet.dice.choices(list(fleet.devices.values()), k=max(8, JOBS // 20)):
        plan(fleet, device)

    fleet.run(lambda: len(fleet.wanted) == JOBS and fleet.all_done(), LASTS_S * 4)

    assert len(fleet.wanted) == JOBS
    good = [job_id for job_id in fleet.wanted if job_id not in fleet.bad]
    assert fleet.succeeded == Counter(dict.fromkeys(good, 1))
    assert fleet.dead == dict.fromkeys(fleet.bad, "invalid_argument")
    assert p95(fleet.waits) <= PROMISED_S, sorted(fleet.waits)[-20:]
    assert fleet.out_of_order == []


@pytest.mark.exhaustive
def test_users_take_turns_at_each_model_when_one_floods_the_fleet(fleet: SimFleet) -> None:
    for number in range(160):
        model, user = MODELS[number % 8], "ada" if number < 96 else USERS[1 + number // 8 % 2]
        fleet.after(2, lambda user=user, model=model: fleet.submit(user, model=model))

    fleet.run(lambda: len(fleet.wanted) == 160 and fleet.all_done(), 900)

    for model in MODELS:
        order = [fleet.users[job] for job in fleet.sent if fleet.wanted[job].model == model]
        shared = order[order.index("eve") : len(order) - order[::-1].index("eve")]
        # Four of each other user's; the flood has its turns between, and devices of two models.
        assert shared.count("ada") <= 4 + 2, (model, order)


def plan(fleet: SimFleet, device: SimDevice) -> None:
    """Something happens to a device, at some time."""
    at = fleet.dice.uniform(1, LASTS_S / 2)
    happens: list[Callable[[], None]] = [
        lambda: fleet.reboot(device),
        lambda: fleet.overheat(device, 30),
        lambda: fleet.break_down(device, fleet.dice.choice((20, 300))),
        lambda: fleet.occupy(device, 40),
    ]
    fleet.after(at, fleet.dice.choice(happens))
