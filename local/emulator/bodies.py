"""Bodies that are handed to functions as bytes, whatever their type says.

MiniStack decides by the type alone and replaces bytes that are no text; API Gateway also looks at
Content-Encoding. The front port marks such a body in its type.
"""

from typing import Any

# A parameter of the media type, which no function asks for.
AS_BYTES = "; as=bytes"


def keep_bytes(gateway: Any) -> None:
    """Takes the place of what MiniStack's HTTP APIs ask whether a body is text."""
    is_text = gateway._v2_request_body_is_text

    def request_body_is_text(content_type: str | None) -> bool:
        return not (content_type or "").endswith(AS_BYTES) and bool(is_text(content_type))

    gateway._v2_request_body_is_text = request_body_is_text
