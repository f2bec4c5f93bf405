"""In the place of `fastapi.openapi.models`: no function writes an OpenAPI document.

FastAPI declares forty pydantic models there, which takes a quarter of the time that importing it
does. Its security schemes, of which no route has one, are made of some of them.
"""

from enum import Enum
from typing import Any, TypedDict


class Example(TypedDict, total=False):
    """An example of a parameter."""

    summary: str | None
    description: str | None
    value: Any
    externalValue: str | None  # OpenAPI's name.


class _Described:
    """Holds what it is made with."""

    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)


class OpenAPI(_Described):
    """A document."""


class SecurityBase(_Described):
    """Root of the schemes."""


class APIKeyIn(Enum):
    """Where a key is sent."""

    query = "query"
    header = "header"
    cookie = "cookie"


class APIKey(SecurityBase):
    """A key."""


class HTTPBase(SecurityBase):
    """An HTTP scheme."""


class HTTPBearer(HTTPBase):
    """A bearer token."""


class OAuthFlows(_Described):
    """The ways to a token."""


class OAuth2(SecurityBase):
    """OAuth 2."""


class OpenIdConnect(SecurityBase):
    """OpenID Connect."""
