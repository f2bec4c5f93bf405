"""Usage over 30 days at 10⁴ to 10⁷ runs: from rows and from rollups, against DuckDB straight
on the same Parquet and against SQLite.

Runs are made once for each count, as folding and the upkeep would leave them. Each function
answers in a fresh process on one processor, as 1,769 MB of Lambda have; S3 and DynamoDB are
answered by a moto server on another. The first question fetches everything; what is measured is
the CPU time of the same question asked again, of all subjects by turns, and of one about a window
that begins a little later each time. The floors are what a question takes without any runs: the
route alone, and the two calls of AWS without which no answer is a snapshot.
"""

import itertools
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
from fastapi import APIRouter, Response
from moto.server import ThreadedMotoServer
from werkzeug.serving import WSGIRequestHandler

from bench.metrics import ENVIRONMENT
from bench.section import Cell, Section
from bench.turns import Turns, answer_turns
from shared.aws import Bucket, Table
from shared.clock import DAY_US, day_of, iso, read_time
from shared.storage.lake.rollup_upkeep import RollupUpkeep
from shared.storage.log import Catalog, DayRecord, Part, UserLog
from shared.storage.log.records import DAY_PREFIX, item_of
from tests.kit.cloud import create_buckets, create_tables
from tests.kit.faults import watched_calls
from tests.kit.gateway import LambdaContext, http_event
from tools.template import Template, read_template

_TITLE = "Usage of 30 days, one processor, warm: CPU ms"
_COLUMNS = (
    "runs", "question", "rows", "rows, moved", "DuckDB", "ratio", "moved ratio", "rollups",
    "rollups, moved", "route alone", "calls alone", "SQLite", "calls", "MB from rollups",
)  # fmt: skip
_NOTE = (
    "Rows: percentiles from the rows (`exact=true`). Moved: each question's window begins a "
    "millisecond later than the one before, so that no earlier answer serves; empty where runs "
    "are not held, as there it is the same. DuckDB: the same statistics by SQL straight on the "
    "same Parquet files, local. Ratios: rows to DuckDB, the median of pairs. Route alone: FastAPI "
    "and Mangum with the parameters of a summary, and no answer to it. Calls alone: the listing "
    "and the checkpoint, by botocore. SQLite: loading the window's rows and sorting in Python, as "
    "a first server would, to 10⁶. Calls: to AWS, of a first question from rollups; MB: what it "
    "fetches. `summary` also asks for the 30 days before, which are empty. Ours includes HTTP "
    "parsing, the calls of AWS, and JSON; what AWS does is another process's. Load of the machine "
    "at the end: {load} on {processors} processors."
)
COUNTS = (10_000, 100_000, 1_000_000, 10_000_000)
DAYS = 30
START_US = read_time("2025-11-01T00:00:00Z")
_PART_ROWS = 120_000
_SLOWER_FROM = 20
_ROUNDS = 3
# More rounds where they take no time.
_SHORT_ROUNDS = 15
_SHORT = 100_000
QUESTIONS = {
    "summary": "/usage/summary",
    "group by model": "/usage?group_by=model&bucket=day",
}
_END = "2025-12-01T00:00:00Z"
CALLER = {
    "kind": "user", "user_id": "", "tenant": "ada", "admin": "false", "token_id": "t"
}  # fmt: skip
# Ten devices, five models, lognormal latencies, two extras: about what the quick start has. One
# device gets slower.
_RUNS_SQL = """
SELECT 'run_' || lpad((s // 1000)::VARCHAR, 26, '0') || '_' || (s % 1000) AS run_id,
    make_timestamp(({start} + (s - {first_of_day}) * {step})::BIGINT) AS ts,
    'device-' || (hash(s) % 10) AS device, 'model-' || (hash(s + 1) % 5) AS model,
    'tag-' || (hash(s + 2) % 3) AS tag, 'ada' AS tenant,
    (hash(s + 3) % 500)::BIGINT AS prompt_tokens,
    (1 + hash(s + 4) % 500)::BIGINT AS completion_tokens,
    latency AS latency_ms, latency * (0.1 + u3 * 0.2) AS ttft_ms, 5 + 60 * u4 AS tok_s,
    hash(s + 5) % 50 > 0 AS ok, NULL::VARCHAR AS job_id, 'd' AS dataset, 'dataset' AS source_kind,
    NULL::VARCHAR AS prompt_preview,
    MAP {{'GPU power (W)': 40 + 20 * u1, 'CPU usage (%)': 100 * u2}} AS extra,
    'bat_' || lpad((s // 1000)::VARCHAR, 26, '0') AS batch_id
FROM (
    SELECT *, exp(6.8 + 0.5 * sqrt(-2 * ln(u1)) * cos(2 * pi() * u2))
            * CASE hash(s) % 10 WHEN 3 THEN {slower} ELSE 1 END AS latency FROM (
        SELECT range AS s, (hash(range + 10) % 1000000 + 1) / 1000001 AS u1,
            (hash(range + 11) % 1000000) / 1000000 AS u2,
            (hash(range + 12) % 1000000) / 1000000 AS u3,
            (hash(range + 13) % 1000000) / 1000000 AS u4
        FROM range({first}, {last})
    )
) ORDER BY ts, run_id
"""


def run() -> Section:
    """Rows of figures for each count and question."""
    with aws_served() as template:
        rows = []
        for count in COUNTS:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                store(template, Path(folder), count)
                rows += _measured(template, Path(folder), count)
        load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
        note = _NOTE.format(load=load, processors=os.cpu_count())
        return Section(_TITLE, _COLUMNS, rows, note)


@contextmanager
def aws_served() -> Iterator[Template]:
    """An empty AWS with the stack's resources on another processor, which the environment names."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # As AWS, it leaves connections open.
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        os.environ.update(ENVIRONMENT, AWS_ENDPOINT_URL=f"http://{host}:{port}")
        template = read_template()
        create_tables(template, os.environ["AWS_ENDPOINT_URL"])
        create_buckets(template, os.environ["AWS_ENDPOINT_URL"])
        yield template
    finally:
        server.stop()


def user_of(count: int) -> str:
    """Whose runs they are: each count has a user of its own."""
    return f"user{count}"


def store(template: Template, folder: Path, count: int) -> None:
    """Put parts and rollups there, and the parts into the folder."""
    bucket = Bucket(template.physical["DataBucket"])
    catalog = Catalog(Table(template.physical["CatalogTable"]))
    a_day = count // DAYS
    for number in range(DAYS):
        parts = []
        for first in range(number * a_day, (number + 1) * a_day, _PART_ROWS):
            last = min(first + _PART_ROWS, (number + 1) * a_day)
            parts.append(_stored_part(bucket, folder, count, number, (first, last)))
        record = DayRecord(day=day_of(START_US + number * DAY_US), parts=tuple(parts))
        catalog.table.put(item_of(user_of(count), DAY_PREFIX + record.day, record))
    RollupUpkeep(UserLog(bucket, catalog, user_of(count))).roll_up(lambda: True)


def _stored_part(
    bucket: Bucket, folder: Path, count: int, number: int, place: tuple[int, int]
) -> Part:
    """A part of a day (`number`), with the runs from a first to before a last."""
    (first, last), a_day = place, count // DAYS
    start, step = START_US + number * DAY_US, DAY_US // a_day
    path = folder / f"{first:09d}.parquet"
    write_part(duckdb.connect(), path, count, number, place)
    body = path.read_bytes()
    key = f"runs/user={user_of(count)}/date={day_of(start)}/{1:012d}-{first:026d}.parquet"
    bucket.put(key, body)
    return Part(
        key=key,
        rows=last - first,
        bytes=len(body),
        min_us=start + (first - number * a_day) * step,
        max_us=start + (last - 1 - number * a_day) * step,
        foreign=False,
    )


def write_part(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    count: int,
    number: int,
    place: tuple[int, int],
) -> None:
    """The runs from a first to before a last, of a day (`number`) of `count` runs in all."""
    (first, last), a_day = place, count // DAYS
    sql = _RUNS_SQL.format(
        start=START_US + number * DAY_US,
        step=DAY_US // a_day,
        first_of_day=number * a_day,
        first=first,
        last=last,
        slower=1.1 if number >= _SLOWER_FROM else 1,
    )
    connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def _measured(template: Template, folder: Path, count: int) -> list[dict[str, Cell]]:
    rows = []
    for query in QUESTIONS:
        row: dict[str, Cell] = {"runs": count, "question": query}
        row |= _figures(template, query, count, folder)
        print(row, flush=True)
        rows.append(row)
    return rows


def _figures(template: Template, query: str, count: int, folder: Path) -> dict[str, Cell]:
    """The figures of all subjects, each in a process of its own, by turns."""
    wanted = {
        "rows": ("ours", "true", "0"),
        "rows, moved": ("ours", "true", "1") if count <= _SHORT else None,
        "DuckDB": ("straight", str(folder)),
        "rollups": ("ours", "false", "0"),
        "rollups, moved": ("ours", "false", "1"),
        "route alone": ("route",),
        "calls alone": ("calls",),
        "SQLite": ("sqlite", str(folder)) if count <= 1_000_000 else None,
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, ExitStack() as stack:
        found: dict[str, Turns] = {}
        for number, (name, subject) in enumerate(wanted.items()):
            if subject:
                own = Path(scratch, str(number))
                own.mkdir()
                found[name] = _begun(template, query, count, subject, own)
                stack.callback(found[name].end)
        for _ in range(_SHORT_ROUNDS if count <= _SHORT else _ROUNDS):
            for turns in found.values():
                turns.take()
    figures: dict[str, Cell] = {name: statistics.median(turns.ms) for name, turns in found.items()}
    for name, own in (("ratio", "rows"), ("moved ratio", "rows, moved")):
        if own in found:
            pairs = zip(found[own].ms, found["DuckDB"].ms, strict=True)
            figures[name] = statistics.median(ours / theirs for ours, theirs in pairs)
    return figures | found["rollups"].facts


def _begun(
    template: Template, query: str, count: int, subject: tuple[str, ...], scratch: Path
) -> Turns:
    # On a busy machine ten million runs take longer than a question may.
    own = {"TMPDIR": str(scratch), "QUERY_SECONDS": "900"}
    environment = dict(os.environ) | template.environment("Usage") | own
    who, *more = subject
    return Turns("bench.usage", who, query, str(count), *more, environment=environment)


def timed(ask: Callable[[], Any]) -> float:
    """The median of a few rounds, in seconds, after a first one."""
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        ask()
        times.append(time.perf_counter() - started)
    return round(statistics.median(times), 3)


def _event(query: str, count: int, exact: str, from_us: int = START_US) -> dict[str, Any]:
    path = QUESTIONS[query]
    path += f"{'&' if '?' in path else '?'}from={iso(from_us)}&to={_END}&exact={exact}"
    return http_event("GET", path, context=CALLER | {"user_id": user_of(count)})


def _answered(answer: dict[str, Any]) -> None:
    if answer["statusCode"] != 200:
        raise RuntimeError(answer["body"][:500])


def _ask_ours(query: str, count: int, exact: str, moves: str) -> None:
    from functions.usage.handler import lambda_handler

    asked = itertools.count()

    def ask() -> None:
        from_us = START_US + int(moves) * next(asked) * 1_000
        _answered(lambda_handler(_event(query, count, exact, from_us), LambdaContext()))

    with watched_calls() as calls:
        ask()
    scratch = Path(tempfile.gettempdir()) / "evalyard-parts"
    fetched = sum(path.stat().st_size for path in scratch.iterdir())
    # The first one after it still makes what the window that moves is read from.
    ask()
    answer_turns(ask, {"calls": len(calls.names), "MB from rollups": round(fetched / 2**20, 2)})


def _ask_route(_query: str, count: int) -> None:
    """A route with the parameters of a summary, and no answer to it."""
    from functions.usage.parameters import AskedQuery, AskedReadOptions
    from functions.usage.wiring import idempotency
    from shared.http import UserRoute, create_app, serve

    router = APIRouter(prefix="/usage", route_class=UserRoute)

    @router.get("/summary")
    async def summary(query: AskedQuery, options: AskedReadOptions) -> Response:
        return Response(f"{query} {options}")

    app, event = (
        create_app("Floor", router, idempotency=idempotency),
        _event("summary", count, "true"),
    )

    def ask() -> None:
        _answered(serve(app, event, LambdaContext()))

    ask()
    answer_turns(ask, {})


def _ask_calls(_query: str, count: int) -> None:
    """The calls that every answer from a snapshot needs, and no question about them."""
    from functions.usage import wiring

    log = UserLog(wiring.bucket(), wiring.catalog(), user_of(count))

    def ask() -> None:
        list(log.pending())
        log.checkpoint()

    ask()
    answer_turns(ask, {})


def _ask_straight(query: str, _count: int, folder: str) -> None:
    """The statistics by SQL that anybody would write, on the files themselves."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    keys = [[]] if query == "summary" else [[], ["model"], ["date_trunc('day', ts)", "model"]]
    runs = f"read_parquet('{folder}/*.parquet')"

    def ask() -> None:
        for by in keys:
            named = [f"{key} AS k{number}" for number, key in enumerate(by)]
            names = [f"k{number}" for number in range(len(by))]
            stats = ", ".join([*named, *_COUNTS, *_distributions("latency_ms", "ttft_ms", "tok_s")])
            connection.execute(_grouped(stats, runs, names)).fetchall()
            entries = (
                f"(SELECT {', '.join([*named, 'unnest(map_entries(extra)) AS e'])} FROM {runs})"
            )
            extras = ", ".join([*names, "e.key AS label", *_distributions("e.value")])
            connection.execute(_grouped(extras, entries, [*names, "label"])).fetchall()
        if query == "summary":
            connection.execute(
                f"SELECT count(DISTINCT device), count(DISTINCT model) FROM {runs}"
            ).fetchall()

    ask()
    answer_turns(ask, {})


_COUNTS = (
    "count(*)", "count(*) FILTER (WHERE ok)", "sum(prompt_tokens)", "sum(completion_tokens)"
)  # fmt: skip


def _distributions(*values: str) -> list[str]:
    return [
        f"{call} FILTER (WHERE ok)" if value != "e.value" else call
        for value in values
        for call in (
            f"count({value})",
            f"avg({value})",
            f"min({value})",
            f"max({value})",
            f"stddev_pop({value})",
            f"quantile_cont({value}, [0.5, 0.9, 0.95, 0.99])",
        )
    ]


def _grouped(columns: str, table: str, names: list[str]) -> str:
    group = f" GROUP BY {', '.join(names)}" if names else ""
    return f"SELECT {columns} FROM {table}{group}"


def _ask_sqlite(query: str, _count: int, folder: str) -> None:
    """The server one would write first: it loads the window's rows and sorts in Python."""
    import sqlite3

    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE TABLE runs (ts, model, device, ok, prompt, completion, latency, ttft, tok)"
    )
    rows = duckdb.connect().execute(
        "SELECT epoch(ts), model, device, ok, prompt_tokens, completion_tokens, latency_ms, "
        f"ttft_ms, tok_s FROM read_parquet('{folder}/*.parquet')"
    )
    while chunk := rows.fetchmany(50_000):
        database.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", chunk)
    database.execute("CREATE INDEX by_time ON runs (ts)")
    window = (START_US / 1e6, START_US / 1e6 + DAYS * 86_400)

    def ask() -> None:
        groups: dict[Any, list[Any]] = {}
        for row in database.execute("SELECT * FROM runs WHERE ts >= ? AND ts < ?", window):
            key = () if query == "summary" else (row[1], row[0] // 86_400)
            groups.setdefault(key, []).append(row)
        for found in groups.values():
            for column in (6, 7, 8):
                values = sorted(row[column] for row in found if row[3] and row[column] is not None)
                statistics.fmean(values)
                [values[int(share * (len(values) - 1))] for share in (0.5, 0.9, 0.95, 0.99)]
            sum(row[4] for row in found), sum(row[5] for row in found)

    ask()
    answer_turns(ask, {})


_SUBJECTS: dict[str, Callable[..., None]] = {
    "ours": _ask_ours,
    "straight": _ask_straight,
    "sqlite": _ask_sqlite,
    "route": _ask_route,
    "calls": _ask_calls,
}

if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _who, _question, _how_many, *_more = sys.argv[1:]
    _SUBJECTS[_who](_question, int(_how_many), *_more)
