"""`GET /user/data/metrics` over 10⁴, 10⁵ and 10⁶ folded rows, each in a fresh process.

The process runs the function's own handler on one processor, as 1,769 MB of Lambda have;
S3 and DynamoDB are answered by a moto server on another. The first question fetches and
reads everything, the same one again finds columns in scratch space.
"""

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from moto.server import ThreadedMotoServer

from bench.section import Section
from shared.aws import Bucket, Table
from shared.datasets import Adapter, ExtraField, save_adapter
from shared.storage.assembly import COLUMNS
from shared.storage.lake.row_columns import with_row_columns
from shared.storage.log import Catalog, DatasetRecord, UserLog, Volume
from shared.storage.log.records import dataset_key, item_of
from tests.kit.cloud import create_buckets, create_tables
from tests.kit.gateway import LambdaContext, http_event
from tools.template import REGION, ROOT, Template, read_template

_TITLE = "Metrics of a dataset, one processor, in a fresh process"
_COLUMNS = (
    "rows", "MB", "adapter", "columns", "series", "first s", "first CPU s", "again s", "peak MB",
    "answer KB",
)  # fmt: skip
_NOTE = (
    "The first question includes importing everything, fetching over loopback HTTP and DuckDB's "
    "start (what it takes beyond CPU time is mostly moto serving the rows); `again` is the same "
    "question to the same process. `columns` says whether folds kept them, as they do of each 32 "
    "MiB of rows. A function has 30 s and 1,769 MB."
)
COUNTS = (10_000, 100_000, 1_000_000)
# Of fewer rows folds keep no columns.
_HAVE_COLUMNS = 100_000
_VOLUME_BYTES = 256 * 2**20
_USER = "ada"
_CALLER = {
    "kind": "user", "user_id": _USER, "tenant": _USER, "admin": "false", "token_id": "t"
}  # fmt: skip
_EXTRAS = (
    ExtraField(label="GPU power (W)", field="gpu_power_w"),
    ExtraField(label="CPU usage (%)", field="cpu_usage_pct"),
)
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "datasets",
    "POWERTOOLS_TRACE_DISABLED": "1",
    "LOG_LEVEL": "ERROR",
    "PYTHONPATH": str(ROOT),
}


def run() -> Section:
    """A row of figures for each count, with an adapter and without."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        os.environ.update(ENVIRONMENT, AWS_ENDPOINT_URL=f"http://{host}:{port}")
        template = read_template()
        create_tables(template, os.environ["AWS_ENDPOINT_URL"])
        create_buckets(template, os.environ["AWS_ENDPOINT_URL"])
        rows = [
            _measured(template, count, saved, kept)
            for count in COUNTS
            for kept in ((True, False) if count > _HAVE_COLUMNS else (False,))
            for saved in (True, False)
        ]
        return Section(_TITLE, _COLUMNS, rows, _NOTE)
    finally:
        server.stop()


def _measured(template: Template, count: int, saved: bool, kept: bool) -> dict[str, Any]:
    name = f"d{count}-{saved}-{kept}".lower()
    size = _store(template, name, count, saved, kept)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        done = subprocess.run(
            [sys.executable, "-m", "bench.metrics", name],
            cwd=ROOT,
            env=dict(os.environ) | template.environment("Datasets") | {"TMPDIR": scratch},
            stdout=subprocess.PIPE,
            check=True,
        )
    head = {
        "rows": count,
        "MB": round(size / 2**20, 1),
        "adapter": "saved" if saved else "none",
        "columns": "kept" if kept else "none",
    }
    return head | json.loads(done.stdout.splitlines()[-1])


def _store(template: Template, name: str, count: int, saved: bool, kept: bool) -> int:
    """Put rows there as folding would leave them; their bytes."""
    bucket = Bucket(template.physical["DataBucket"])
    catalog = Catalog(Table(template.physical["CatalogTable"]))
    volumes, lines, size = [], [], 0
    for line in _lines(name, count):
        lines.append(line)
        size += len(line)
        if size >= _VOLUME_BYTES:
            volumes.append(_put(bucket, f"{name}/{len(volumes)}", lines))
            lines, size = [], 0
    volumes.append(_put(bucket, f"{name}/{len(volumes)}", lines))
    if saved:
        save_adapter(catalog.table, _USER, Adapter(dataset=name, extra_fields=_EXTRAS))
    rows = DatasetRecord(name=name, volumes=tuple(volumes), created_us=1, updated_us=1)
    record = _with_columns(UserLog(bucket, catalog, _USER), rows) if kept else rows
    catalog.table.put(item_of(_USER, dataset_key(name), record))
    return sum(volume.bytes for volume in volumes)


def _with_columns(log: UserLog, record: DatasetRecord) -> DatasetRecord:
    """The dataset with the columns that folds would have made."""
    while (longer := with_row_columns(log, [record], COLUMNS)) != [record]:
        (record,) = longer
    return record


def _put(bucket: Bucket, name: str, lines: list[bytes]) -> Volume:
    body = b"".join(lines)
    stored = bucket.put(f"data/users/{_USER}/datasets/{name}.jsonl", body)
    return Volume(key=stored.key, version_id=stored.version_id, rows=len(lines), bytes=len(body))


def _lines(name: str, count: int) -> Any:
    """Rows as the quick start has them, with the server's members, in order of time."""
    chance = random.Random(1)
    for number in range(count):
        latency = chance.lognormvariate(6.8, 0.5)
        yield (
            b'{"ts":"2025-%02d-%02dT%02d:%02d:%02d.%03dZ","device":"server-%d","model":"llama3-8b",'
            b'"prompt_tokens":%d,"completion_tokens":%d,"latency_ms":%.3f,"ttft_ms":%.3f,'
            b'"gpu_power_w":%.2f,"cpu_usage_pct":%.1f,"_meta_user_id":"ada","_meta_dataset":"%s",'
            b'"_meta_ts":"2025-12-03T18:00:00.000Z","_meta_batch_id":"bat_%026d"}\n'
        ) % (
            1 + number // 86_400 // 28,
            1 + number // 86_400 % 28,
            number // 3_600 % 24,
            number // 60 % 60,
            number % 60,
            number % 1_000,
            chance.randrange(7),
            chance.randrange(500),
            chance.randrange(1, 500),
            latency,
            latency * chance.uniform(0.1, 0.3),
            chance.uniform(40, 60),
            chance.uniform(0, 100),
            name.encode(),
            number // 1_000,
        )


def _ask(name: str) -> None:
    """In a process of its own: ask twice, and print the figures."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    path = f"/user/data/metrics?dataset={name}"
    started, busy = time.perf_counter(), time.process_time()
    from functions.datasets.handler import lambda_handler

    first = lambda_handler(http_event("GET", path, context=_CALLER), LambdaContext())
    first_s, first_busy_s = time.perf_counter() - started, time.process_time() - busy
    started = time.perf_counter()
    again = lambda_handler(http_event("GET", path, context=_CALLER), LambdaContext())
    again_s = time.perf_counter() - started
    if first["statusCode"] != 200 or again["statusCode"] != 200:
        raise RuntimeError(first["body"][:500] + again["body"][:500])
    figures = {
        "series": len(json.loads(first["body"])["series"]),
        "first s": round(first_s, 2),
        "first CPU s": round(first_busy_s, 2),
        "again s": round(again_s, 2),
        "peak MB": peak_mb(),
        "answer KB": len(first["body"]) // 1024,
    }
    print(json.dumps(figures))


def peak_mb() -> int | None:
    """The most memory that this process had; `getrusage` counts the parent's at the fork too."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line[:6] == "VmHWM:"), None)


if __name__ == "__main__":
    _ask(sys.argv[1])
