"""One engine of `bench.lake`, run by its own interpreter.

`python -m bench.lake_peer DuckDB|Spark <folder>` prints each question's answer, seconds and CPU
seconds as a line of JSON. The SQL is that of docs/athena.md, in the words of both.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Ask = Callable[[str], list[list[Any]]]

_GROUPED = """
SELECT model, count(*) AS runs, sum(completion_tokens) AS tokens,
    {percentile}(latency_ms, 0.95) FILTER (WHERE ok) AS p95
FROM ({runs}) AS runs GROUP BY model ORDER BY model
"""
_RUNS = """SELECT * FROM lake WHERE "user" = 'ada' AND "date" """
_ONCE = f"""SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY run_id ORDER BY {{path}} DESC) AS copy
    FROM ({_RUNS} {{days}}) AS found
) AS numbered WHERE copy = 1"""
_DAY = "= DATE '2025-11-15'"
_MONTH = "BETWEEN DATE '2025-11-01' AND DATE '2025-11-30'"
# The first warms its engine up, and is shown, too.
QUESTIONS = {
    "one day": _RUNS + _DAY,
    "one day, each run once": _ONCE.replace("{days}", _DAY),
    "30 days": _RUNS + _MONTH,
}


def main(engine: str, folder: str) -> None:
    """Ask all questions of one engine."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    version, words, process, ask = {"DuckDB": _duckdb, "Spark": _spark}[engine](folder)
    found: dict[str, Any] = {"version": version}
    for question, runs in QUESTIONS.items():
        sql = _GROUPED.format(runs=runs.format(**words), **words)
        started, busy = time.perf_counter(), _cpu_s(process)
        rows = ask(sql)
        took, busy = time.perf_counter() - started, _cpu_s(process) - busy
        found[question] = {"s": round(took, 2), "CPU s": round(busy, 2), "rows": rows}
    print(json.dumps(found))


def _duckdb(folder: str) -> tuple[str, dict[str, str], int, Ask]:
    import duckdb

    connection = duckdb.connect(config={"threads": 1, "temp_directory": folder})
    connection.execute(
        f"CREATE VIEW lake AS SELECT * FROM read_parquet('{folder}/runs/*/*/*.parquet',"
        " hive_partitioning = true, filename = true)"
    )
    words = {"percentile": "approx_quantile", "path": "filename"}

    def ask(sql: str) -> list[list[Any]]:
        return [[*map(_plain, row)] for row in connection.execute(sql).fetchall()]

    return duckdb.__version__, words, os.getpid(), ask


def _spark(folder: str) -> tuple[str, dict[str, str], int, Ask]:
    from pyspark.sql import SparkSession

    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder: Any = SparkSession.builder
    settings = {
        "spark.driver.memory": "4g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": folder,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.session.timeZone": "UTC",
        # As Athena has it, a name in double quotes is a name.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.master("local[1]").getOrCreate()
    lake = spark.read.parquet(f"{folder}/runs").select("*", "_metadata.file_path")
    lake.createOrReplaceTempView("lake")
    words = {"percentile": "approx_percentile", "path": "file_path"}

    def ask(sql: str) -> list[list[Any]]:
        return [[*map(_plain, row)] for row in spark.sql(sql).collect()]

    machine = spark._jvm.java.lang.ProcessHandle.current().pid()
    return spark.version, words, machine, ask


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | float) else int(value)


def _cpu_s(process: int) -> float:
    """The CPU time of a process and its threads so far, by Linux."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(*sys.argv[1:])
