"""One thing's failure is its own, and what is no thing's failure is not kept."""

import json

import pytest

from shared.isolation import StepsFailed, carry_out_all, kept_apart, tell_unreadable_rows
from tests.kit.faults import UNFORESEEN


def fail(failure: BaseException) -> int:
    raise failure


@pytest.mark.parametrize("failure", UNFORESEEN, ids=lambda failure: type(failure).__name__)
def test_failure_is_logged_and_counted_when_it_was_not_foreseen(failure, capsys, caplog):
    with kept_apart("thing_failed", "ThingsFailed", service="things", thing="t1") as attempt:
        fail(failure)

    counted = json.loads(capsys.readouterr().out.splitlines()[-1])
    (logged,) = caplog.records
    assert attempt.failed
    assert (logged.message, logged.thing, logged.exc_info[1]) == ("thing_failed", "t1", failure)
    assert (counted["ThingsFailed"], counted["service"]) == ([1.0], "things")


@pytest.mark.parametrize("failure", [MemoryError(), KeyboardInterrupt(), SystemExit()])
def test_failure_is_raised_when_it_is_the_processes_own(failure):
    with pytest.raises(type(failure)), kept_apart("thing_failed", "ThingsFailed"):
        fail(failure)


def test_later_steps_are_carried_out_when_one_fails():
    done = []

    def step(number: int) -> int:
        done.append(number)
        return number if number != 2 else fail(RuntimeError("unforeseen"))

    with pytest.raises(StepsFailed, match="two"):
        carry_out_all({"one": lambda: step(1), "two": lambda: step(2), "three": lambda: step(3)})

    assert done == [1, 2, 3]


def test_what_a_row_says_is_not_logged_when_it_cannot_be_read(capsys, caplog):
    class Unread(ValueError):
        code = "row_unreadable"

    failure = Unread()
    failure.__cause__ = ValueError("could not convert 'my secret prompt'")

    tell_unreadable_rows([failure, failure, ValueError()], user_id="ada")

    (logged,) = caplog.records
    assert '"RowsNotConverted":[2' in capsys.readouterr().out
    assert (logged.user_id, logged.error) == ("ada", "ValueError")
    assert "secret" not in repr(vars(logged))
