"""In the place of `fastapi.openapi.docs`: the pages about the API are files of ours."""

from typing import Any, NoReturn


def get_redoc_html(**_: Any) -> NoReturn:
    """An app that has such a page is not one of `create_app`."""
    raise NotImplementedError("no function has pages of FastAPI's")


def get_swagger_ui_html(**_: Any) -> NoReturn:
    """As get_redoc_html."""
    get_redoc_html()


def get_swagger_ui_oauth2_redirect_html() -> NoReturn:
    """As get_redoc_html."""
    get_redoc_html()
