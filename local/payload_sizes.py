"""How large a request and an answer are for Lambda, which takes 6 MB of JSON each way.

The local AWS does not look. Bodies of text are JSON strings there, with quotes and backslashes
escaped, others base64 (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
"""

import base64
import json

# What Lambda itself says when it refuses: "Request must be smaller than 6291456 bytes for the
# InvokeFunction operation", "Exceeded maximum allowed payload size (6291556 bytes)".
MAX_EVENT_BYTES = 6_291_456
MAX_ANSWER_BYTES = 6_291_556
# Everything of an event that does not come from the request: ids, times, names of members.
_EVENT_FRAME_BYTES = 1_500
_ANSWER_FRAME_BYTES = 100
# API Gateway hands these over as text, everything else as base64 (seen on AWS, not documented).
_TEXT_KINDS = ("application/json", "application/xml", "application/javascript")

Headers = list[tuple[bytes, bytes]]


def event_fits(target: bytes, headers: Headers, body: bytes) -> bool:
    """Whether Lambda takes the event of a request."""
    # The path and the query stand in it twice: as they came, and taken apart.
    size = _EVENT_FRAME_BYTES + 2 * len(target) + _headers_bytes(headers)
    return size + _body_bytes(body, text=travels_as_text(headers)) <= MAX_EVENT_BYTES


def answer_fits(headers: Headers, body: bytes) -> bool:
    """Whether Lambda passes on an answer, as the runtime that takes the most room writes it."""
    size = _ANSWER_FRAME_BYTES + _headers_bytes(headers)
    return size + _body_bytes(body, text=True, ascii_only=True) <= MAX_ANSWER_BYTES


def travels_as_text(headers: Headers) -> bool:
    """Whether API Gateway hands the body of a request over as text."""
    said = {name.lower(): value.lower() for name, value in headers}
    kind = said.get(b"content-type", b"").partition(b";")[0].strip().decode("latin-1")
    return b"content-encoding" not in said and (kind.startswith("text/") or kind in _TEXT_KINDS)


def is_utf8(body: bytes) -> bool:
    """Whether a body can be text."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _body_bytes(body: bytes, *, text: bool, ascii_only: bool = False) -> int:
    if text and is_utf8(body):
        return len(json.dumps(body.decode(), ensure_ascii=ascii_only).encode())
    return len(base64.b64encode(body)) + 2


def _headers_bytes(headers: Headers) -> int:
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    return len(json.dumps(told))
