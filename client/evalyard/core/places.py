"""Accounts, devices and the service itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from evalyard.core.sending import Patience, ask, convert, decode, exchange, get
from evalyard.core.wire import Reply, Steps
from evalyard.errors import ServerError
from evalyard.models import DeviceDetail, Health, Me


def whoami(patience: Patience) -> Steps[Me]:
    """Whose token this is."""
    return ask(get("/accounts/me"), Me, patience)


def device(serial: str, patience: Patience) -> Steps[DeviceDetail]:
    """A device with its last readings and troubles."""
    return ask(get(f"/devices/{quote(serial, safe='')}"), DeviceDetail, patience)


def health(patience: Patience) -> Steps[Health]:
    """How the service is; one that is down answers too."""
    try:
        return (yield from ask(get("/health"), Health, patience))
    except ServerError as error:
        if "checks" not in error.document:
            raise
        return convert(error.document, Health, error.status)


class _Document(msgspec.Struct):
    info: dict[str, Any]


def version(patience: Patience) -> Steps[str]:
    """The version of the service, as its document says it."""
    document = yield from ask(get("/openapi.json"), _Document, patience)
    return str(document.info.get("version", ""))


def ping(patience: Patience) -> Steps[Reply]:
    """The plainest answer there is, with the service's clock in its `date`."""
    reply = yield from exchange(get("/ping"), patience)
    decode(reply, dict)
    return reply
