"""The lake beyond one function: Spark and DuckDB on the same Parquet as functions write it.

Opt-in (`make bench-lake`): needs Java 17 or newer, and an environment of its own. Both answer the
same questions (docs/athena.md) in a fresh process on one processor; the answers must agree.
"""

import json
import math
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from bench.lake_peer import QUESTIONS
from bench.report import ROOT
from bench.section import Cell, Section
from bench.usage import DAYS, START_US, write_part
from shared.clock import DAY_US, day_of

COUNTS = (10_000_000, 100_000_000)
# What merging leaves of a large day (docs/storage.md).
_PART_ROWS = 1_000_000
_PYTHONS = {"DuckDB": ".venv", "Spark": ".venv-spark"}
_TITLE = "The lake beyond one function: CPU s of a question, one processor"
_COLUMNS = ("runs", "question", "runs read", "DuckDB s", "DuckDB CPU s", "Spark s", "Spark CPU s")
_NOTE = (
    "30 days of one user in Parquet as folds write it, all columns, zstd: {sizes}; making them took"
    " {making}. Both read partitions by `user` and `date`, from local files. Percentiles are"
    " approximate in both; counts and sums are equal, percentiles within 2 %. Spark {spark}, in its"
    " local mode with one thread and 4 GB: what its planning, its JVM and its Parquet reader take;"
    " a cluster divides the files. One question after the other in one process, of which the first"
    " also warms it up. Load of the machine at the end: {load} on {processors} processors."
)


def run() -> Section:
    """Rows of figures for each count and question."""
    if shutil.which("java") is None:
        raise SystemExit(
            "error: java is not on the PATH (Debian: apt install openjdk-17-jre-headless)"
        )
    rows: list[dict[str, Cell]] = []
    sizes, making, spark = [], [], ""
    for count in COUNTS:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            started = time.process_time()
            size = _write_lake(Path(folder), count)
            making.append(f"{time.process_time() - started:,.0f} CPU s")
            sizes.append(f"{size / 10**9:,.2f} GB for {count:,}")
            answers = {name: _answered(python, name, folder) for name, python in _PYTHONS.items()}
            spark = answers["Spark"]["version"]
            rows += [_row(count, question, answers) for question in QUESTIONS]
            print(*rows[-len(QUESTIONS) :], sep="\n", flush=True)
    note = _NOTE.format(
        sizes=", ".join(sizes),
        making=" and ".join(making),
        spark=spark,
        load=", ".join(f"{each:.1f}" for each in os.getloadavg()),
        processors=os.cpu_count(),
    )
    return Section(_TITLE, _COLUMNS, rows, note)


def _write_lake(folder: Path, count: int) -> int:
    """Days of runs in the folders that keys have; the bytes of all."""
    a_day, size = count // DAYS, 0
    connection = duckdb.connect(config={"threads": 1})
    for number in range(DAYS):
        day = folder / "runs" / "user=ada" / f"date={day_of(START_US + number * DAY_US)}"
        day.mkdir(parents=True)
        for first in range(number * a_day, (number + 1) * a_day, _PART_ROWS):
            last = min(first + _PART_ROWS, (number + 1) * a_day)
            path = day / f"{1:012d}-{first:026d}.parquet"
            write_part(connection, path, count, number, (first, last))
            size += path.stat().st_size
    return size


def _answered(python: str, engine: str, folder: str) -> dict[str, Any]:
    done = subprocess.run(
        [str(ROOT / python / "bin" / "python"), "-m", "bench.lake_peer", engine, folder],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _row(count: int, question: str, answers: dict[str, Any]) -> dict[str, Cell]:
    found = {engine: answer[question] for engine, answer in answers.items()}
    _compare(question, *(each["rows"] for each in found.values()))
    row: dict[str, Cell] = {"runs": count, "question": question}
    row["runs read"] = sum(group[1] for group in found["DuckDB"]["rows"])
    for engine, each in found.items():
        row |= {f"{engine} s": each["s"], f"{engine} CPU s": each["CPU s"]}
    return row


def _compare(question: str, ours: list[list[Any]], theirs: list[list[Any]]) -> None:
    """Raises RuntimeError where both do not say the same."""
    for one, other in zip(ours, theirs, strict=True):
        *exact, percentile = zip(one, other, strict=True)
        if any(a != b for a, b in exact) or not math.isclose(*percentile, rel_tol=0.02):
            raise RuntimeError(f"{question}: {one} is not {other}")
