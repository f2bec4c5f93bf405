"""Settings from the environment: the only place of the product that reads it.

Each function declares a frozen dataclass of what it needs where it is wired; a field
`data_bucket: str` is the variable `DATA_BUCKET`.
"""

import os
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeVar, cast

Settings = TypeVar("Settings")


class SettingMissing(RuntimeError):
    """The deployment forgot a variable that the function needs."""


@cache
def read_settings(kind: type[Settings]) -> Settings:
    """An instance of the settings class `kind`, read once per process.

    Fields may be `str`, `int` or `bool` ("true"/"false"). Raises SettingMissing.
    """
    declared = fields(cast(Any, kind))
    return kind(**{field.name: _read(field.name, field.type) for field in declared})


def variable_name(field_name: str) -> str:
    """The environment variable that a settings field is read from."""
    return field_name.upper()


def _read(name: str, kind: object) -> object:
    text = os.environ.get(variable_name(name))
    if text is None:
        raise SettingMissing(f"environment variable {variable_name(name)} is not set")
    if kind is int:
        return int(text)
    return text.lower() == "true" if kind is bool else text


def aws_endpoint() -> str | None:
    """Where AWS is spoken to instead of AWS itself (a local cloud); None on AWS."""
    return os.environ.get("AWS_ENDPOINT_URL")


def stack_name() -> str:
    """The stack that this process belongs to, for its metrics; "none" where there is none."""
    return os.environ.get("STACK_NAME") or "none"


def service_name() -> str:
    """The function that this process runs, for its metrics; "none" where there is none."""
    return os.environ.get("POWERTOOLS_SERVICE_NAME") or "none"


@dataclass(frozen=True)
class LambdaRuntime:
    """What Lambda says to a runtime of ours: where its Runtime API is, and what to serve."""

    api: str
    handler: str


def lambda_runtime() -> LambdaRuntime:
    """Lambda's own variables, https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html."""
    return LambdaRuntime(os.environ["AWS_LAMBDA_RUNTIME_API"], os.environ["_HANDLER"])


def region() -> str:
    """The region that this process runs in."""
    return os.environ["AWS_REGION"]
