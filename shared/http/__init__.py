"""The HTTP edge that all endpoint groups share: one app factory, one error envelope, one way in."""

from shared.http.answers import fits_an_answer
from shared.http.app import create_app, serve
from shared.http.body import media_type, require_json
from shared.http.idempotency import (
    IdempotencyStore,
    Repeatable,
    RepeatableCall,
    creates,
    record_traces,
)
from shared.http.identity import Caller, CurrentAdmin, CurrentDevice, CurrentUser, Device
from shared.http.pages import Cursors, Page, PageLimit, key_form, up_to
from shared.http.routes import DeviceRoute, OpenRoute, UserRoute
from shared.http.schemas import QUESTION_RESPONSES, Body, Problem, described
from shared.http.windows import Window, requested_window
from shared.observability import logger

__all__ = [
    "QUESTION_RESPONSES",
    "Body",
    "Caller",
    "CurrentAdmin",
    "CurrentDevice",
    "CurrentUser",
    "Cursors",
    "Device",
    "DeviceRoute",
    "IdempotencyStore",
    "OpenRoute",
    "Page",
    "PageLimit",
    "Problem",
    "Repeatable",
    "RepeatableCall",
    "UserRoute",
    "Window",
    "create_app",
    "creates",
    "described",
    "fits_an_answer",
    "key_form",
    "logger",
    "media_type",
    "record_traces",
    "requested_window",
    "require_json",
    "serve",
    "up_to",
]
