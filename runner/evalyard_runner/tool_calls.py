"""The tool calls of an answer, put together from the pieces in which they are streamed; no I/O."""

import json
from typing import Any

from evalyard_runner.readings import count, member, objects_of


class ToolCalls:
    """OpenAI streams a call in pieces with an `index`; Ollama sends each call whole."""

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, Any]] = {}

    def hear(self, pieces: Any) -> bool:
        """Note the pieces of one chunk; False when there are none."""
        found = [(piece, member(piece, "function")) for piece in objects_of(pieces)]
        known = [(piece, said) for piece, said in found if said]
        for piece, said in known:
            self._add(self._calls.setdefault(self._place(piece, said), {}), said)
        return bool(known)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._calls)

    def text(self) -> str:
        """The calls as one line of JSON; empty when there are none."""
        calls = [self._calls[place] for place in sorted(self._calls)]
        return json.dumps({"tool_calls": calls}, ensure_ascii=False) if calls else ""

    def _add(self, call: dict[str, Any], said: dict[str, Any]) -> None:
        if said.get("name"):
            call["name"] = said["name"]
        arguments, known = said.get("arguments"), call.get("arguments")
        if isinstance(arguments, str) and isinstance(known, str):
            call["arguments"] = known + arguments
        elif arguments is not None:
            call["arguments"] = arguments

    def _place(self, piece: dict[str, Any], said: dict[str, Any]) -> int:
        """Its index; without one, a piece without a name goes on with the call before it."""
        index = count(piece.get("index"))
        if index is not None:
            return index
        return len(self._calls) - (1 if self._calls and not said.get("name") else 0)
