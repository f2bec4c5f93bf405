"""The example of every public method, as it stands in its docstring, against the real functions."""

import ast
import asyncio
import doctest
import inspect
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest
from evalyard import AsyncEvalyard, Evalyard, aio, client
from evalyard.core import places

from tests.client.conftest import TOKEN, InProcess
from tests.kit.loops import finish
from tests.kit.yard import Yard

URL = "https://api.example.com"
PARSER = doctest.DocTestParser()
CHECKER = doctest.OutputChecker()


class Working(httpx.BaseTransport):
    """A deployment whose device runs jobs when one is looked at: well, or badly."""

    def __init__(self, inner: InProcess, yard: Yard) -> None:
        self._inner = inner
        self._yard = yard

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and request.url.path.startswith("/api/jobs/"):
            queued = self._yard.user().get("/api/jobs?status=queued").json()["data"]
            for job in reversed([each for each in queued if each["model"] != "slow"]):
                self._run(job)
        return self._inner.handle_request(request)

    def _run(self, job: dict[str, Any]) -> None:
        attempt = self._yard.claim(job["job_id"])
        if job["model"] == "broken":
            self._yard.fail(job["job_id"], attempt, code="out_of_memory", retryable=False)
        else:
            self._yard.complete(job["job_id"], attempt, output=job["prompt_preview"])


class InThread(httpx.AsyncBaseTransport):
    """The same for asyncio: the functions have a thread, and there a loop, of their own."""

    def __init__(self, inner: httpx.BaseTransport, pool: ThreadPoolExecutor) -> None:
        self._inner = inner
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, self._inner.handle_request, request
        )


@pytest.fixture
def working(yard: Yard, transport: InProcess, tmp_path, monkeypatch) -> Working:
    pyarrow = ModuleType("pyarrow")
    pyarrow.Table = SimpleNamespace(from_pylist=list)
    pyarrow.BufferReader = bytes
    parquet = ModuleType("pyarrow.parquet")
    parquet.read_table = lambda source: source
    pyarrow.parquet = parquet
    monkeypatch.setitem(sys.modules, "pyarrow", pyarrow)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", parquet)
    monkeypatch.chdir(tmp_path)
    yard.report(models=["m", "broken"])
    yard.add("dev-2", models=["slow"])
    return Working(transport, yard)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    loop = asyncio.new_event_loop()
    with ThreadPoolExecutor(1, initializer=lambda: asyncio.set_event_loop(loop)) as made:
        yield made
    loop.close()


def _documented(module: ModuleType) -> dict[str, list[doctest.Example]]:
    """The examples of each public class and method of a module."""
    found = {}
    for name, kind in vars(module).items():
        if inspect.isclass(kind):
            found[name] = kind
            methods = inspect.getmembers(kind, inspect.isfunction)
            found |= {f"{name}.{key}": each for key, each in methods if not key.startswith("_")}
    return {name: PARSER.get_examples(inspect.getdoc(each) or "") for name, each in found.items()}


def _names(ev: object) -> dict[str, Any]:
    known = {"Evalyard": Evalyard, "AsyncEvalyard": AsyncEvalyard, "places": places}
    return {"ev": ev, "json": json, "Path": Path, **known}


@pytest.mark.exhaustive
def test_every_example_is_true_when_it_is_run(working: Working) -> None:
    with Evalyard(URL, TOKEN, transport=working) as ev:
        running = _wrong(client, ev)
        # Nothing in it awaits, so no loop is needed, which the functions would not bear.
        with pytest.raises(StopIteration) as end:
            running.send(None)

    assert end.value.value == []


@pytest.mark.exhaustive
def test_every_example_is_true_when_it_is_awaited(working: Working, pool) -> None:
    async def run() -> list[str]:
        async with AsyncEvalyard(URL, TOKEN, transport=InThread(working, pool)) as ev:
            return await _wrong(aio, ev)

    assert finish(run(), within_s=240) == []


async def _wrong(module: ModuleType, ev: object) -> list[str]:
    """What the examples of a module print that is not what they say."""
    return [
        f"{name}: {example.source}{got}"
        for name, examples in _documented(module).items()
        for names in [_names(ev)]
        for example in examples
        if not CHECKER.check_output(example.want, got := await _printed(example, names), 0)
    ]


async def _printed(example: doctest.Example, names: dict[str, Any]) -> str:
    """What an interpreter shows. Not all of stdout: the functions log there."""
    lines: list[object] = []
    names["print"] = lines.append
    tree = ast.parse(example.source)
    if isinstance(tree.body[-1], ast.Expr):
        value = await _value(tree.body[-1], names)
        lines += [] if value is None else [repr(value)]
    else:
        await _carry_out(tree, names)
    return "".join(f"{line}\n" for line in lines)


async def _carry_out(tree: ast.Module, names: dict[str, Any]) -> None:
    code = compile(tree, "example", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if (running := eval(code, names)) is not None:
        await running


async def _value(expression: ast.Expr, names: dict[str, Any]) -> Any:
    code = compile(ast.Expression(expression.value), "", "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    found = eval(code, names)
    return await found if inspect.iscoroutine(found) else found


def test_every_public_method_has_an_example() -> None:
    assert [name for name, examples in _documented(client).items() if not examples] == [
        "Baselines", "Datasets", "Devices", "Jobs", "Usage",
    ]  # fmt: skip
