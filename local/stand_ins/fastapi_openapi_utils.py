"""In the place of `fastapi.openapi.utils`: the document is written before a deployment."""

from typing import Any, NoReturn


def get_openapi(**_: Any) -> NoReturn:
    """An app that writes it is not one of `create_app`."""
    raise NotImplementedError("no function writes an OpenAPI document")
