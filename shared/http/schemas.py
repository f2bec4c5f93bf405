"""What all endpoint groups share in the OpenAPI description."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """Root of request bodies: types are meant literally; unknown members are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")


class StrictBody(Body):
    """A body whose members all mean something: an unknown one is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class ProblemFault(BaseModel):
    """One thing wrong with one place of the input."""

    pointer: str
    code: str
    detail: str
    line: int | None = None
    allowed: list[str] | None = None


class Problem(BaseModel):
    """An RFC 9457 problem document; clients branch on `code`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None
    errors: list[ProblemFault] | None = None
    allowed: list[str] | None = None


class Unauthorized(BaseModel):
    """The fixed answer to a missing, unknown, revoked or expired credential."""

    message: str


def described(status: int, description: str, **content: Any) -> dict[int | str, dict[str, Any]]:
    """One entry of a route's `responses`; an error without a content of its own is a problem."""
    if status >= 400 and not content:
        return {status: _problem(description)}
    return {status: {"description": description, **content}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "model": Problem,
        "content": {"application/problem+json": {"schema": schema}},
    }


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: _problem("The request cannot be read."),
    401: {
        "description": "The credential is missing, unknown, revoked or expired.",
        "model": Unauthorized,
    },
    413: _problem("A stated limit is exceeded."),
    415: _problem("The media type is not supported."),
    422: _problem("Readable, but not acceptable."),
    500: _problem("A fault of the service; repeating the call does not help (`internal`)."),
    503: _problem("A dependency failed; repeat the call after `Retry-After` seconds."),
}
# What every question about many rows may answer besides.
QUESTION_RESPONSES: dict[int | str, dict[str, Any]] = {
    503: _problem(
        "The query takes too long (`query_timeout`): ask for less. Or a dependency "
        "failed: repeat the call after `Retry-After` seconds."
    ),
}
