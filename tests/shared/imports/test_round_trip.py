"""Exported runs come back as they were, in any order of columns; the same body is judged alike."""

import json

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import EvalyardError
from shared.imports import read_records
from shared.imports.validation import judge
from shared.runs import MAX_TOKENS, Run, derived_tok_s, read_conditions
from tests.shared.imports.conftest import BATCH
from tests.shared.imports.csv_writer import COLUMNS, export

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NASTY = st.sampled_from(
    ["", "'", "=1+1", "'=1", "''@x", "-", "+", "\t", "\r\n", 'a"b', ",", "-3.2"]
)
LABELS = st.one_of(TEXTS, NASTY)
CONDITIONS = st.dictionaries(
    st.sampled_from(["commit", "quant", "threads", "warm"]),
    LABELS
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["4", "true", "1e5", '"', "-0", "4.0", "01"]),
    max_size=3,
).map(read_conditions)
AMOUNTS = st.floats(0, 1e300, allow_nan=False)
COUNTS = st.integers(0, MAX_TOKENS)
RUNS = st.builds(
    Run,
    run_id=LABELS.filter(bool),
    ts_us=st.integers(946_684_800 * 10**6, BATCH.began_us),
    device=st.none() | LABELS,
    model=st.none() | LABELS,
    tag=st.none() | LABELS,
    tenant=LABELS,
    prompt_tokens=st.none() | COUNTS,
    completion_tokens=st.none() | COUNTS,
    latency_ms=st.none() | AMOUNTS,
    ttft_ms=st.none() | AMOUNTS,
    ok=st.booleans(),
    job_id=st.none() | LABELS,
    dataset=st.none() | LABELS,
    source_kind=LABELS,
    prompt_preview=st.none() | LABELS,
    extra=st.dictionaries(LABELS, st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    batch_id=st.just(BATCH.batch_id),
    conditions=CONDITIONS,
)


def with_speed(run: Run) -> Run:
    some = run.completion_tokens is not None and run.completion_tokens >= 2
    speed = derived_tok_s(run.completion_tokens, run.latency_ms, run.ttft_ms) if some else None
    return msgspec.structs.replace(run, tok_s=speed)


ALL_RUNS = st.lists(RUNS.map(with_speed), max_size=5)


@given(ALL_RUNS, st.permutations(COLUMNS), st.booleans())
def test_runs_are_the_same_when_their_csv_comes_back(runs, columns, guard):
    body = export(runs, columns, guard=guard).encode()

    found = judge(read_records(body, "text/csv", guard=guard), BATCH)

    assert (found.faults, found.runs) == ([], runs)


@given(ALL_RUNS, st.sampled_from(["application/json", "application/x-ndjson"]))
def test_runs_are_the_same_when_their_json_comes_back(runs, kind):
    documents = [run.document() for run in runs]
    lines = "\n".join(map(json.dumps, documents))
    body = json.dumps(documents) if kind == "application/json" else lines

    found = judge(read_records(body.encode(), kind), BATCH)

    assert (found.faults, found.runs) == ([], runs)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)
MEMBERS = st.sampled_from(
    [*COLUMNS, "n_prompt", "n_gen", "avg_ns", "avg_ts", "samples_ns", "samples_ts", "test_time",
     "n_depth", "model_filename", "gpu_info", "done", "total_duration", "prompt_eval_duration",
     "eval_count", "eval_duration", "created_at", "timings", "prompt_n", "predicted_n",
     "predicted_ms", "created", "rows", "runs"]
)  # fmt: skip


@given(st.lists(st.dictionaries(MEMBERS, JUNK, max_size=8) | JUNK, max_size=4))
def test_verdict_comes_for_any_junk(rows):
    body = "\n".join(json.dumps(row) for row in rows if "NaN" not in json.dumps(row))

    found = judge(read_records(body.encode(), "application/x-ndjson"), BATCH)

    assert found.received >= len(found.runs)


VALUES = st.sampled_from(
    [0, 1, 128, -1, 1.5, 1e300, 5e-324, None, "x", [], [1], [5e-324], [0, "x"], True, {}]
)
RECORDS = (
    "n_prompt", "n_gen", "avg_ns", "avg_ts", "samples_ns", "samples_ts", "n_depth", "test_time",
    "model_filename", "done", "response", "total_duration", "load_duration",
    "prompt_eval_duration", "prompt_eval_count", "eval_count", "eval_duration",
    "prompt_eval_cached_count",
)  # fmt: skip
TIMINGS = (
    "prompt_n", "cache_n", "predicted_n", "prompt_ms", "predicted_ms", "predicted_per_second",
    "prompt_per_second",
)  # fmt: skip
TOOL_ROWS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(RECORDS, VALUES),
        "timings": st.dictionaries(st.sampled_from(TIMINGS), VALUES),
    },
)
ALMOST_NOTHING = [
    {"n_prompt": 0, "n_gen": 1, "avg_ns": 5e-324},
    {"done": True, "eval_count": 1, "eval_duration": 5e-324, "prompt_eval_duration": 5e-324},
    {"timings": {"prompt_n": 1, "prompt_ms": 1.7e308, "predicted_ms": 1.7e308}},
]


@example(ALMOST_NOTHING)
@given(st.lists(TOOL_ROWS, max_size=4))
def test_verdict_comes_for_any_junk_that_a_tool_might_write(rows):
    found = judge(read_records(json.dumps(rows).encode(), "application/json"), BATCH)

    assert all(fault.pointer.startswith("/rows/") for fault in found.faults)


BODIES = st.binary(max_size=60) | TEXTS.map(str.encode)


@given(BODIES, st.sampled_from(["text/csv", "application/json"]))
def test_body_is_read_or_refused_whatever_it_is(body, kind):
    try:
        judge(read_records(body, kind), BATCH)
    except EvalyardError as exc:
        code = exc.error_code
    else:
        code = "malformed"

    assert code.startswith(("malformed", "duplicate_column", "invalid_utf8"))
