"""Policies are parsed once for each text, and come out as they did."""

from types import SimpleNamespace
from typing import Any

from local.emulator.policies import parse_once


def evaluator(parsed: list[Any]) -> Any:
    """Statements are the words of a document; notes which were parsed."""

    def parse_policy_document(document: Any) -> list[Any]:
        parsed.append(document)
        return document.split() if isinstance(document, str) else [document]

    return SimpleNamespace(parse_policy_document=parse_policy_document)


def test_policy_is_parsed_once_when_it_is_asked_for_again() -> None:
    parsed: list[Any] = []
    one = evaluator(parsed)
    parse_once(one)

    first = one.parse_policy_document("allow deny")
    first.append("more")

    assert one.parse_policy_document("allow deny") == ["allow", "deny"]
    assert one.parse_policy_document("deny") == ["deny"]
    assert parsed == ["allow deny", "deny"]


def test_policy_is_parsed_each_time_when_it_may_change_in_place() -> None:
    parsed: list[Any] = []
    one = evaluator(parsed)
    parse_once(one)

    assert [one.parse_policy_document({"a": 1}), one.parse_policy_document({"a": 1})]
    assert len(parsed) == 2
