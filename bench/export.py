"""`GET /usage/export.csv` of 10⁴, 10⁵ and 10⁶ folded runs, each in a fresh process.

The process runs the function's own handler on one processor, as 1,769 MB of Lambda have;
S3 and DynamoDB are answered by a moto server on another.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from moto.server import ThreadedMotoServer

from bench.metrics import ENVIRONMENT, peak_mb
from bench.section import Section
from shared.aws import Bucket, Table
from shared.clock import DAY_US, day_of, read_time
from shared.runs import PARQUET_COLUMNS
from shared.storage.log import Catalog, DayRecord, Part
from shared.storage.log.object_keys import part_key
from shared.storage.log.records import DAY_PREFIX, item_of
from tests.kit.cloud import create_buckets, create_tables
from tests.kit.gateway import LambdaContext, http_event
from tools.template import ROOT, Template, read_template

_TITLE = "Export of raw runs over 30 days, one processor, in a fresh process"
_COLUMNS = ("runs", "format", "file MB", "answer", "s", "CPU s", "peak MB")
_NOTE = (
    "Importing everything, fetching the parts over loopback HTTP, writing the file and storing it "
    "in parts of 8 MiB are included. A function has 30 s and 1,769 MB."
)
COUNTS = (10_000, 100_000, 1_000_000)
FORMATS = ("csv", "jsonl", "parquet")
_DAYS = 30
_START_US = read_time("2025-11-01T00:00:00Z")
_RUN = """
    SELECT 'run_01KB' || lpad((n // 1000)::VARCHAR, 22, '0') || '_' || n % 1000 AS run_id,
    make_timestamp({start} + n * {step}) AS ts, 'server-' || n % 7 AS device,
    'llama3-8b-instruct-q4_K_M' AS model, CASE WHEN n % 3 = 0 THEN 'nightly' END AS tag,
    'ada' AS tenant, (random() * 500)::BIGINT AS prompt_tokens,
    (random() * 500)::BIGINT AS completion_tokens, random() * 3000 AS latency_ms,
    random() * 300 AS ttft_ms, random() * 60 AS tok_s, random() < 0.97 AS ok,
    NULL::VARCHAR AS job_id, 'd' AS dataset, 'dataset' AS source_kind,
    CASE WHEN n % 2 = 0 THEN 'Explain, in "simple" terms, what a segment is ' || n END
    AS prompt_preview,
    MAP {{'GPU power (W)': random() * 60, 'CPU usage (%)': round(random() * 100, 1)}} AS extra,
    'bat_01KB' || lpad((n // 1000)::VARCHAR, 22, '0') AS batch_id,
    MAP {{'runtime': 'llama.cpp', 'quant': 'Q4_K_M'}} AS conditions
    FROM range({first}, {end}) AS numbers(n)
"""


def run() -> Section:
    """A row of figures for each count and format."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        os.environ.update(ENVIRONMENT, AWS_ENDPOINT_URL=f"http://{host}:{port}")
        template = read_template()
        create_tables(template, os.environ["AWS_ENDPOINT_URL"])
        create_buckets(template, os.environ["AWS_ENDPOINT_URL"])
        rows = []
        for count in COUNTS:
            _store(template, count)
            rows += [_measured(template, count, form) for form in FORMATS]
        return Section(_TITLE, _COLUMNS, rows, _NOTE)
    finally:
        server.stop()


def _user(count: int) -> str:
    return f"user{count}"


def _store(template: Template, count: int) -> None:
    """Put runs there as folding would leave them: a part a day."""
    bucket = Bucket(template.physical["DataBucket"])
    catalog = Catalog(Table(template.physical["CatalogTable"]))
    for number in range(_DAYS):
        record = _day(bucket, count, number)
        catalog.table.put(item_of(_user(count), DAY_PREFIX + record.day, record))


def _day(bucket: Bucket, count: int, number: int) -> DayRecord:
    first, end = count * number // _DAYS, count * (number + 1) // _DAYS
    step = DAY_US * _DAYS // count
    day = day_of(_START_US + number * DAY_US)
    columns = ", ".join(PARQUET_COLUMNS)
    sql = _RUN.format(start=_START_US, step=step, first=first, end=end)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "part.parquet"
        duckdb.execute(
            f"COPY (SELECT {columns} FROM ({sql}) WHERE ts < make_timestamp("
            f"{_START_US + (number + 1) * DAY_US})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
        body = path.read_bytes()
    key = part_key(_user(count), day, number + 1)
    bucket.put(key, body)
    part = Part(
        key=key,
        rows=end - first,
        bytes=len(body),
        min_us=_START_US + number * DAY_US,
        max_us=_START_US + (number + 1) * DAY_US - 1,
    )
    return DayRecord(day=day, parts=(part,))


def _measured(template: Template, count: int, form: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        done = subprocess.run(
            [sys.executable, "-m", "bench.export", _user(count), form],
            cwd=ROOT,
            env=dict(os.environ) | template.environment("Usage") | {"TMPDIR": scratch},
            stdout=subprocess.PIPE,
            check=True,
        )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"runs": figures.pop("rows"), "format": form} | figures


def _ask(user: str, form: str) -> None:
    """In a process of its own: export once, and print the figures."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    caller = {"kind": "user", "user_id": user, "tenant": user, "admin": "false", "token_id": "t"}
    path = f"/usage/export.csv?from=2025-11-01&to=2025-12-01&format={form}"
    started, busy = time.perf_counter(), time.process_time()
    from functions.usage.handler import lambda_handler

    answer = lambda_handler(http_event("GET", path, context=caller), LambdaContext())
    seconds, busy_s = time.perf_counter() - started, time.process_time() - busy
    if answer["statusCode"] not in (200, 303):
        raise RuntimeError(answer["body"][:500])
    stored = answer["statusCode"] == 303
    size = json.loads(answer["body"])["bytes"] if stored else len(answer["body"])
    figures = {
        "rows": int(answer["headers"]["x-row-count"]),
        "file MB": round(size / 2**20, 1),
        "answer": "303" if stored else "200",
        "s": round(seconds, 2),
        "CPU s": round(busy_s, 2),
        "peak MB": peak_mb(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    _ask(*sys.argv[1:3])
