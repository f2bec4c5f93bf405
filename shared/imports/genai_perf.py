"""Single requests of GenAI-Perf and Perf Analyzer, `profile_export.json`: one run for each.

Moments are nanoseconds since the epoch
(https://github.com/triton-inference-server/perf_analyzer). GenAI-Perf counts tokens with a
tokeniser of its own: the file has texts only, so a run has no counts. Chunks without a content,
as the first and the last of a stream, are no token, as GenAI-Perf itself has it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from shared.imports.durations import mapping_in
from shared.imports.format import JSON, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read, word
from shared.runs import read_amount

_NS_PER_MS = 1e6
# Where there are texts, one of them is not empty.
_TEXT = re.compile(r'"(content|reasoning_content|text|text_output|generated_text)"\s*:\s*"[^"]')
_ENDS = ("data: [DONE]", "")


def _is_record(members: Mapping[str, Any]) -> bool:
    experiments = members.get("experiments")
    first = experiments[0] if isinstance(experiments, list) and experiments else None
    requests = first.get("requests") if isinstance(first, Mapping) else None
    return isinstance(requests, list) and any(
        isinstance(request, Mapping) and "response_timestamps" in request for request in requests
    )


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any] | RowRefused]:
    for number, experiment in enumerate(members["experiments"]):
        requests = experiment.get("requests") if isinstance(experiment, Mapping) else None
        for place, request in enumerate(requests if isinstance(requests, list) else ()):
            try:
                yield _request(request)
            except RowRefused as exc:
                yield exc.inside(f"experiments/{number}/requests/{place}")


def _request(request: Any) -> dict[str, Any]:
    if not isinstance(request, Mapping):
        raise RowRefused("", "not_an_object", "a request is an object")
    if request.get("timestamp") is None:
        raise RowRefused("timestamp", "time_missing", "the request has no start")
    began = read(request, "timestamp", read_amount) or 0.0
    said = _moments(request)
    if not said:
        raise RowRefused("response_timestamps", "incomplete", "nothing was answered")
    first = said[0] if len(said) > 1 else None
    return {
        "ts": request["timestamp"],
        "run_id": record_id({name: request[name] for name in _IDENTITY if name in request}),
        "model": _model(request),
        "latency_ms": _ms(said[-1] - began),
        "ttft_ms": None if first is None else _ms(first - began),
    }


_IDENTITY = ("timestamp", "sequence_id", "response_timestamps")


def _ms(ns: float) -> float:
    """Raises RowRefused for an answer before its request."""
    if ns < 0:
        raise RowRefused("response_timestamps", "out_of_range", "it is before the request")
    return ns / _NS_PER_MS


def _moments(request: Mapping[str, Any]) -> list[float]:
    """When something of the answer came. Raises RowRefused."""
    moments, outputs = request.get("response_timestamps"), request.get("response_outputs")
    if not isinstance(moments, list):
        raise RowRefused("response_timestamps", "not_a_list", "response_timestamps is a list")
    texts = [_text(each) for each in outputs] if isinstance(outputs, list) else []
    named = any(map(_TEXT.search, texts))
    known = len(texts) == len(moments)
    return [
        read({"moment": moment}, "moment", read_amount) or 0.0
        for place, moment in enumerate(moments)
        if not known or _counts(texts[place], named=named)
    ]


def _counts(text: str, *, named: bool) -> bool:
    """Whether a chunk carries something."""
    return bool(_TEXT.search(text)) if named else text.strip() not in _ENDS


def _text(output: Any) -> str:
    """An output's response as a server's text; those of Triton itself have their own names."""
    if not isinstance(output, Mapping):
        return ""
    said = word(output, "response")
    return msgspec.json.encode(output).decode() if said is None else said


def _model(request: Mapping[str, Any]) -> str | None:
    """The model that the request's payload names."""
    payload = word(mapping_in(request, "request_inputs"), "payload")
    try:
        sent = msgspec.json.decode(payload or "null")
    except (msgspec.DecodeError, RecursionError):
        return None
    return word(sent, "model") if isinstance(sent, Mapping) else None


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a file."""
    yield "experiments", "one run for each request; the file counts no tokens"
    yield "timestamp", "ts"
    yield "response_timestamps", "latency_ms and, of a stream, ttft_ms"


FORMAT = Format(
    name="genai-perf",
    title="GenAI-Perf's and Perf Analyzer's profile_export.json: one run for each request",
    media_types=(JSON,),
    told_by="experiments whose first has requests with response_timestamps",
    sources=(
        Source("requests.timestamp", "ts", "epoch ns"),
        Source("requests.request_inputs.payload: model", "model"),
        Source("last of response_timestamps - timestamp", "latency_ms", "ns"),
        Source("first of several response_timestamps - timestamp", "ttft_ms", "ns"),
    ),
    dropped=(
        "prompts and outputs: tokens are not counted in the file",
        "chunks that carry nothing",
        "requests without an answer: refused one by one",
    ),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
    rows_stand_alone=True,
)
