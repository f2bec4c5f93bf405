"""Result lines of batches: OpenAI's (also vLLM's `run-batch`) and Anthropic's.

Each is an answer under the id that its sender gave the request
(https://platform.openai.com/docs/api-reference/batch/request-output,
https://docs.anthropic.com/en/api/retrieving-message-batch-results). A batch is worked off when
there is room, so no line has times.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.imports import anthropic, openai
from shared.imports.durations import mapping_in
from shared.imports.format import JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, is_bad_status, word
from shared.imports.moments import time_name

_LINES = frozenset({"response", "error", "result"})
_REQUEST = frozenset({"method", "url", "body", "params"})
_UNFINISHED = frozenset({"canceled", "expired", "batch_cancelled", "batch_expired"})


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is a line of results, or of requests, which are refused by name."""
    return "custom_id" in members and not (_LINES | _REQUEST).isdisjoint(members)


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer as a row. Raises RowRefused."""
    if _LINES.isdisjoint(members):
        detail = "this is a request of a batch: send the batch's output file"
        raise RowRefused("", "not_a_run", detail)
    rows = _answered(members)
    same = {"run_id": record_id(members)}
    for row in rows if rows is not None else (_failed(members),):
        yield {**row, **same}


def _failed(members: Mapping[str, Any]) -> dict[str, Any]:
    """A request that failed, at the time of its answer where it has one."""
    body = mapping_in(mapping_in(members, "response"), "body")
    name = time_name(body)
    return {"ok": False} | ({} if name is None else {"ts": body[name]})


def _answered(members: Mapping[str, Any]) -> Iterable[Mapping[str, Any]] | None:
    """The rows of the answer; None where the request failed. Raises RowRefused."""
    result, response = mapping_in(members, "result"), mapping_in(members, "response")
    body = mapping_in(result, "message") or mapping_in(response, "body")
    kind = word(result, "type")
    unfinished = _UNFINISHED & {kind, word(mapping_in(members, "error"), "code")}
    if unfinished:
        raise RowRefused("", "incomplete", f"the request was not carried out: {min(unfinished)}")
    if kind == "errored" or members.get("error") or is_bad_status(response.get("status_code")):
        return None
    for tool in (openai.FORMAT, anthropic.FORMAT):
        if tool.is_record(body):
            return [row for row in tool.rows_of(body) if not isinstance(row, RowRefused)]
    detail = "the line has no answer of a chat, a completion or a message"
    raise RowRefused("response/body", "not_a_run", detail)


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a line."""
    body = mapping_in(mapping_in(members, "response"), "body")
    if openai.FORMAT.is_record(body):
        yield from openai.FORMAT.notes(body)


FORMAT = Format(
    name="batch",
    title="Results of batches: OpenAI's (also vLLM's run-batch) and Anthropic's",
    media_types=(LINES, JSON),
    told_by="custom_id with response, error or result",
    sources=(
        Source("response.body, else result.message", "as openai and anthropic say"),
        Source("response.body.created", "ts", "epoch s"),
        Source("error, response.status_code, result.type: errored", "ok: false"),
    ),
    dropped=("custom_id", "what was said", "requests of a batch: refused by name"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
