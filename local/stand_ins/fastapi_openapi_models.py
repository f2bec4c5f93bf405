"""In the place of `fastapi.openapi.models`: no function writes an OpenAPI document.

FastAPI declares forty pydantic models there, which takes a quarter of the time that importing it
does.
"""

from typing import Any, TypedDict


class Example(TypedDict, total=False):
    """An example of a parameter."""

    summary: str | None
    description: str | None
    value: Any
    externalValue: str | None  # OpenAPI's name.


class SecurityBase:
    """Root of the schemes, of which no route has one."""
