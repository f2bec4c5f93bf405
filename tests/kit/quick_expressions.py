"""Reads the expressions of DynamoDB that the product uses; others are moto's to read.

Each is read once a process. Raises NotQuick for what it does not know: nested paths, functions
other than the two about existence and `begins_with`, comparisons of anything but texts, numbers
and truths.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.kit.quick_s3 import NotQuick

Params = dict[str, Any]
Attributes = dict[str, Params]
Holds = Callable[[Attributes | None, dict[str, str], Params], Any]
_TOKEN = re.compile(r"\s*(?:([#:]?\w+)|(<=|>=|<>|[=<>(),]))")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left is not None and right is not None and left < right,
    "<=": lambda left, right: left is not None and right is not None and left <= right,
    ">": lambda left, right: left is not None and right is not None and left > right,
    ">=": lambda left, right: left is not None and right is not None and left >= right,
}
_KEY = re.compile(
    r"(#?\w+) = (:\w+)"
    r"(?: AND (?:begins_with\((#?\w+), (:\w+)\)|(#?\w+) BETWEEN (:\w+) AND (:\w+)))?"
)
_PLACEHOLDER = re.compile(r"[#:]\w+")
_CLAUSE = re.compile(r"(SET|ADD|REMOVE|DELETE) (.+?)(?= (?:SET|ADD|REMOVE|DELETE) |$)")
_ACTIONS = {
    "SET": re.compile(r"(#\w+) = (?:(:\w+)|if_not_exists\((#\w+), (:\w+)\))"),
    "ADD": re.compile(r"(#\w+) (:\w+)"),
    "DELETE": re.compile(r"(#\w+) (:\w+)"),
    "REMOVE": re.compile(r"(#\w+)"),
}


@cache
def names_in(expression: str) -> frozenset[str]:
    """The placeholders that an expression uses."""
    return frozenset(_PLACEHOLDER.findall(expression))


@cache
def condition(expression: str) -> Holds:
    """Says of an item, or of none, whether the condition holds; an empty one always does."""
    if not expression:
        return lambda item, names, values: True
    reader = _Reader(list(_tokens(expression)))
    holds = reader.any_of()
    if reader.tokens:
        raise NotQuick
    return holds


def key_range(
    expression: str, names: dict[str, str], values: Params
) -> tuple[str, str, str, Callable[[str], bool]]:
    """The hash key's name and value that a query asks for, the range key's name, if one is named,
    and whether a range key is in the range.
    """
    found = _KEY.fullmatch(expression)
    if found is None or names_in(expression) != names.keys() | values.keys():
        raise NotQuick
    hashed, wanted, prefixed, prefix, between, low, high = found.groups()
    asked = {each: _text(values[each]) for each in (wanted, prefix, low, high) if each}
    fits: Callable[[str], bool] = lambda text: True  # noqa: E731
    if prefixed:
        fits = lambda text: text.startswith(asked[prefix])  # noqa: E731
    if between:
        fits = lambda text: asked[low] <= text <= asked[high]  # noqa: E731
        if asked[low] > asked[high]:
            raise NotQuick
    ranged = prefixed or between
    return _named(hashed, names), asked[wanted], _named(ranged, names) if ranged else "", fits


def update_actions(
    expression: str, names: dict[str, str], values: Params
) -> Iterator[tuple[str, str, Params]]:
    """What an update does: `SET`, `SET_IF_ABSENT`, `ADD`, `REMOVE` or `DELETE`, to which
    attribute, with which value.
    """
    written = set()
    for action, name, value in _actions(expression):
        attribute = names[name]
        if attribute in written:
            raise NotQuick
        written.add(attribute)
        yield action, attribute, values[value] if value else {}


@cache
def _actions(expression: str) -> tuple[tuple[str, str, str], ...]:
    clauses = _CLAUSE.findall(expression)
    kinds = [kind for kind, _ in clauses]
    if " ".join(map(" ".join, clauses)) != expression or len(set(kinds)) < len(kinds):
        raise NotQuick
    return tuple(_action(kind, part) for kind, parts in clauses for part in _split(parts))


def _split(parts: str) -> list[str]:
    return re.split(r", (?![^(]*\))", parts)


def _action(kind: str, part: str) -> tuple[str, str, str]:
    found = _ACTIONS[kind].fullmatch(part)
    if found is None:
        raise NotQuick
    name, *rest = found.groups()
    if kind != "SET" or rest[0]:
        return kind, name, rest[0] if rest else ""
    if rest[1] != name:
        raise NotQuick
    return "SET_IF_ABSENT", name, rest[2]


def _tokens(expression: str) -> Iterator[str]:
    at = 0
    while at < len(expression.rstrip()):
        found = _TOKEN.match(expression, at)
        if found is None:
            raise NotQuick
        at = found.end()
        yield found[1] or found[2]


class _Reader:
    """Reads a condition from its tokens: `any_of` binds weakest."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def any_of(self) -> Holds:
        """Conditions between `OR`."""
        first = self._all_of()
        while self._comes("OR"):
            first = _either(first, self._all_of())
        return first

    def _all_of(self) -> Holds:
        first = self._one()
        while self._comes("AND"):
            first = _both(first, self._one())
        return first

    def _one(self) -> Holds:
        if self._comes("("):
            # Twice in a row, parentheses are refused by DynamoDB.
            if self.tokens[:1] == ["("]:
                raise NotQuick
            inner = self.any_of()
            self._expect(")")
            return inner
        word = self._word()
        if word in ("attribute_exists", "attribute_not_exists"):
            self._expect("(")
            path = _path(self._word())
            self._expect(")")
            return _existing(path, wanted=word == "attribute_exists")
        if word == "begins_with":
            return self._prefixed()
        return self._compared(_operand(word))

    def _prefixed(self) -> Holds:
        self._expect("(")
        path = _operand(self._word())
        self._expect(",")
        prefix = _operand(self._word())
        self._expect(")")
        return lambda *given: _begins(path(*given), prefix(*given))

    def _compared(self, left: Holds) -> Holds:
        word = self._word()
        if word == "BETWEEN":
            low = _operand(self._word())
            self._expect("AND")
            return _between(left, low, _operand(self._word()))
        if word not in _COMPARED:
            raise NotQuick
        return _comparing(_COMPARED[word], left, _operand(self._word()))

    def _word(self) -> str:
        if not self.tokens:
            raise NotQuick
        return self.tokens.pop(0)

    def _comes(self, token: str) -> bool:
        if self.tokens[:1] != [token]:
            return False
        self.tokens.pop(0)
        return True

    def _expect(self, token: str) -> None:
        if not self._comes(token):
            raise NotQuick


def _either(left: Holds, right: Holds) -> Holds:
    return lambda *given: left(*given) or right(*given)


def _both(left: Holds, right: Holds) -> Holds:
    return lambda *given: left(*given) and right(*given)


def _existing(path: str, *, wanted: bool) -> Holds:
    def holds(item: Attributes | None, names: dict[str, str], values: Params) -> bool:
        return (_named(path, names) in (item or {})) is wanted

    return holds


def _between(left: Holds, low: Holds, high: Holds) -> Holds:
    def holds(*given: Any) -> bool:
        value = left(*given)
        return value is not None and _quick(lambda: low(*given) <= value <= high(*given))

    return holds


def _comparing(compared: Callable[[Any, Any], bool], left: Holds, right: Holds) -> Holds:
    return lambda *given: _quick(lambda: compared(left(*given), right(*given)))


def _quick(compare: Callable[[], bool]) -> bool:
    try:
        return compare()
    except TypeError as exc:
        raise NotQuick from exc


def _operand(word: str) -> Holds:
    if word.startswith(":"):
        return lambda item, names, values: _cast(values[word])
    path = _path(word)

    def read(item: Attributes | None, names: dict[str, str], values: Params) -> Any:
        attribute = (item or {}).get(_named(path, names))
        return None if attribute is None else _cast(attribute)

    return read


def _path(word: str) -> str:
    plain = not word.startswith("#")
    if plain and (word[0] not in "abcdefghijklmnopqrstuvwxyz" or _is_reserved(word)):
        raise NotQuick
    return word


def _is_reserved(word: str) -> bool:
    return word.upper() in ReservedKeywords.get_reserved_keywords()


def _named(path: str, names: dict[str, str]) -> str:
    return names[path] if path.startswith("#") else path


def _cast(attribute: Params) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return Decimal(value)
    raise NotQuick


def _text(attribute: Params) -> str:
    if attribute.keys() != {"S"} or not isinstance(attribute["S"], str):
        raise NotQuick
    return attribute["S"]


def _begins(value: Any, prefix: Any) -> bool:
    texts = isinstance(value, str) and isinstance(prefix, str)
    return texts and value.startswith(prefix)
