"""What is kept between questions is never a reason for an older answer, and is bounded."""

import sys

import pytest

from shared import ids
from shared.clock import DAY_US, read_time
from shared.runs import Run
from shared.storage.assembly import compactor
from shared.storage.lake.batch_revert import revert_batch
from shared.storage.lake.parquet import connect
from shared.storage.log import SegmentLog, UserLog
from shared.usage import Filters, UsageQuery, summary
from shared.usage import held as holding
from shared.usage.held import asking, held
from shared.usage.queries import ReadOptions
from tests.kit.statements import watched_statements
from tests.shared.usage.conftest import Storage

START_US = read_time("2025-12-03T00:00:00Z")


def run(number: int, **more: object) -> Run:
    return Run(f"run_{number:026d}_0", START_US + number * 1_000_000, latency_ms=10.0, **more)


def asked(
    storage: Storage, filters: Filters = Filters(), exact: bool | None = None, since_us: int = 0
) -> dict:
    query = UsageQuery("ada", START_US + since_us, START_US + DAY_US, filters)
    return summary(storage.bucket, storage.catalog, query, ReadOptions(exact=exact)).stats


@pytest.mark.parametrize("exact", [True, False])
def test_nothing_is_reckoned_again_when_a_question_is_asked_again(storage: Storage, exact: bool):
    storage.store("ada", [run(1, device="a"), run(2, device="b")], fold=True)
    storage.tidy("ada")
    first = asked(storage, exact=exact)

    with watched_statements() as statements:
        again = asked(storage, exact=exact)

    assert again == first
    assert (again["runs"], again["devices"]) == (2, 2)
    assert statements == []


@pytest.mark.parametrize("exact", [True, False])
def test_no_file_is_read_again_when_another_question_is_asked_of_the_same_files(
    storage: Storage, exact: bool
):
    storage.store("ada", [run(1, device="a"), run(2, device="b")], fold=True)
    storage.tidy("ada")
    assert asked(storage, exact=exact)["devices"] == 2
    storage.store("ada", [run(3, device="c")], fold=False)

    with watched_statements() as statements:
        found = asked(storage, exact=exact)

    assert (found["runs"], found["devices"]) == (3, 3)
    # From rows: the view, extras, all else. From rollups: the runs that are pending,
    # and the cells with theirs; labels, quantiles, moments, counts; devices, models. The empty
    # window before asks nothing. A table without any runs may be held since an earlier test.
    asked_for = [sql for sql in statements if not sql.startswith("CREATE TABLE held_")]
    assert len(asked_for) == (3 if exact else 8)
    assert not [sql for sql in statements if "read_parquet" in sql]


def test_window_that_cuts_a_part_has_its_own_answer_when_the_whole_part_was_asked_for(
    storage: Storage,
):
    storage.store("ada", [run(1), run(2)], fold=True)

    found = [asked(storage, since_us=us)["runs"] for us in (0, 1_000_000, 1_500_000, 2_000_001)]

    assert found == [2, 2, 1, 0]
    assert asked(storage)["runs"] == 2


@pytest.mark.parametrize("exact", [True, False])
def test_answer_has_what_came_since_when_files_are_held(storage: Storage, exact: bool):
    storage.store("ada", [run(1)], fold=True)
    storage.tidy("ada")
    assert asked(storage, exact=exact)["runs"] == 1

    storage.store("ada", [run(2)], fold=False)
    assert asked(storage, exact=exact)["runs"] == 2

    log = UserLog(storage.bucket, storage.catalog, "ada")
    compactor(log).drain(lambda: True)
    assert asked(storage, exact=exact)["runs"] == 2
    storage.tidy("ada")
    assert asked(storage, exact=exact)["runs"] == 2


def test_runs_are_gone_when_their_batch_is_undone(storage: Storage):
    segment_id = ids.ulid()
    batch_id = f"bat_{segment_id}"
    line = b'{"_meta_batch_id":"%s"}' % batch_id.encode()
    SegmentLog(storage.bucket).append(
        "ada",
        "d",
        [line],
        [run(1, batch_id=batch_id, dataset="d")],
        segment_id=segment_id,
        repeatable=False,
    )
    storage.store("ada", [run(2)], fold=True)
    log = UserLog(storage.bucket, storage.catalog, "ada")
    assert asked(storage)["runs"] == 2

    revert_batch(log, batch_id)

    assert asked(storage)["runs"] == 1
    compactor(log).drain(lambda: True)
    assert asked(storage)["runs"] == 1


def test_each_filter_has_its_own_answer_when_files_are_held(storage: Storage):
    storage.store("ada", [run(1, device="a"), run(2, device="b"), run(3)], fold=True)
    storage.tidy("ada")

    for exact in (True, False):
        found = [asked(storage, Filters(device=(name,)), exact)["runs"] for name in "abc"]
        assert (found, asked(storage, exact=exact)["runs"]) == ([1, 1, 0], 3)


def test_nothing_is_imported_when_a_question_has_parameters(storage: Storage):
    storage.store("ada", [run(1, device="a")], fold=True)
    looked_for = []

    class Watching:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            looked_for.append(name)

    asked(storage, Filters(device=("a",)))
    sys.meta_path.insert(0, Watching)
    try:
        assert asked(storage, Filters(device=("a",)))["runs"] == 1
    finally:
        sys.meta_path.remove(Watching)

    assert looked_for == []


def test_oldest_tables_go_but_for_those_in_use_when_there_are_many(monkeypatch):
    monkeypatch.setattr(holding, "_MAX_ROWS", 4_000)

    def rows(number: int) -> str:
        return f"SELECT range + {number} AS v FROM range(900)"

    def names() -> set[str]:
        return {
            name
            for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }

    with connect() as connection, held(connection, rows(1)) as used:
        for number in range(2, 6):
            with held(connection, rows(number)) as name:
                assert {used, name} <= names()
        with held(connection, rows(5)) as again:
            assert again == name
        assert len([each for each in names() if each.startswith("held_")]) == 2
    with connect() as connection:
        assert used in names()


def test_answers_count_as_rows_and_go_with_their_table(monkeypatch):
    monkeypatch.setattr(holding, "_MAX_ROWS", 3_000)

    with connect() as connection:
        with held(connection, "SELECT 1 AS v") as first:
            ask = asking(connection, first)
            answers = [ask(f"SELECT v + {number} FROM {first}", ()) for number in range(90)]
            same = [ask(f"SELECT v + ? FROM {first}", [number]) for number in range(2)]
        with (
            held(connection, "SELECT 2 AS v") as second,
            held(connection, "SELECT 1 AS v") as third,
        ):
            assert asking(connection, second)(f"FROM {second}", ()) == [(2,)]

    assert answers == [[(1 + number,)] for number in range(90)]
    assert same == [[(1,)], [(2,)]]
    # With its answers the first had 2,841 rows, so that it went when there was a second.
    assert third == first or first not in [table.name for table in holding._tables.values()]


def test_a_long_answer_is_not_held(monkeypatch):
    monkeypatch.setattr(holding, "_LONGEST_ANSWER", 2)

    with connect() as connection, held(connection, "FROM range(3)") as table:
        ask = asking(connection, table)
        with watched_statements() as statements:
            assert ask(f"FROM {table}", ()) == ask(f"FROM {table}", ()) == [(0,), (1,), (2,)]

    assert len(statements) == 2
