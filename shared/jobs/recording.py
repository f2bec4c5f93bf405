"""What a finished attempt leaves in usage and datasets: one run, and the adapter's row."""

import msgspec

from shared import clock, ids
from shared.datasets import Adapter, job_row
from shared.isolation import kept_apart
from shared.jobs.bodies import METRICS, Outcome, Result
from shared.jobs.job import Job
from shared.runs import Run, joined_conditions, speed_of
from shared.segment_ids import batch_id_of, run_id_of
from shared.storage.log import SegmentLog, row_meta


def outcome(job: Job, result: Result, ended_us: int, adapter: Adapter | None) -> Outcome:
    """The outcome of a successful attempt; what it says is what will be recorded."""
    result = with_derived(result)
    run = _run(job, result, ended_us, adapter)
    row = None
    if adapter is not None:
        # The result and its run count, also when the adapter's row cannot be made.
        with kept_apart("job_row_not_made", "RowsNotConverted", service="rows", job_id=job.job_id):
            row = _row(job, result, run, adapter)
    return Outcome(result=result, ended_us=ended_us, run=run, row=row)


def record(segments: SegmentLog, job: Job, run: Run, row: str | None) -> None:
    """Write the segment of an attempt that is over; again changes nothing."""
    segments.append(
        job.user_id,
        run.dataset or "",
        [] if row is None else [row.encode()],
        [run],
        segment_id=segment_id(job, run.ts_us),
        repeatable=True,
    )


def failed_run(job: Job) -> Run:
    """The run of a job that died after having run."""
    assert job.finished_us is not None, "a job that ends has its end"
    run = _base_run(job, job.finished_us, ok=False)
    return msgspec.structs.replace(run, device=job.attempts[-1].device)


def segment_id(job: Job, ended_us: int) -> str:
    """The id of the attempt's segment, the same however often it is written."""
    return ids.repeatable_ulid(ended_us, job.job_id, str(job.attempt))


def with_derived(result: Result) -> Result:
    """The result with what follows from its own numbers, where the device left it out.

    What the device said to be null, or withheld because it would be wrong, stays null.
    """
    known = dict.fromkeys(METRICS) | result.metrics
    tokens = known.get("completion_tokens")
    latency, ttft = known.get("latency_ms"), known.get("ttft_ms")
    if not _is_null(result, "tok_s"):
        known["tok_s"] = speed_of(
            known.get("tok_s"), None if tokens is None else round(tokens), latency, ttft
        )
    if "tpot_ms" not in result.metrics and not _is_null(result, "tpot_ms"):
        known["tpot_ms"] = _tpot_ms(tokens, latency, ttft)
    return msgspec.structs.replace(result, metrics=known)


def _is_null(result: Result, name: str) -> bool:
    if name in result.metrics and result.metrics[name] is None:
        return True
    said = (result.provenance or {}).get(name)
    return isinstance(said, dict) and said.get("kind") == "withheld"


def _tpot_ms(tokens: float | None, latency: float | None, ttft: float | None) -> float | None:
    if tokens is None or latency is None or ttft is None or tokens < 2 or latency < ttft:
        return None
    return (latency - ttft) / (tokens - 1)


def _base_run(job: Job, ended_us: int, *, ok: bool) -> Run:
    segment = segment_id(job, ended_us)
    return Run(
        run_id=run_id_of(segment, 0),
        ts_us=ended_us,
        device=job.device,
        model=job.model,
        tag=job.tag,
        tenant=job.tenant,
        ok=ok,
        job_id=job.job_id,
        source_kind="job",
        prompt_preview=job.prompt_preview,
        batch_id=batch_id_of(segment),
        conditions=job.conditions,
    )


def _run(job: Job, result: Result, ended_us: int, adapter: Adapter | None) -> Run:
    measured = result.metrics
    return msgspec.structs.replace(
        _base_run(job, ended_us, ok=True),
        prompt_tokens=_count(measured.get("prompt_tokens")),
        completion_tokens=_count(measured.get("completion_tokens")),
        latency_ms=measured.get("latency_ms"),
        ttft_ms=measured.get("ttft_ms"),
        tok_s=measured.get("tok_s"),
        dataset=None if adapter is None else adapter.dataset,
        extra=result.extra,
        conditions=joined_conditions(job.conditions, result.conditions)[0],
    )


def _row(job: Job, result: Result, run: Run, adapter: Adapter) -> str:
    facts = run.document() | {"ts": clock.iso(run.ts_us)}
    row = job_row(adapter, facts, {**result.metrics, **result.extra})
    at = clock.iso(run.ts_us)
    meta = row_meta(job.user_id, adapter.dataset, at, batch_id_of(segment_id(job, run.ts_us)))
    return msgspec.json.encode(row | meta).decode()


def _count(value: float | None) -> int | None:
    return None if value is None else round(value)
