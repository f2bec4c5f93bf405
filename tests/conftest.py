"""Fixtures for every test: an AWS in this process (moto), made from template.yaml itself."""

import gc
import importlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from moto import mock_aws

from shared import clock
from shared.aws import Bucket, Queue, Table
from shared.clock import SECOND_US
from tests.kit.cloud import create_buckets, create_queues, create_tables, name_tables
from tests.kit.gateway import ApiClient, LambdaHandler
from tests.kit.quick_aws import be_quick, lighten, make_queues, make_tables
from tests.kit.rewriting import keep_rewritten
from tests.kit.s3_time import S3Time
from tests.kit.strictness import be_strict
from tools.template import REGION, Template, read_template

# A slow machine is no failure of an invariant, and the same tree gives the same answer.
settings.register_profile("evalyard", deadline=None, derandomize=True, max_examples=25)
# While one works: does it hold at all?
settings.register_profile("fast", settings.get_profile("evalyard"), max_examples=5)
# At night: other examples than yesterday, and more of them.
settings.register_profile("nightly", deadline=None, max_examples=500)
settings.load_profile("evalyard")
lighten()


def pytest_configure(config: pytest.Config) -> None:
    """Each process of a run does its part of what all need."""
    keep_rewritten(config)


def pytest_report_header() -> str | None:
    """With what `EVALYARD_CHANCE` a night's failure is had again."""
    return f"EVALYARD_CHANCE={CHANCE}" if CHANCE else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without looking for garbage: all of it stays until the end, and is left out
    when garbage is looked for while they run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


CHANCE = os.environ.get("EVALYARD_CHANCE", "")
_OF_REAL_PROCESSES = ("e2e", "local", "rie")
_caches: list[Callable[[], None]] = []
_modules_seen: set[str] = set()
_KEPT = ("shared.aws.clients", "shared.storage.lake.parquet")
_environments: dict[frozenset[tuple[str, str]], dict[str, str]] = {}


def forget_caches() -> None:
    """Empty every cache of the product: settings, apps.

    Clients stay: making one costs a tenth of a second, and moto stands behind all of them. So does
    DuckDB's database, in which nothing outlives a connection.
    """
    if len(sys.modules) != len(_modules_seen):
        _find_caches()
    for clear in _caches:
        clear()


def _find_caches() -> None:
    for name in sys.modules.keys() - _modules_seen:
        _modules_seen.add(name)
        if name.partition(".")[0] in ("shared", "functions") and name not in _KEPT:
            found = [
                getattr(value, "cache_clear", None) for value in vars(sys.modules[name]).values()
            ]
            _caches.extend(clear for clear in found if clear and clear not in _caches)


@pytest.fixture(autouse=True)
def repeatable_chance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test in this process draws the same ids, secrets and waits each time, by its own name.

    So an assertion that fails by chance fails while it is written. `EVALYARD_CHANCE` makes them
    others, as `make test-nightly` does. Tests of real processes share a
    cloud with what ran before, so these draw new ones each time.
    """
    if request.path.relative_to(Path(__file__).parent).parts[0] in _OF_REAL_PROCESSES:
        return
    seed = request.node.nodeid + CHANCE
    # `secrets` and `SystemRandom` draw here; it is the one place below both.
    monkeypatch.setattr(random, "_urandom", random.Random(seed).randbytes)
    random.seed(seed)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS in this process, with credentials that are worth nothing elsewhere."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "1")
    be_quick(monkeypatch)
    be_strict(monkeypatch)
    forget_caches()
    with mock_aws():
        yield
    forget_caches()


@pytest.fixture
def template(aws: None) -> Template:
    """The template; knows physical names of what the fixtures below have made."""
    return read_template()


@pytest.fixture
def tables(template: Template) -> dict[str, Table]:
    """Every table of the template, by logical id (`AccountsTable`)."""
    make_tables(lambda: create_tables(template))
    name_tables(template)
    return {
        name: Table(template.physical[name]) for name in template.of_type("AWS::DynamoDB::Table")
    }


@pytest.fixture
def bucket(
    template: Template,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bucket]:
    """The versioned data bucket, and a disk of the function on which nothing of it is kept yet."""
    create_buckets(template)
    # It makes its own folder now, not on that disk.
    tmp_path_factory.getbasetemp()
    with tempfile.TemporaryDirectory(prefix="function-") as disk:
        monkeypatch.setattr(tempfile, "tempdir", disk)
        yield Bucket(template.physical["DataBucket"])


@pytest.fixture
def queues(template: Template) -> dict[str, Queue]:
    """Every queue of the template, by logical id (`SegmentEventsQueue`)."""
    template.physical |= make_queues(lambda: create_queues(template))
    return {name: Queue(template.physical[name]) for name in template.of_type("AWS::SQS::Queue")}


@pytest.fixture
def settings_env(
    template: Template,
    tables: dict[str, Table],
    bucket: Bucket,
    queues: dict[str, Queue],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The environment of all functions together, from the template, over resources that exist."""
    environment = _environment(template)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget_caches()
    return environment


def _environment(template: Template) -> dict[str, str]:
    resources = frozenset(template.physical.items())
    if resources not in _environments:
        each = [template.environment(function) for function in template.functions()]
        _environments[resources] = {name: value for one in each for name, value in one.items()}
    return dict(_environments[resources])


Api = Callable[..., ApiClient]


@pytest.fixture
def api(settings_env: dict[str, str], tables: dict[str, Table]) -> Api:
    """`api("accounts", user="ada")`: a client of one endpoint group, as a caller.

    `user=None, device=None` is a caller whose credential the authorizer did not know. A token
    named `tok_test`, which is everybody's here, is known to be alive; it is listed nowhere.
    """
    tables["AccountsTable"].put({"pk": "TOKEN_ID#tok_test", "sk": "TOKEN", "user_id": "test"})

    def client(
        function: str | LambdaHandler,
        *,
        user: str | None = None,
        device: str | None = None,
        admin: bool = False,
        tenant: str | None = None,
        kind: str = "user",
        token_id: str = "tok_test",
        scope: str = "full",
    ) -> ApiClient:
        context: dict[str, str] = {}
        if user is not None:
            context = {
                "kind": kind,
                "user_id": user,
                "tenant": tenant or user,
                "admin": "true" if admin else "false",
                "token_id": token_id,
                "scope": scope,
            }
        elif device is not None:
            context = {"kind": "device", "serial": device}
        return ApiClient(_handler(function), context)

    return client


@dataclass
class HeldClock:
    """The product's clock, held still until a test moves it."""

    now_us: int

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_us += round(seconds * SECOND_US)


@pytest.fixture
def held_clock(monkeypatch: pytest.MonkeyPatch) -> HeldClock:
    """`held_clock.advance(60)`: time stands still at 2026-01-01T00:00:00Z and moves when told."""
    held = HeldClock(clock.day_start_us("2026-01-01"))
    machine = SimpleNamespace(time_ns=lambda: held.now_us * 1_000, sleep=held.advance)
    monkeypatch.setattr(clock, "time", machine)
    return held


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting takes no time; the clock goes on as it does."""
    machine = SimpleNamespace(time_ns=time.time_ns, sleep=lambda seconds: None)
    monkeypatch.setattr(clock, "time", machine)


@pytest.fixture
def s3_time(monkeypatch: pytest.MonkeyPatch) -> S3Time:
    """Each write to moto's S3 has a second of its own; `s3_time.now` can be set."""
    time = S3Time()
    monkeypatch.setattr("moto.s3.models.utcnow", time.tick)
    return time


def _handler(function: str | LambdaHandler) -> LambdaHandler:
    if not isinstance(function, str):
        return function
    module: Any = importlib.import_module(f"functions.{function}.handler")
    handler: LambdaHandler = module.lambda_handler
    return handler
