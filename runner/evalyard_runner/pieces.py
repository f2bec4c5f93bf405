"""A piece of an answer in two, each as a model's server might have said it; no I/O.

For servers that say all at once, or much about each token: no message carries that much.
"""

from typing import Any

from evalyard_runner.readings import member, objects_of

Halves = tuple[dict[str, Any], dict[str, Any]]


def halves_of(choice: dict[str, Any]) -> Halves:
    """Two pieces that say the same, one after the other. Raises ValueError where there is nothing
    to cut.
    """
    first, second = dict(choice), {**choice, "delta": {}}
    for name, cut in (("delta", _halves_of_delta), ("logprobs", _halves_of_members)):
        if found := member(choice, name):
            first[name], second[name] = cut(found)
    if first == choice:
        raise ValueError("a piece of the answer is too large to be sent, and cannot be cut")
    if "finish_reason" in choice:
        first["finish_reason"] = None
    return first, second


def _halves_of_delta(delta: dict[str, Any]) -> Halves:
    first, second = _halves_of_members(delta, but=("role", "tool_calls"))
    if calls := objects_of(delta.get("tool_calls")):
        pairs = [_halves_of_call(call) for call in calls]
        first["tool_calls"] = [head for head, _ in pairs]
        second["tool_calls"] = [rest for _, rest in pairs if rest]
    return first, second


def _halves_of_members(members: dict[str, Any], but: tuple[str, ...] = ()) -> Halves:
    """Texts and lists in two; what cannot be cut is said first."""
    first, second = dict(members), {}
    for name, value in members.items():
        if name not in but and isinstance(value, str | list) and len(value) > 1:
            middle = len(value) // 2
            first[name], second[name] = value[:middle], value[middle:]
    return first, second


def _halves_of_call(call: dict[str, Any]) -> Halves:
    """A call of a tool, its arguments in two: who hears them joins them by their index."""
    function = member(call, "function")
    arguments = function.get("arguments")
    if not isinstance(arguments, str) or len(arguments) < 2:
        return call, {}
    middle = len(arguments) // 2
    head = {**call, "function": {**function, "arguments": arguments[:middle]}}
    rest = {"index": call.get("index", 0), "function": {"arguments": arguments[middle:]}}
    return head, rest
