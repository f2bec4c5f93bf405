"""Usage over 30 days at 10⁴ to 10⁷ runs: from rows and from rollups, against DuckDB straight
on the same Parquet and against SQLite.

Runs are made once for each count, as folding and the upkeep would leave them. Each function
answers in a fresh process on one processor, as 1,769 MB of Lambda have; S3 and DynamoDB are
answered by a moto server on another. The first question fetches everything; the times are of
the same question asked again.
"""

import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from moto.server import ThreadedMotoServer

from bench.metrics import ENVIRONMENT
from bench.section import Section
from shared.aws import Bucket, Table
from shared.clock import DAY_US, day_of, read_time
from shared.storage.lake.rollup_upkeep import RollupUpkeep
from shared.storage.log import Catalog, DayRecord, Part, UserLog
from shared.storage.log.records import DAY_PREFIX, item_of
from tests.kit.cloud import create_buckets, create_tables
from tests.kit.faults import watched_calls
from tests.kit.gateway import LambdaContext, http_event
from tools.template import ROOT, Template, read_template

_TITLE = "Usage of 30 days, one processor, warm"
_COLUMNS = (
    "runs", "question", "rows s", "DuckDB s", "ratio", "rollups s", "SQLite s", "calls",
    "MB from rollups",
)  # fmt: skip
_NOTE = (
    "Rows: percentiles from the rows (`exact=true`). DuckDB: the same statistics by SQL straight "
    "on the same Parquet files, local. SQLite: loading the window's rows and sorting in Python, "
    "as a first server would, to 10⁶. Calls: to AWS, of a first question from rollups; MB: what "
    "it fetches. `summary` also asks for the 30 days before, which are empty. Ours includes "
    "HTTP parsing, the catalog's reads over loopback HTTP, and JSON."
)
COUNTS = (10_000, 100_000, 1_000_000, 10_000_000)
DAYS = 30
START_US = read_time("2025-11-01T00:00:00Z")
_PART_ROWS = 120_000
_SLOWER_FROM = 20
_ROUNDS = 3
QUESTIONS = {
    "summary": "/usage/summary",
    "group by model": "/usage?group_by=model&bucket=day",
}
_WINDOW = "from=2025-11-01T00:00:00Z&to=2025-12-01T00:00:00Z"
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
        return Section(_TITLE, _COLUMNS, rows, _NOTE)


@contextmanager
def aws_served() -> Iterator[Template]:
    """An empty AWS with the stack's resources on another processor, which the environment names."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
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
    sql = _RUNS_SQL.format(
        start=start,
        step=step,
        first_of_day=number * a_day,
        first=first,
        last=last,
        slower=1.1 if number >= _SLOWER_FROM else 1,
    )
    path = folder / f"{first:09d}.parquet"
    duckdb.connect().execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
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


def _measured(template: Template, folder: Path, count: int) -> list[dict[str, Any]]:
    rows = []
    for query in QUESTIONS:
        exact = _in_process("ours", query, count, "true", template)
        rolled = _in_process("ours", query, count, "false", template)
        straight = _in_process("straight", query, count, str(folder), template)
        sqlite = (
            _in_process("sqlite", query, count, str(folder), template)
            if count <= 1_000_000
            else {"s": None}
        )
        rows.append(
            {
                "runs": count,
                "question": query,
                "rows s": exact["s"],
                "DuckDB s": straight["s"],
                "ratio": round(exact["s"] / straight["s"], 2),
                "rollups s": rolled["s"],
                "SQLite s": sqlite["s"],
                "calls": rolled["calls"],
                "MB from rollups": rolled["MB"],
            }
        )
        print(rows[-1], flush=True)
    return rows


def _in_process(who: str, query: str, count: int, more: str, template: Template) -> dict[str, Any]:
    """The figures of one subject, asked in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        done = subprocess.run(
            [sys.executable, "-m", "bench.usage", who, query, str(count), more],
            cwd=ROOT,
            env=dict(os.environ) | template.environment("Usage") | {"TMPDIR": scratch},
            stdout=subprocess.PIPE,
            check=True,
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def timed(ask: Callable[[], Any]) -> float:
    """The median of a few rounds, in seconds, after a first one."""
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        ask()
        times.append(time.perf_counter() - started)
    return round(statistics.median(times), 3)


def _ask_ours(query: str, count: int, exact: str) -> dict[str, Any]:
    from functions.usage.handler import lambda_handler

    path = QUESTIONS[query]
    path += f"{'&' if '?' in path else '?'}{_WINDOW}&exact={exact}"
    event = http_event("GET", path, context=CALLER | {"user_id": user_of(count)})

    def ask() -> None:
        answer = lambda_handler(event, LambdaContext())
        if answer["statusCode"] != 200:
            raise RuntimeError(answer["body"][:500])

    with watched_calls() as calls:
        ask()
    scratch = Path(tempfile.gettempdir()) / "evalyard-parts"
    fetched = sum(path.stat().st_size for path in scratch.iterdir())
    return {"s": timed(ask), "calls": len(calls.names), "MB": round(fetched / 2**20, 2)}


def _ask_straight(query: str, _count: int, folder: str) -> dict[str, Any]:
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
    return {"s": timed(ask)}


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


def _ask_sqlite(query: str, _count: int, folder: str) -> dict[str, Any]:
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
    return {"s": timed(ask)}


_SUBJECTS = {"ours": _ask_ours, "straight": _ask_straight, "sqlite": _ask_sqlite}

if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _who, _question, _how_many, _more = sys.argv[1:]
    print(json.dumps(_SUBJECTS[_who](_question, int(_how_many), _more)))
