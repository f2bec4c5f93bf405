"""Spans of OpenTelemetry (OTLP as JSON) that follow the conventions of generative AI.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/: a span is a run where it counts
tokens. Moments are nanoseconds since the epoch, as text.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import between_ms, mapping_in
from shared.imports.format import JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused
from shared.imports.numbers import number_of

_BEGUN, _ENDED = "startTimeUnixNano", "endTimeUnixNano"
_ERROR = frozenset({"2", "STATUS_CODE_ERROR"})
_SENT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
_GENERATED = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
_MODELS = ("gen_ai.response.model", "gen_ai.request.model")


def _is_record(members: Mapping[str, Any]) -> bool:
    return isinstance(members.get("resourceSpans"), list)


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any] | RowRefused]:
    found = False
    for number, (span, resource) in enumerate(_spans(members)):
        said = _attributes(span)
        if not said.keys().isdisjoint((*_SENT, *_GENERATED)):
            found = True
            try:
                yield _row(span, said, resource)
            except RowRefused as exc:
                detail = f"of the span {number} (from 0): {exc.detail}"
                yield RowRefused("resourceSpans", exc.code, detail)
    if not found:
        raise RowRefused("resourceSpans", "nothing_measured", "no span has gen_ai.usage.…_tokens")


def _spans(members: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for group in _objects(members, "resourceSpans"):
        resource = _attributes(mapping_in(group, "resource"))
        for scope in _objects(group, "scopeSpans"):
            for span in _objects(scope, "spans"):
                yield span, resource


def _objects(members: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    found = members.get(name)
    for each in found if isinstance(found, list) else ():
        if isinstance(each, Mapping):
            yield each


def _attributes(members: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes by key; a value is in an object that says its type."""
    return {
        str(each.get("key")): next(iter(mapping_in(each, "value").values()), None)
        for each in _objects(members, "attributes")
    }


def _row(
    span: Mapping[str, Any], said: Mapping[str, Any], resource: Mapping[str, Any]
) -> dict[str, Any]:
    if span.get(_BEGUN) is None:
        raise RowRefused(_BEGUN, "time_missing", f"a span has no {_BEGUN}")
    return {
        "ts": span[_BEGUN],
        "run_id": record_id({name: span.get(name) for name in ("traceId", "spanId", _BEGUN)}),
        "model": _first(said, _MODELS),
        "device": resource.get("host.name"),
        "prompt_tokens": _count(said, _SENT),
        "completion_tokens": _count(said, _GENERATED),
        "latency_ms": between_ms(span, _BEGUN, _ENDED),
        "ok": str(mapping_in(span, "status").get("code")) not in _ERROR,
    }


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((said[name] for name in names if said.get(name) is not None), None)


def _count(said: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """A count; in OTLP's JSON a whole number is text."""
    value = _first(said, names)
    number = number_of(value) if isinstance(value, str) else None
    return value if number is None else number


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "resourceSpans", "one run for each span that counts tokens"
    yield _BEGUN, "ts"
    yield _ENDED, f"latency_ms: {_ENDED} - {_BEGUN}"
    yield "host.name", "device"


FORMAT = Format(
    name="otlp",
    title="OpenTelemetry spans of generative AI (OTLP as JSON)",
    media_types=(JSON, LINES),
    told_by="resourceSpans",
    sources=(
        Source(_BEGUN, "ts", "epoch ns"),
        Source("gen_ai.response.model, else gen_ai.request.model", "model"),
        Source("resource host.name", "device"),
        Source("gen_ai.usage.input_tokens", "prompt_tokens", "tokens"),
        Source("gen_ai.usage.output_tokens", "completion_tokens", "tokens"),
        Source(f"{_ENDED} - {_BEGUN}", "latency_ms", "ns"),
        Source("status.code", "ok"),
    ),
    dropped=("spans without token counts", "all other attributes, and events"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
    rows_stand_alone=True,
)
