"""What is worked out once comes out as MiniStack has it each time."""

import json
import subprocess
from types import SimpleNamespace
from typing import Any

from local.emulator.compiled import parse_policies_once
from local.home import ROOT

# Under the interpreter that has MiniStack: what it finds, and what is found in its place.
_BOTH = """
import json, sys
from ministack.services import apigateway
from local.emulator.compiled import compile_paths_once

found = apigateway._extract_path_params
asked = json.load(sys.stdin)
before = [found(*each) for each in asked]
compile_paths_once(apigateway)
print(json.dumps([before, [apigateway._extract_path_params(*each) for each in asked]]))
"""
_ROUTES = ("/", "/a", "/a/{x}", "/a/{x}/b", "/a/{x}/{y+}", "/{proxy+}", "/a.b/{x}", "/a/{x}-{z}")
_PATHS = ("/", "/a", "/a/", "/a/1", "/a/1/b", "/a/1/2/3", "/axb/1", "/a.b/1", "/a/1-2", "/a/%2F")


def evaluator(parsed: list[Any]) -> Any:
    """Statements are the words of a document; notes which were parsed."""

    def parse_policy_document(document: Any) -> list[Any]:
        parsed.append(document)
        return document.split() if isinstance(document, str) else [document]

    return SimpleNamespace(parse_policy_document=parse_policy_document)


def test_policy_is_parsed_once_when_it_is_asked_for_again() -> None:
    parsed: list[Any] = []
    one = evaluator(parsed)
    parse_policies_once(one)

    first = one.parse_policy_document("allow deny")
    first.append("more")

    assert one.parse_policy_document("allow deny") == ["allow", "deny"]
    assert one.parse_policy_document("deny") == ["deny"]
    assert parsed == ["allow deny", "deny"]


def test_policy_is_parsed_each_time_when_it_may_change_in_place() -> None:
    parsed: list[Any] = []
    one = evaluator(parsed)
    parse_policies_once(one)

    assert [one.parse_policy_document({"a": 1}), one.parse_policy_document({"a": 1})]
    assert len(parsed) == 2


def test_paths_fit_the_routes_that_they_fit_before() -> None:
    asked = [(route, path) for route in _ROUTES for path in _PATHS]

    ended = subprocess.run(
        [ROOT / ".venv-cloud/bin/python", "-c", _BOTH],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PERSIST_STATE": "0"},
    )

    before, after = json.loads(ended.stdout)
    assert after == before
    assert {"x": "1", "y": "2/3"} in after
