"""A whole answer out of its pieces, as OpenAI's API puts it together; no I/O."""

from typing import Any

Choice = dict[str, Any]


class Collected:
    """Fed with the choices of the pieces, in order. Only the first choice of an answer is kept."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._other: dict[str, Any] = {}
        self._calls: dict[int, dict[str, Any]] = {}
        self._logprobs: dict[str, list[Any]] = {}
        self.chunks: list[tuple[float, int]] = []

    def hear(self, at_ms: float, choice: Choice) -> None:
        """One piece."""
        for name, value in delta_of(choice).items():
            if name == "tool_calls":
                self._hear_calls(value)
            elif name == "role":
                continue
            elif isinstance(value, str):
                self._texts.setdefault(name, []).append(value)
            elif value is not None:
                self._other[name] = value
        for name, entries in members_of(choice.get("logprobs")).items():
            if isinstance(entries, list):
                self._logprobs.setdefault(name, []).extend(entries)
        self.chunks.append((at_ms, len(text_of(choice))))

    @property
    def text(self) -> str:
        """What the model said, without its thoughts."""
        return "".join(self._texts.get("content", ()))

    @property
    def reasoning(self) -> str | None:
        """What it thought, where its server keeps that apart."""
        found = self._texts.get("reasoning_content") or self._texts.get("reasoning")
        return "".join(found) if found else None

    def message(self) -> dict[str, Any]:
        """The message of a chat's answer."""
        texts = {name: "".join(parts) for name, parts in self._texts.items()}
        calls = [self._calls[index] for index in sorted(self._calls)]
        found: dict[str, Any] = {"role": "assistant", "content": texts.pop("content", None)}
        found |= texts | self._other
        return found | ({"tool_calls": calls} if calls else {})

    def logprobs(self) -> dict[str, Any] | None:
        """Of all tokens, where they were asked for."""
        return dict(self._logprobs) or None

    def _hear_calls(self, deltas: Any) -> None:
        for delta in filter(None, map(members_of, deltas if isinstance(deltas, list) else [])):
            index = delta.get("index")
            call = self._calls.setdefault(index if isinstance(index, int) else 0, {})
            for name, value in delta.items():
                if name == "function":
                    _grow(call.setdefault("function", {}), members_of(value))
                elif name != "index" and value is not None:
                    call[name] = value


def delta_of(choice: Choice) -> dict[str, Any]:
    """What a piece adds, by name."""
    return members_of(choice.get("delta"))


def text_of(choice: Choice) -> str:
    """What a piece adds to the answer."""
    content = delta_of(choice).get("content")
    return content if isinstance(content, str) else ""


def reasoning_of(choice: Choice) -> str:
    """What a piece adds to the thoughts, where the model's server keeps them apart."""
    delta = delta_of(choice)
    thoughts = delta.get("reasoning_content") or delta.get("reasoning")
    return thoughts if isinstance(thoughts, str) else ""


def members_of(said: Any) -> dict[str, Any]:
    """What is in an object; nothing where a model's server says something else in its place."""
    return said if isinstance(said, dict) else {}


def _grow(function: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if isinstance(value, str) and name == "arguments":
            function[name] = f"{function.get(name, '')}{value}"
        elif value is not None:
            function[name] = value
