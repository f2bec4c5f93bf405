"""The columns of runs: as JSON lines in segments, and as Parquet in parts.

The Parquet columns are what Athena, Spark or Trino see; append to the list, never
reorder or rename.
"""

# What runs can be grouped by.
DIMENSIONS = ("device", "model", "tag", "tenant", "dataset", "source_kind")

# name → DuckDB type, in JSON lines.
JSON_COLUMNS: dict[str, str] = {
    "run_id": "VARCHAR",
    "ts_us": "BIGINT",
    "device": "VARCHAR",
    "model": "VARCHAR",
    "tag": "VARCHAR",
    "tenant": "VARCHAR",
    "prompt_tokens": "BIGINT",
    "completion_tokens": "BIGINT",
    "latency_ms": "DOUBLE",
    "ttft_ms": "DOUBLE",
    "tok_s": "DOUBLE",
    "ok": "BOOLEAN",
    "job_id": "VARCHAR",
    "dataset": "VARCHAR",
    "source_kind": "VARCHAR",
    "prompt_preview": "VARCHAR",
    "extra": "MAP(VARCHAR, DOUBLE)",
    "batch_id": "VARCHAR",
}

# The same in Parquet, where the instant is a UTC timestamp in microseconds.
PARQUET_COLUMNS: dict[str, str] = {
    ("ts" if name == "ts_us" else name): ("TIMESTAMP" if name == "ts_us" else kind)
    for name, kind in JSON_COLUMNS.items()
}


def select_list() -> str:
    """The SQL select list that turns JSON columns into Parquet columns."""
    return ", ".join(
        "make_timestamp(ts_us) AS ts" if name == "ts_us" else name for name in JSON_COLUMNS
    )
