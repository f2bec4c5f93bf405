"""What all endpoint groups share in the OpenAPI description."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

# Pydantic builds what a model of an answer needs when it is first used: a group declares many, and
# a request uses one.
BaseModel.model_config["defer_build"] = True

Member = TypeVar("Member")


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


# A member that an answer has or has not, but never as null.
Omitted = Annotated[
    Member | SkipJsonSchema[None], Field(default=None, json_schema_extra=_without_default)
]


def all_required(schema: dict[str, Any]) -> None:
    """Requires members with a default too: an answer has them, where a request may omit them."""
    members = schema["properties"].items()
    schema["required"] = [name for name, member in members if "default" in member] + schema.get(
        "required", []
    )


class Body(BaseModel):
    """Root of request bodies: types are meant literally; unknown members are ignored."""

    # FastAPI passes over what pydantic warns of when a body is built, but only when it builds it.
    model_config = ConfigDict(strict=True, extra="ignore", defer_build=False)


class StrictBody(Body):
    """A body whose members all mean something: an unknown one is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class Span(BaseModel):
    """The earliest and the latest time of runs."""

    from_: str = Field(alias="from")
    to: str


class ProblemFault(BaseModel):
    """One thing wrong with one place of the input."""

    pointer: str
    code: str
    detail: str
    line: Omitted[int]
    allowed: Omitted[list[str]]


class Problem(BaseModel):
    """An RFC 9457 problem document; clients branch on `code`. Some codes bring further members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: Omitted[str]
    errors: Omitted[list[ProblemFault]]
    allowed: Omitted[list[str]]


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
    403: _problem(
        "The token may not do this (`forbidden`); `required_scope` names the least scope that may."
    ),
    413: _problem("A stated limit is exceeded."),
    415: _problem("The media type is not supported."),
    422: _problem("Readable, but not acceptable."),
    429: _problem("Too many requests of this user in a minute (`rate_exceeded`)."),
    500: _problem("A fault of the service; repeating the call does not help (`internal`)."),
    503: _problem("A dependency failed; repeat the call after `Retry-After` seconds."),
}
# What every query over many rows may also answer.
QUESTION_RESPONSES: dict[int | str, dict[str, Any]] = {
    503: _problem(
        "The query takes too long (`query_timeout`): ask for less. Or a dependency "
        "failed: repeat the call after `Retry-After` seconds."
    ),
}
