"""GuideLLM's benchmarks.json: one run for each request (https://github.com/vllm-project/guidellm).

Moments are epoch seconds; newer versions have them in `info.timings`, older ones in the request.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import between_ms, mapping_in, seconds_as_ms
from shared.imports.format import JSON, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_amount, read_count

_FIRST = "first_token_iteration"
_TEXTS = frozenset({"output", "prompt", "request_args", "response_args"})


def _is_record(members: Mapping[str, Any]) -> bool:
    benchmarks = members.get("benchmarks")
    first = benchmarks[0] if isinstance(benchmarks, list) and benchmarks else None
    return isinstance(first, Mapping) and isinstance(first.get("requests"), Mapping)


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any] | RowRefused]:
    model = mapping_in(members, "args").get("model")
    for number, benchmark in enumerate(members["benchmarks"]):
        kinds = mapping_in(benchmark, "requests") if isinstance(benchmark, Mapping) else {}
        for kind in ("successful", "errored", "incomplete"):
            requests = kinds.get(kind)
            for place, request in enumerate(requests if isinstance(requests, list) else ()):
                try:
                    yield _request(request, kind, model)
                except RowRefused as exc:
                    yield exc.inside(f"benchmarks/{number}/requests/{kind}/{place}")


def _request(request: Any, kind: str, model: Any) -> dict[str, Any]:
    if not isinstance(request, Mapping):
        raise RowRefused("", "not_an_object", "a request is an object")
    if kind == "incomplete":
        raise RowRefused("", "incomplete", "the request was not finished")
    failed = kind == "errored"
    timings = mapping_in(mapping_in(request, "info"), "timings")
    began = timings.get("request_start", request.get("request_start_time"))
    began = request.get("start_time") if began is None else began
    if began is None:
        raise RowRefused("request_start_time", "time_missing", "the request has no start")
    same = {name: value for name, value in request.items() if name not in _TEXTS}
    return {
        "ts": began,
        "run_id": record_id(same),
        "model": request.get("model", model),
        "prompt_tokens": read(request, "prompt_tokens", read_count),
        "completion_tokens": read(request, "output_tokens", read_count),
        "latency_ms": None if failed else _latency(request, timings),
        "ttft_ms": None if failed else _ttft(request, timings),
        "ok": not failed,
    }


def _latency(request: Mapping[str, Any], timings: Mapping[str, Any]) -> float | None:
    said = seconds_as_ms(request, "request_latency")
    return between_ms(timings, "request_start", "request_end") if said is None else said


def _ttft(request: Mapping[str, Any], timings: Mapping[str, Any]) -> float | None:
    """As it is said; else by its moment, where it was not the last one as well: then nothing was
    streamed.
    """
    said = read(request, "time_to_first_token_ms", read_amount)
    if said is not None or timings.get(_FIRST) == timings.get("last_token_iteration"):
        return said
    return between_ms(timings, "request_start", _FIRST)


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "benchmarks", "one run for each request"
    yield "request_start_time", "ts"
    yield "request_latency", "latency_ms"


FORMAT = Format(
    name="guidellm",
    title="GuideLLM benchmarks.json: one run for each request",
    media_types=(JSON,),
    told_by="benchmarks whose first has requests",
    sources=(
        Source("info.timings.request_start, else request_start_time", "ts", "epoch s"),
        Source("args.model", "model"),
        Source("prompt_tokens", "prompt_tokens", "tokens"),
        Source("output_tokens", "completion_tokens", "tokens"),
        Source("request_latency", "latency_ms", "s"),
        Source("time_to_first_token_ms", "ttft_ms", "ms"),
        Source("requests.errored", "ok: false"),
    ),
    dropped=("prompts and outputs", "metrics over all requests", "incomplete: refused one by one"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
    rows_stand_alone=True,
)
