"""What is rewritten of the web layer does what it did."""

import ast
import json
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import urllib3
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.loaders import Loader

from local.pruning import SERVICES, put_stand_ins
from local.rewriting import REWRITTEN, rewrite, with_late_annotations, without_members

PACKAGES = Path(urllib3.__file__).parents[1]
# Their annotations are read when the class is made.
READ_BY_THEIR_ROOTS = {"BaseModel", "NamedTuple", "TypedDict"}
ADDRESSES = [
    "http://127.0.0.1:8080/2018-06-01/runtime?a=%2F#end",
    "https://dynamodb.eu-central-1.amazonaws.com",
    "https://bücher.example:443/a b/../c",
    "http://[2001:db8::1%25eth0]:80/",
    "http://[::ffff:1.2.3.4]",
    "//no-scheme:99",
    "http://a:b@c:65536",
    "http://[::1",
]
# What botocore says of a client and of its calls, before the service's name.
EVENTS = [
    "after-call",
    "after-call-error",
    "before-call",
    "before-endpoint-resolution",
    "before-parameter-build",
    "before-parse",
    "before-send",
    "before-sign",
    "choose-signer",
    "creating-client-class",
    "getattr",
    "needs-retry",
    "provide-client-params",
    "request-created",
    "response-received",
]
VALUES = [
    {"number": 1, "text": "a", "when": "2025-12-03T18:00:00Z", "more": {"a": [1, 2]}},
    {"number": "x", "text": None, "when": "no", "more": {"a": [None]}},
    {"number": 3},
]
ASKED = """
import json, sys
from datetime import datetime
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from urllib3.util import parse_url

class Model(BaseModel):
    number: int = Field(ge=1)
    text: str | None = Field(None, max_length=3, pattern="^[a-z]*$")
    when: datetime
    more: dict[str, list[int]] = Field(default_factory=dict)

def said(call, value):
    try:
        return str(call(value))
    except ValidationError as exc:
        return exc.errors(include_url=False, include_context=False)
    except ValueError as exc:
        return repr(exc)

addresses, values = json.load(sys.stdin)
print(json.dumps([
    [said(parse_url, each) for each in addresses],
    [said(Model.model_validate, each) for each in values],
    [said(TypeAdapter(list[Model]).validate_python, values)],
    Model.model_json_schema(),
]))
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The packages of which something is rewritten, as a build leaves them."""
    for name in {name.partition("/")[0] for name in REWRITTEN}:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PACKAGES / name, tmp_path / name, ignore=ignored)
    put_stand_ins(tmp_path)
    rewrite(tmp_path)
    return tmp_path


def source(name: str) -> str:
    return (PACKAGES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REWRITTEN)
def test_module_is_another_when_rewritten_and_the_same_when_rewritten_twice(name: str) -> None:
    rewritten = REWRITTEN[name](source(name))

    assert rewritten != source(name)
    assert REWRITTEN[name](rewritten) == rewritten


@pytest.mark.parametrize(
    "name", [name for name, how in REWRITTEN.items() if how is with_late_annotations]
)
def test_nothing_reads_the_annotations_that_stay_text(name: str) -> None:
    classes = [node for node in ast.walk(ast.parse(source(name))) if isinstance(node, ast.ClassDef)]

    assert READ_BY_THEIR_ROOTS.isdisjoint(
        ast.unparse(base) for node in classes for base in node.bases
    )


def test_module_is_the_same_but_for_members_when_they_are_left_out() -> None:
    original = ast.parse(source("pydantic_core/core_schema.py"))
    rewritten = ast.parse(without_members(ast.unparse(original)))

    for before, after in zip(original.body, rewritten.body, strict=True):
        if isinstance(before, ast.ClassDef) and ast.unparse(after).endswith(":\n    pass"):
            assert {type(each) for each in before.body} <= {ast.AnnAssign, ast.Expr}
            before.body = [ast.Pass()]
        assert ast.dump(before) == ast.dump(after)


def test_no_event_of_ours_has_another_name() -> None:
    aliaser = EventAliaser(HierarchicalEmitter())

    for service in SERVICES:
        names = Loader().load_service_model(service, "service-2")["operations"]
        for kind, name in product(EVENTS, names):
            event = f"{kind}.{service}.{name}"
            assert aliaser._alias_event_name(event) == event


def test_answers_are_the_same_when_packages_are_rewritten(packages: Path) -> None:
    assert answers_of(packages) == answers_of(PACKAGES)


def answers_of(packages: Path) -> object:
    """What pydantic and urllib3 say of addresses and values, right and wrong."""
    asked = subprocess.run(
        [sys.executable, "-c", ASKED],
        input=json.dumps([ADDRESSES, VALUES]),
        env={"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(asked.stdout)
