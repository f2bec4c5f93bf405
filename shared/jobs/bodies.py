"""What is kept of a job apart from its state: what was asked, and what came out. The shapes, no
I/O.

`shared.jobs.body_store` says where.
"""

from typing import Any

import msgspec

from shared.runs import Run

# How long a signed address of a body is valid.
ADDRESS_VALID_S = 3_600
METRICS = (
    "prompt_tokens",
    "completion_tokens",
    "latency_ms",
    "ttft_ms",
    "tok_s",
    "tpot_ms",
    "prefill_tps",
    "load_ms",
)


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is asked."""

    prompt: str
    system: str | None = None
    options: dict[str, Any] = {}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a device reported. `metrics` has the names of METRICS; None is not measured. `flags`
    are those of `shared.jobs.flags`, in their order.
    `conditions` are as runs keep them, in the order in which they were sent.

    `log_uploaded`: the log is an object of its own, with `log_bytes`.
    """

    output: str
    metrics: dict[str, float | None]
    extra: dict[str, float] = {}
    flags: tuple[str, ...] = ()
    conditions: dict[str, str] = {}
    samples: list[dict[str, Any]] = []
    telemetry: dict[str, Any] | None = None
    provenance: dict[str, Any] | None = None
    log: str | None = None
    log_uploaded: bool = False
    log_bytes: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A result with all that follows from it, fixed once so that recording can be repeated.

    `row` is the adapter's row of the job, as a JSON object line.
    """

    result: Result
    ended_us: int
    run: Run
    row: str | None = None


def model_request_of(body: bytes) -> ModelRequest:
    """The request in a stored body."""
    return msgspec.json.decode(body, type=ModelRequest)


def outcome_of(body: bytes) -> Outcome:
    """The outcome in a stored body."""
    return msgspec.json.decode(body, type=Outcome)


def log_name(attempt: int) -> str:
    """The name of an attempt's uploaded log in the job's folder."""
    return f"log-{attempt}.txt"
