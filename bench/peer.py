"""The server one would write first: FastAPI, pydantic and SQLite, doing what an append does.

It validates rows, stores them with the server's members, converts them to runs, stores
those, and commits before it answers.
"""

import json
import sqlite3
import sys
from datetime import datetime
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bench.load import ADAPTER
from shared.runs import derived_tok_s


class Row(BaseModel):
    """One measurement; further members are kept."""

    model_config = ConfigDict(extra="allow")

    ts: datetime
    device: str | None = None
    model: str | None = None
    prompt_tokens: int | None = Field(None, ge=0)
    completion_tokens: int | None = Field(None, ge=0)
    latency_ms: float | None = Field(None, ge=0)
    ttft_ms: float | None = Field(None, ge=0)


class Append(BaseModel):
    """The body of an append."""

    dataset: str
    rows: list[Row] = Field(max_length=10_000)


def create_app(path: str) -> FastAPI:
    """The server over a database file."""
    database = sqlite3.connect(path, check_same_thread=False)
    database.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE stored (dataset, body);"
        "CREATE TABLE runs (dataset, ts, device, model, prompt_tokens, completion_tokens,"
        " latency_ms, ttft_ms, tok_s, extra);"
    )
    app = FastAPI()

    @app.post("/user/data/append_jsonl")
    async def append(body: Append) -> dict[str, Any]:
        with database:
            database.executemany("INSERT INTO stored VALUES (?, ?)", map(_stored, body.rows))
            database.executemany(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_run, body.rows)
            )
        return {"appended": len(body.rows)}

    return app


def _stored(row: Row) -> tuple[str, str]:
    meta = {"_meta_user_id": "ada", "_meta_dataset": ADAPTER.dataset}
    return ADAPTER.dataset, json.dumps(row.model_dump(mode="json") | meta)


def _run(row: Row) -> tuple[Any, ...]:
    more = row.model_extra or {}
    extra = {one.label: more[one.field] for one in ADAPTER.extra_fields if one.field in more}
    speed = derived_tok_s(row.completion_tokens, row.latency_ms, row.ttft_ms)
    known = (row.device, row.model, row.prompt_tokens, row.completion_tokens)
    times = (row.latency_ms, row.ttft_ms, speed)
    return (ADAPTER.dataset, row.ts.timestamp(), *known, *times, json.dumps(extra))


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
