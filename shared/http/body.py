"""Request bodies: bounded, inflated, and JSON read strictly."""

import re
from typing import Any

from starlette.requests import Request

from shared.errors import EvalyardError, UnsupportedMedia
from shared.http.events import BODY
from shared.http.problems import EdgeError
from shared.request_bodies import inflated, strict_json

JSON = "application/json"
_JSON_KIND = re.compile(r"application/[^/]+[+]json")


class EdgeRequest(Request):
    """A request whose body obeys the contract's limits, wherever it is read."""

    async def body(self) -> bytes:
        """The inflated body. Raises EdgeError around TooLarge, MalformedInput, UnsupportedMedia."""
        if not hasattr(self, "_plain"):
            try:
                self._plain = inflated(self.scope[BODY], self.headers.get("content-encoding"))
            except EvalyardError as exc:
                raise EdgeError(exc) from exc
        return self._plain

    async def json(self) -> Any:
        """The body as JSON, as `read_json` reads it."""
        return read_json(await self.body())


def read_json(body: bytes) -> Any:
    """JSON as `strict_json` reads it. Raises EdgeError around what that raises."""
    try:
        return strict_json(body)
    except EvalyardError as exc:
        raise EdgeError(exc) from exc


def require_json(request: Request) -> None:
    """Raises EdgeError around UnsupportedMedia for a body that does not say it is JSON."""
    media_type(request)


def media_type(request: Request, *others: str) -> str:
    """`application/json` for any JSON, or which of the other media types the body says it is.

    Raises EdgeError around UnsupportedMedia.
    """
    said = request.headers.get("content-type", "")
    if said == JSON:
        return JSON
    kind = said.partition(";")[0].strip().lower()
    if kind in others:
        return kind
    if kind == JSON or _JSON_KIND.fullmatch(kind):
        return JSON
    raise EdgeError(UnsupportedMedia(_wanted(kind, others)))


def _wanted(kind: str, others: tuple[str, ...]) -> str:
    if not others:
        return f"send JSON with the header Content-Type: {JSON}"
    sent = f"not {kind[:100]}" if kind else "which is missing"
    return f"the header Content-Type, {sent}, names what is sent: {', '.join((JSON, *others))}"
