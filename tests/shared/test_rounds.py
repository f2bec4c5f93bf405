"""Rounds: everybody's turn comes, whatever fails, stops or runs beside."""

import json
from collections import Counter
from collections.abc import Collection, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.aws import Table
from shared.rounds import Position, Round
from tests.kit.faults import Calls, about, lose_answer, watched_calls

NAMES = ["ada", "bob", "cyd", "dan", "eve", "fay", "gus"]


@pytest.fixture
def round_(tables) -> Round:
    return Round(tables["CatalogTable"], "step", late_after_s=3_600)


def behind(names: Collection[str]):
    """The names behind a place, as a listing gives them."""

    def names_from(place: Position) -> Iterator[str]:
        return iter([name for name in sorted(names) if name > place.after])

    return names_from


def turns(number: int):
    """Time for so many names."""
    left = iter(range(number))
    return lambda: next(left, None) is not None


def served(round_: Round, number: int = 1_000, names: list[str] = NAMES) -> list[str]:
    return list(round_.walk(behind(names), turns(number)))


def test_each_has_one_turn_when_there_is_time(round_):
    assert served(round_) == NAMES
    assert served(round_) == NAMES


def test_all_are_served_evenly_when_there_is_time_for_few(round_):
    count = Counter(name for _ in range(28) for name in served(round_, 3))

    assert count.keys() == set(NAMES)
    assert max(count.values()) - min(count.values()) <= 1


def test_next_one_has_the_first_turn_when_the_last_run_stopped(round_):
    first, second = served(round_, 3), served(round_)

    assert first == ["ada", "bob", "cyd"]
    assert second == ["dan", "eve", "fay", "gus", "ada", "bob", "cyd"]


def test_walk_goes_on_behind_it_when_the_last_one_is_gone(round_):
    served(round_, 3)

    assert served(round_, 2, [name for name in NAMES if name != "cyd"]) == ["dan", "eve"]


def test_round_ends_when_whoever_came_first_is_gone_meanwhile(round_):
    served(round_, 3)
    there = set(NAMES)

    found = []
    for name in round_.walk(lambda place: behind(there)(place), lambda: True):
        found.append(name)
        there.discard("dan")

    assert found == ["dan", "eve", "fay", "gus", "ada", "bob", "cyd", "eve", "fay", "gus"]


def test_next_one_is_served_when_one_takes_the_process_with_it(round_):
    walk = round_.walk(behind(NAMES), lambda: True)
    next(walk)
    # The process ends here, before anything else is said of the first one.
    del walk

    assert served(round_, 1) == ["bob"]


def test_one_that_failed_has_its_next_turn_when_new_ones_never_stop_coming(round_, held_clock):
    came = {"000": held_clock.now_us}

    def names_from(place: Position) -> Iterator[str]:
        return iter(sorted(n for n in came if n > place.after and came[n] <= place.began_us))

    found: list[str] = []
    for number in range(1, 40):
        found += round_.walk(names_from, turns(3))
        held_clock.advance(60)
        # More come than a run has turns for, and all of them behind the place.
        came |= {f"{4 * number + each:03}": held_clock.now_us for each in range(4)}
        came = {n: us for n, us in came.items() if n == "000" or n not in found}

    assert found.count("000") >= 3


def test_two_runs_share_a_round_when_they_go_at_once(round_):
    one = round_.walk(behind(NAMES), lambda: True)
    other = round_.walk(behind(NAMES), lambda: True)

    found = [name for pair in zip(one, other, strict=False) for name in pair]

    assert found[: len(NAMES)] == NAMES


def test_all_are_served_when_the_place_cannot_be_kept(round_):
    with watched_calls() as calls:
        calls.before_each["UpdateItem"] = lose_answer
        calls.before_each["GetItem"] = lose_answer
        found = served(round_)

    assert found == NAMES


@pytest.mark.parametrize(
    "item", [{}, {"after": 5, "began_us": "x", "moves": "y"}, {"after": "cyd", "began_us": None}]
)
def test_round_begins_anew_when_its_place_makes_no_sense(round_, item):
    round_.table.put({"pk": "UPKEEP", "sk": "ROUND#step", **item})

    assert served(round_, 2) == ["ada", "bob"]
    assert served(round_, 2) == ["cyd", "dan"]


def test_age_is_told_and_alarmed_when_a_round_takes_too_long(round_, held_clock, capsys):
    served(round_, 3)
    held_clock.advance(3_601)
    capsys.readouterr()

    served(round_, 1)

    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ages = [line["UpkeepRoundAge"] for line in written if "UpkeepRoundAge" in line]
    assert ages == [[3_601.0]]
    assert any("UpkeepRoundsLate" in line for line in written)


def test_nothing_is_late_when_each_run_serves_all(round_, held_clock, capsys):
    for _ in range(3):
        served(round_)
        held_clock.advance(86_400)

    out = capsys.readouterr().out
    assert '"UpkeepRoundAge":[0' in out
    assert "UpkeepRoundsLate" not in out


def test_calls_are_few_when_nothing_is_there(round_):
    with watched_calls(Calls()) as calls:
        assert served(round_, names=[]) == []

    assert calls.names == ["GetItem"]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(NAMES)), min_size=1, max_size=12))
def test_nobody_waits_longer_than_a_round_whatever_comes_and_goes(runs):
    """In a model of the table: names come and go, runs have time for few, none starves."""
    table = _OneItem()
    round_ = Round(table, "step", late_after_s=3_600)  # type: ignore[arg-type]
    names = set(NAMES)
    for number, changing in runs:
        names ^= {changing}
        list(round_.walk(behind(names), turns(number)))

    needed = [served(round_, 1, sorted(names)) for _ in range(len(names) + 1)]

    assert {name for names_served in needed for name in names_served} == names


class _OneItem:
    """A table that holds one item, without AWS below it: hundreds of walks are tried."""

    def __init__(self) -> None:
        self.item: dict | None = None

    def get(self, pk: str, sk: str) -> dict | None:
        return self.item

    def update(self, update) -> None:
        assert update.only_if == {"moves": (self.item or {}).get("moves")}
        self.item = dict(update.set)


def test_only_whom_it_concerns_fails_when_a_fault_is_about_one_name(tables):
    table: Table = tables["CatalogTable"]
    with watched_calls() as calls:
        calls.failing.append((about("ada"), RuntimeError("unforeseen")))
        table.put({"pk": "USER#adam", "sk": "X"})
        with pytest.raises(RuntimeError):
            table.put({"pk": "USER#ada", "sk": "X"})

    assert calls.names == ["PutItem", "PutItem"]
