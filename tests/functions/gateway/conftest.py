"""A gateway with one key, `ada`'s."""

from typing import Any

import pytest

from shared import ids
from shared.aws import Bucket, Table
from shared.runs import Run, decode_runs
from tests.functions.gateway.kit import KEY, STACK, Gate


@pytest.fixture
def gate(
    settings_env: dict[str, str],
    tables: dict[str, Table],
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> Gate:
    """The gateway, without devices."""
    monkeypatch.setenv("STACK_NAME", STACK)
    for key, kind in ((KEY, "api_key"), ("eyt_test", "user")):
        tables["AccountsTable"].put(credential(key, kind))
    return Gate(tables, monkeypatch)


@pytest.fixture
def runs(bucket: Bucket) -> Any:
    """The runs that were recorded."""

    def read() -> list[Run]:
        return [
            run
            for stored in bucket.list("segments/")
            for run in decode_runs(bucket.get(stored.key))
        ]

    return read


@pytest.fixture
def seats(tables: dict[str, Table]) -> Any:
    """The seats that are taken."""
    return lambda: list(tables["GatewayTable"].query("USER#ada", prefix="SEAT#"))


def credential(key: str, kind: str, user_id: str = "ada", **more: Any) -> dict[str, Any]:
    """What the table knows of a token."""
    return {
        "pk": f"TOKEN#{ids.token_digest(key)}",
        "sk": "TOKEN",
        "kind": kind,
        "user_id": user_id,
        "tenant": user_id,
        "admin": False,
        "token_id": f"tok_{kind}",
        **more,
    }
