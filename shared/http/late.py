"""Routes that FastAPI makes when they are first asked for: a request needs one of its group's.

Making one takes a millisecond: validators of its parameters and bodies, models of its answers.
"""

from collections.abc import Callable, Collection
from threading import RLock
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import compile_path

# Held while FastAPI makes one, so that another thread sees it whole.
_making = RLock()


class LateRoute(APIRoute):
    """A route that knows by itself only what a request is compared with."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        **declared: Any,
    ) -> None:
        self.path, self.endpoint = path, endpoint
        self.methods = {method.upper() for method in methods or ("GET",)}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._declared = declared

    def __getattr__(self, name: str) -> Any:
        """What is not there yet: all else of a route is made with it."""
        with _making:
            declared = self.__dict__.pop("_declared", None)
            if declared is not None:
                super().__init__(self.path, self.endpoint, methods=self.methods, **declared)
        return object.__getattribute__(self, name)


def make_routes(app: FastAPI) -> None:
    """Has all routes of an app made: for a snapshot, or to see that they can be."""
    for route in app.routes:
        getattr(route, "app", None)
