"""Botocore clients: one session, one client per service, made when first needed."""

import os
from collections.abc import Callable
from functools import cache
from threading import RLock
from typing import Any

import botocore.session
import msgspec
from botocore.config import Config
from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST, REGISTER_LAST
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import JSONFileLoader, Loader

from shared.aws.answers import AnswerParsers
from shared.aws.parallel import AT_ONCE

# All that is ever asked: a deployment carries the descriptions of these services only.
SERVICES = ("dynamodb", "s3", "sqs", "sts")
# Behind the API a call has 29 s; all tries of one call of AWS, and the pauses between, take less.
_TIMEOUTS = {"connect_timeout": 2, "read_timeout": 6}
# S3 copies and joins gigabytes before it answers.
_PATIENCE = {"connect_timeout": 2, "read_timeout": 60}
# Clients may be used by many threads; sessions, which make them, may not (boto3 issue 1592).
_making = RLock()


def client(service: str) -> Any:
    """The process's client of an AWS service, with standard retries."""
    with _making:
        return _client(service, attempts=3)


def make_clients() -> None:
    """Make what the first requests would have to make. No connection is opened."""
    for service in SERVICES:
        client(service)
    client_without_retries("s3")


def patient_client(service: str) -> Any:
    """A client for calls that rightly take long; only folding makes them."""
    with _making:
        return _client(service, attempts=3, patient=True)


def client_without_retries(service: str) -> Any:
    """A client whose calls are made once.

    For the calls where a blind repetition could store a thing twice; its user
    settles what a lost answer means.
    """
    with _making:
        return _client(service, attempts=1)


@cache
def _client(service: str, *, attempts: int, patient: bool = False) -> Any:
    retries = {"mode": "standard", "total_max_attempts": attempts}
    timeouts = _PATIENCE if patient else _TIMEOUTS
    # Without one that is given, botocore puts the same header together twice for each call, in
    # 70 µs each time.
    agent = _session().user_agent()
    config = Config(retries=retries, max_pool_connections=AT_ONCE, user_agent=agent, **timeouts)
    return _session().create_client(service, config=config)


@cache
def signing_client(service: str) -> Any:
    """A client that signs addresses for others to call.

    It names the very endpoint that we talk to: S3's global name, which botocore would
    rather sign for, redirects young buckets of other regions, and that breaks signatures.
    """
    return _session().create_client(
        service,
        endpoint_url=client(service).meta.endpoint_url,
        config=Config(signature_version="s3v4"),
    )


def session_keys() -> Any:
    """Botocore's keys of this process as they are now: `access_key`, `secret_key`, `token`."""
    with _making:
        return _session().get_credentials().get_frozen_credentials()


@cache
def _session() -> Any:
    session = botocore.session.Session(event_hooks=_emitter(), include_builtin_handlers=False)
    session.register_component("data_loader", Loader(file_loader=_Descriptions()))
    session.register_component("response_parser_factory", AnswerParsers())
    return session


def _emitter() -> HierarchicalEmitter:
    """Events with botocore's own handlers, without those of other services and of documentation.

    There are 127, of which 49 are for us, and every client copies them.
    """
    emitter = HierarchicalEmitter()
    registers = {
        REGISTER_FIRST: emitter.register_first,
        REGISTER_LAST: emitter.register_last,
        None: emitter.register,
    }
    for event, handler, *place in BUILTIN_HANDLERS:
        kind, service = [*event.split("."), ""][:2]
        if kind != "docs" and service in ("", *SERVICES):
            registers[place[0] if place else None](event, handler)
    return emitter


class _Descriptions(JSONFileLoader):  # type: ignore[misc]  # botocore has no types.
    """Reads AWS's descriptions of its services in a third of the time that botocore takes."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not os.path.isfile(full_path):
            return None
        with open_method(full_path, "rb") as file:
            return msgspec.json.decode(file.read())
