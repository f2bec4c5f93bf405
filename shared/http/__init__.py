"""The HTTP edge that all endpoint groups share: one app factory, one error envelope, one way in."""

from shared.http.answers import (
    first_that_fit,
    fits_an_answer,
    share_of_answer,
    too_large_means,
)
from shared.http.app import create_app, serve
from shared.http.body import media_type, require_json
from shared.http.dependencies import inline
from shared.http.idempotency import Repeatable, RepeatableCall, creates
from shared.http.identity import Caller, CallingDevice, CurrentAdmin, CurrentDevice, CurrentUser
from shared.http.names import (
    MADE_ID,
    BatchId,
    JobIdInPath,
    Serial,
    SerialInPath,
    TokenIdInPath,
    UserId,
    UserIdInPath,
    WebhookIdInPath,
    in_path,
)
from shared.http.pages import Cursors, Page, PageLimit, key_form, page_of, up_to
from shared.http.routes import DeviceRoute, OpenRoute, PageRoute, TokenRoute, UserRoute
from shared.http.schemas import QUESTION_RESPONSES, Body, Problem, StrictBody, described
from shared.http.windows import Window, requested_window, span_document
from shared.observability import logger

__all__ = [
    "MADE_ID",
    "QUESTION_RESPONSES",
    "BatchId",
    "Body",
    "Caller",
    "CallingDevice",
    "CurrentAdmin",
    "CurrentDevice",
    "CurrentUser",
    "Cursors",
    "DeviceRoute",
    "JobIdInPath",
    "OpenRoute",
    "Page",
    "PageLimit",
    "PageRoute",
    "Problem",
    "Repeatable",
    "RepeatableCall",
    "Serial",
    "SerialInPath",
    "StrictBody",
    "TokenIdInPath",
    "TokenRoute",
    "UserId",
    "UserIdInPath",
    "UserRoute",
    "WebhookIdInPath",
    "Window",
    "create_app",
    "creates",
    "described",
    "first_that_fit",
    "fits_an_answer",
    "in_path",
    "inline",
    "key_form",
    "logger",
    "media_type",
    "page_of",
    "requested_window",
    "require_json",
    "serve",
    "share_of_answer",
    "span_document",
    "too_large_means",
    "up_to",
]
