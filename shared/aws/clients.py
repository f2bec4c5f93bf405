"""Botocore clients: one session, one client per service, made when first needed."""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

# All that is ever asked: a deployment carries the descriptions of these services only.
SERVICES = ("dynamodb", "s3", "sqs", "sts")
# Behind the API a call has 29 s; all tries of one call of AWS, and the pauses between, take less.
_TIMEOUTS = {"connect_timeout": 2, "read_timeout": 6}
# S3 copies and joins gigabytes before it answers.
_PATIENCE = {"connect_timeout": 2, "read_timeout": 60}


@cache
def client(service: str) -> Any:
    """The process's client of an AWS service, with standard retries."""
    return _session().create_client(
        service, config=Config(retries={"mode": "standard", "total_max_attempts": 3}, **_TIMEOUTS)
    )


def make_clients() -> None:
    """Make what the first requests would have to make. No connection is opened."""
    for service in SERVICES:
        client(service)
    client_without_retries("s3")


@cache
def patient_client(service: str) -> Any:
    """A client for calls that rightly take long; only folding makes them."""
    return _session().create_client(
        service, config=Config(retries={"mode": "standard", "total_max_attempts": 3}, **_PATIENCE)
    )


@cache
def client_without_retries(service: str) -> Any:
    """A client whose calls are made once.

    For the calls where a blind repetition could store a thing twice; whoever
    uses it settles what a lost answer means.
    """
    return _session().create_client(
        service, config=Config(retries={"mode": "standard", "total_max_attempts": 1}, **_TIMEOUTS)
    )


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


@cache
def _session() -> Any:
    return botocore.session.get_session()
