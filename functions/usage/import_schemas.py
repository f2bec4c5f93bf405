"""What an import takes and answers, as clients see it."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.usage.run_schemas import row_schema
from shared.http.schemas import Omitted, ProblemFault, Span

FormatName = Literal[
    "rows",
    "llama-bench",
    "llama-batched-bench",
    "llama.cpp",
    "openai",
    "lmstudio",
    "anthropic",
    "batch",
    "ollama",
    "sglang",
    "vllm",
    "sglang-bench",
    "aiperf",
    "genai-perf",
    "guidellm",
    "llmperf",
    "litellm",
    "langfuse",
    "llm",
    "llama-swap",
    "livekit",
    "otlp",
    "executorch",
    "localscore",
    "pocketpal",
]


class AssumedAnswer(BaseModel):
    """How a member was treated that some rows have, lack, or leave ambiguous."""

    field: str
    treated_as: str
    rows: int


class ImportAnswer(BaseModel):
    """The outcome of an import: `received` = `imported` + `duplicates` + `rejected` runs.

    `batch_id` is null when nothing was stored. `format` is `rows`, the name of what was
    recognised (`llama-bench`, `ollama`, `openai`, …), or `mixed`. `span` is null for no run;
    `sample`, of a dry run only, has the first three runs as they would be stored.
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
    span: Span | None
    sample: Omitted[list[dict[str, Any]]]


class FormatField(BaseModel):
    """Which member of a record becomes which member of a run; `unit` is the one it comes in."""

    from_: str = Field(alias="from")
    to: str
    unit: str | None


class ImportFormat(BaseModel):
    """A format that an import recognises; `dropped` says what is left out."""

    format: FormatName
    title: str
    media_types: list[str]
    told_by: str
    fields: list[FormatField]
    dropped: list[str]


class FormatsAnswer(BaseModel):
    """All formats that an import recognises."""

    data: list[ImportFormat]
    next_cursor: None
    has_more: Literal[False]


ROWS_SCHEMA = {
    "type": "array",
    "maxItems": 50_000,
    "items": row_schema(),
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
TEXT_SCHEMA = {
    "type": "string",
    "description": "Tables of llama-bench (`-o md`), or, as plain text, lines of ExecuTorch's "
    "`PyTorchObserver`.",
    "example": "| model | backend | ngl | test | t/s |\n| --- | --- | --: | --: | --: |\n"
    "| qwen2 7B Q4_K - Medium | CUDA | 99 | tg128 | 120.60 ± 0.59 |\n",
}
