"""Streams of chunks to one record each: the final state of each answer, not every step of it.

OpenAI-compatible chunks of one answer have the same `id`; `timings` and `usage` are
cumulative, so their last ones count. Anthropic's events have no id and come in order
(https://docs.anthropic.com/en/api/messages-streaming); those of the Responses API carry the
whole answer (https://platform.openai.com/docs/api-reference/responses-streaming). LM Studio's
own events name no answer and come in order, and so do Ollama's chunks, which name the model;
SGLang's have the id in `meta_info`. Gateways
send chunks that name nothing, or count nothing: they are of the answer that is coming.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.imports.members import word
from shared.imports.records import Record

_CHUNKS = frozenset({"chat.completion.chunk", "text_completion"})
_MEASURED = ("timings", "usage", "x_groq", "stats")
_NAMES = ("id", "object", "model", "created")
_DELTAS = ("response", "")
LMSTUDIO_START, LMSTUDIO_END = "chat.start", "chat.end"
_LMSTUDIO_EVENT = re.compile(
    r"(chat|model_load|prompt_processing|reasoning|tool_call|message)"
    r"\.(start|progress|delta|arguments|success|failure|end)\Z"
)
_ANTHROPIC = frozenset(
    {"message_delta", "message_stop", "content_block_start", "content_block_delta"}
    | {"content_block_stop", "ping"}
)
_CONTENT = frozenset({"text", "output_ids"})
_OLLAMA = frozenset({"response", "message", "thinking"})
_OF_ROWS = frozenset({"ts", "time", "run_id", "latency_ms", "completion_tokens"})


def joined(records: Iterable[Record]) -> tuple[list[Record], int]:
    """The records with one for each stream, where its last chunk was, and how many were
    passed over for it.
    """
    streams = _Streams()
    for record in records:
        try:
            streams.add(record)
        except Exception:
            # The last resort: it stays as it is, and is refused by name when it is read.
            streams.found[record.index] = record
    passed = streams.passed + (streams.found.pop(_DELTAS, None) is not None)
    return sorted(streams.found.values(), key=lambda record: record.index), passed


@dataclass
class _Streams:
    """What is known of each answer so far, by its id or, where it has none, by its place."""

    found: dict[Any, Record] = field(default_factory=dict)
    passed: int = 0
    # The answer of which the last chunk was that names one.
    latest: tuple[str, str] | None = None
    # Where the message is whose events are coming; outside of one they are records like others.
    message: int | None = None

    def add(self, record: Record) -> None:
        """Take one more record, of an answer that is known or of another one."""
        kind = record.members.get("type")
        if kind == "message_start" and isinstance(record.members.get("message"), Mapping):
            self.message = record.index
            self.found[record.index] = replace(record, members=record.members["message"])
        elif self.message is not None and kind in _ANTHROPIC:
            self.passed += 1
            message = self.found[self.message]
            self.found[self.message] = replace(message, members=_told(message, record))
            if kind == "message_stop":
                self.message = None
        else:
            self._add_chunk(record)

    def _add_chunk(self, record: Record) -> None:
        key = _answer(record.members)
        if key is None and _is_nameless(record.members):
            key = self.latest
            if key is None and not _says_anything(record.members):
                self.passed += 1
                return
        elif key is not None:
            self.latest = key
        whole = self.found.get(key) if key else None
        begins_again = whole is not None and _begins_again(whole.members, record.members)
        grown = _grown(None if begins_again else whole, record)
        # Nothing is changed before all of the record was looked at.
        self.found.pop(key, None)
        if whole is not None and begins_again:
            self.found[whole.index] = whole
        self.passed += whole is not None and not begins_again
        self.found[key or record.index] = grown


def _begins_again(whole: Mapping[str, Any], part: Mapping[str, Any]) -> bool:
    """Whether a server gave the id of a finished answer to another one."""
    if is_lmstudio_event(part):
        return word(part, "type") == LMSTUDIO_START
    if _sglang_id(part):
        return bool(whole["meta_info"].get("finish_reason"))
    if _is_ollama(part):
        return bool(whole["done"])
    return not _finished_choices(whole).isdisjoint(
        str(choice.get("index")) for choice in _choices(part)
    )


def _is_nameless(members: Mapping[str, Any]) -> bool:
    """Whether it is a chunk that does not say of which answer."""
    is_chunk = members.get("object") in (None, "", *_CHUNKS)
    return is_chunk and isinstance(members.get("choices"), list) and not members.get("id")


def _says_anything(members: Mapping[str, Any]) -> bool:
    return bool(members["choices"]) or any(members.get(name) for name in _MEASURED)


def _answer(members: Mapping[str, Any]) -> tuple[str, str] | None:
    """Which streamed answer a record is a part of, if any."""
    kind, response = members.get("type"), members.get("response")
    if isinstance(kind, str) and kind.startswith("response.") and _is_event(members):
        identity = response.get("id") if isinstance(response, Mapping) else None
        # Deltas name no answer; they belong to the last event that does.
        return ("response", identity) if isinstance(identity, str) else _DELTAS
    identity = members.get("id")
    if word(members, "object") in _CHUNKS and isinstance(identity, str) and identity:
        return ("chunk", identity)
    if is_lmstudio_event(members):
        return ("lmstudio", "")
    if _is_ollama(members):
        return ("ollama", word(members, "model") or "")
    identity = _sglang_id(members)
    return ("sglang", identity) if identity else None


def is_lmstudio_event(members: Mapping[str, Any]) -> bool:
    """Whether it is an event of LM Studio's own API, not a row whose `type` is alike."""
    event = _LMSTUDIO_EVENT.match(word(members, "type") or "")
    return event is not None and _OF_ROWS.isdisjoint(members)


def _is_ollama(members: Mapping[str, Any]) -> bool:
    """Whether it is a chunk of Ollama's, the last one included."""
    is_chunk = isinstance(members.get("done"), bool) and not _OLLAMA.isdisjoint(members)
    return is_chunk and _OF_ROWS.isdisjoint(members)


def _sglang_id(members: Mapping[str, Any]) -> str | None:
    """The id of SGLang's answer, of which a record is a part."""
    about = members.get("meta_info")
    if not isinstance(about, Mapping) or _CONTENT.isdisjoint(members):
        return None
    return word(about, "id")


def _is_event(members: Mapping[str, Any]) -> bool:
    """Whether it is one of a stream, not a row whose `type` begins alike."""
    return not members.keys().isdisjoint(("response", "sequence_number", "item_id", "delta"))


def _grown(whole: Record | None, part: Record) -> Record:
    """What is known of an answer after one more part of it."""
    response = part.members.get("response")
    if isinstance(response, Mapping) and "usage" in response and "object" in response:
        return replace(part, members=response)
    if whole is None:
        return part
    kept = {name: whole.members.get(name) for name in _MEASURED if not _counts(part, name)}
    kept |= {name: whole.members.get(name) for name in _NAMES if not part.members.get(name)}
    kept = {name: value for name, value in kept.items() if value}
    if is_finished(whole.members) and not is_finished(part.members):
        kept["choices"] = whole.members["choices"]
    return replace(part, members={**part.members, **kept})


def _counts(part: Record, name: str) -> bool:
    """Whether a member has numbers; one of zeros only is a form that was not filled in."""
    said = part.members.get(name)
    return any(said.values()) if isinstance(said, Mapping) else bool(said)


def _told(message: Record, event: Record) -> Mapping[str, Any]:
    """A message with what an event says of its end."""
    usage, delta = event.members.get("usage"), event.members.get("delta")
    if event.members.get("type") != "message_delta":
        return message.members
    before = message.members.get("usage")
    merged = {**(before if isinstance(before, Mapping) else {})}
    merged |= usage if isinstance(usage, Mapping) else {}
    end = delta if isinstance(delta, Mapping) else {}
    return {**message.members, **end, "usage": merged}


def is_finished(members: Mapping[str, Any]) -> bool:
    """Whether a chunk, or all chunks together, say why the answer ended."""
    return bool(_finished_choices(members))


def _finished_choices(members: Mapping[str, Any]) -> set[str]:
    return {str(choice.get("index")) for choice in _choices(members) if choice.get("finish_reason")}


def _choices(members: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    choices = members.get("choices")
    return (
        [each for each in choices if isinstance(each, Mapping)] if isinstance(choices, list) else []
    )
