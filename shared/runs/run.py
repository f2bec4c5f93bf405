"""What follows from a run: its form as JSON lines, whether it can be stored, its speed."""

import sys
from collections.abc import Iterable

import msgspec

from shared.clock import day_of
from shared.runs.columns import Run

# JSON knows no infinity.
_MAX_SPEED = sys.float_info.max
MIN_TOKENS_OF_A_SPEED = 2
_ENCODER = msgspec.json.Encoder()
_STORED = msgspec.msgpack.Encoder()


def encode_runs(runs: Iterable[Run]) -> bytes:
    """Runs as JSON lines, as DuckDB is given them."""
    return _ENCODER.encode_lines(list(runs))


def check_storable(run: Run) -> None:
    """Raises whatever keeps a run from being stored, before it is put among others."""
    _STORED.encode(run)
    day_of(run.ts_us)


def speed_of(
    said: float | None,
    completion_tokens: float | None,
    latency_ms: float | None,
    ttft_ms: float | None,
) -> float | None:
    """Tokens per second as the source says, or derived; fewer than two tokens have no speed,
    whatever the source says.
    """
    if completion_tokens is not None and completion_tokens < MIN_TOKENS_OF_A_SPEED:
        return None
    return derived_tok_s(completion_tokens, latency_ms, ttft_ms) if said is None else said


def derived_tok_s(
    completion_tokens: float | None, latency_ms: float | None, ttft_ms: float | None
) -> float | None:
    """Tokens per second where the source did not say.

    With a time to first token: the decode speed of the second and later tokens, as
    MLPerf Client counts it, `(completion_tokens − 1) / ((latency − ttft) / 1000)`.
    Without: `completion_tokens / (latency / 1000)`. None where neither is known, and with
    fewer than two tokens, between which no time passes.
    """
    if completion_tokens is None or latency_ms is None or completion_tokens < MIN_TOKENS_OF_A_SPEED:
        return None
    tokens, seconds = completion_tokens, latency_ms / 1000
    if ttft_ms is not None and ttft_ms < latency_ms:
        tokens, seconds = completion_tokens - 1, (latency_ms - ttft_ms) / 1000
    # A time so short that it vanishes, or makes the speed infinite, was no measurement.
    return tokens / seconds if seconds > 0 and tokens / seconds <= _MAX_SPEED else None
