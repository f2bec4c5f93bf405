"""Questions end when their time is up."""

import threading

import duckdb
import pytest

from shared.deadlines import (
    QueryTimedOut,
    answered_within,
    current_deadline,
    interrupted_at_deadline,
)
from shared.storage.lake.parquet import connect, connect_to_ask

# More than any machine counts within a test.
ENDLESS = "SELECT count(*) FROM range(1_000_000_000) a, range(1_000_000_000) b WHERE a.range = -1"


def test_query_is_stopped_when_its_time_is_up() -> None:
    with (
        pytest.raises(QueryTimedOut) as stopped,
        answered_within(0.2),
        connect_to_ask() as connection,
    ):
        connection.execute(ENDLESS).fetchall()

    assert stopped.value.error_code == "query_timeout"
    assert isinstance(stopped.value.__cause__, duckdb.InterruptException)


def test_the_next_query_runs_when_the_one_before_was_stopped() -> None:
    with pytest.raises(QueryTimedOut), answered_within(0.1), connect_to_ask() as connection:
        connection.execute(ENDLESS).fetchall()

    with answered_within(60), connect_to_ask() as connection:
        assert connection.execute("SELECT 42").fetchall() == [(42,)]


def test_others_go_on_when_one_is_stopped() -> None:
    with connect() as other:
        other.execute("CREATE TEMP TABLE kept AS SELECT 1 AS a")
        with pytest.raises(QueryTimedOut), answered_within(0.1), connect_to_ask() as connection:
            connection.execute(ENDLESS).fetchall()

        assert other.execute("FROM kept").fetchall() == [(1,)]


def test_nothing_is_begun_when_the_time_is_up_already() -> None:
    begun = []

    with pytest.raises(QueryTimedOut), answered_within(0), connect_to_ask():
        begun.append(True)

    assert begun == []


def test_the_first_that_is_late_is_stopped_when_another_has_more_time() -> None:
    with (
        answered_within(60),
        connect_to_ask() as patient,
    ):
        with pytest.raises(QueryTimedOut), answered_within(0.1), connect_to_ask() as connection:
            connection.execute(ENDLESS).fetchall()

        assert patient.execute("SELECT 42").fetchall() == [(42,)]


def test_one_thread_watches_however_many_questions_are_asked() -> None:
    with answered_within(60), connect_to_ask():
        threads = threading.active_count()
        for _ in range(20):
            with connect_to_ask(), connect_to_ask():
                assert threading.active_count() == threads

    assert threading.active_count() == threads


def test_others_are_stopped_when_one_cannot_be_interrupted() -> None:
    def fails() -> None:
        raise RuntimeError("the connection is closed")

    with (
        answered_within(0.05),
        interrupted_at_deadline(fails),
        pytest.raises(QueryTimedOut),
        answered_within(0.2),
        connect_to_ask() as connection,
    ):
        connection.execute(ENDLESS).fetchall()


def test_no_deadline_holds_where_none_was_set() -> None:
    with answered_within(0):
        pass

    current_deadline().check()
    with connect_to_ask() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
