"""What an import takes and answers, as clients see it."""

from typing import Any

from pydantic import BaseModel

from shared.http.schemas import ProblemFault


class AssumedAnswer(BaseModel):
    """How a member was treated that some rows have, lack, or leave ambiguous."""

    field: str
    treated_as: str
    rows: int


class ImportAnswer(BaseModel):
    """The outcome of an import: `received` = `imported` + `duplicates` + `rejected` runs.

    `batch_id` is null when nothing was stored. `format` is `rows`, `llama-bench`, `ollama`,
    `llama.cpp` or `mixed`.
    """

    batch_id: str | None
    received: int
    imported: int
    duplicates: int
    rejected: int
    errors: list[ProblemFault]
    errors_truncated: bool
    format: str
    assumed: list[AssumedAnswer]


def _text(description: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "maxLength": 256, "description": description}


def _number(description: str) -> dict[str, Any]:
    return {"type": ["number", "null"], "minimum": 0, "description": description}


def _count(description: str) -> dict[str, Any]:
    return {"type": ["integer", "null"], "minimum": 0, "description": description}


_ROW_SCHEMA = {
    "type": "object",
    "properties": {
        "run_id": _text("An id that exists already marks a duplicate. Absent: generated."),
        "ts": {
            "type": ["string", "number"],
            "description": "ISO 8601 or epoch. Absent: now; null: an error.",
        },
        "time": {"type": ["string", "number"], "description": "Read when there is no ts."},
        "device": _text("The device that it ran on."),
        "model": _text("The model."),
        "tag": _text("Any label."),
        "tenant": _text("Absent: the caller's."),
        "prompt_tokens": _count("Tokens of the prompt."),
        "completion_tokens": _count("Tokens that were generated."),
        "latency_ms": _number("From the request to the last token."),
        "ttft_ms": _number("From the request to the first token."),
        "tok_s": _number("Decode speed. Absent: derived from tokens, latency_ms and ttft_ms."),
        "ok": {"type": ["boolean", "null"], "description": "Absent: true."},
        "job_id": _text("The job that made the run."),
        "dataset": _text("The dataset that it belongs to."),
        "source_kind": _text("Where it came from. Absent: import."),
        "prompt_preview": {
            "type": ["string", "null"],
            "description": "The beginning of the prompt; cut to 200 characters.",
        },
        "extra": {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["number", "null"]},
            "maxProperties": 256,
            "description": "Numbers by label.",
        },
    },
}
ROWS_SCHEMA = {
    "type": "array",
    "maxItems": 50_000,
    "items": _ROW_SCHEMA,
    "example": [
        {
            "run_id": "bench-2025-12-03-0001",
            "ts": "2025-12-03T18:00:00Z",
            "device": "server-1",
            "model": "llama3-8b",
            "prompt_tokens": 50,
            "completion_tokens": 120,
            "latency_ms": 900,
            "ttft_ms": 220,
            "extra": {"GPU power (W)": 45.5},
        }
    ],
}
LINES_SCHEMA = {
    "type": "string",
    "description": "One row, a JSON object, on each line.",
    "example": '{"ts":"2025-12-03T18:00:00Z","model":"llama3-8b","latency_ms":900}\n',
}
CSV_SCHEMA = {
    "type": "string",
    "description": "A header and a line for each run (RFC 4180); `extra` is JSON.",
    "example": "ts,device,model,completion_tokens,latency_ms\r\n"
    "2025-12-03T18:00:00Z,server-1,llama3-8b,120,900\r\n",
}
