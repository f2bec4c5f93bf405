"""A body that the front port marks arrives as bytes, and any other as MiniStack has it."""

from types import SimpleNamespace

import pytest

from local.emulator.bodies import keep_bytes


@pytest.mark.parametrize(
    ("kind", "is_text"),
    [
        ("text/plain", True),
        ("text/plain; charset=utf-8", True),
        ("text/plain; as=bytes", False),
        ("application/json; charset=utf-8; as=bytes", False),
        ("application/x-ndjson", False),
        (None, False),
    ],
)
def test_a_body_is_bytes_when_its_type_is_marked(kind: str | None, is_text: bool) -> None:
    gateway = SimpleNamespace(
        _v2_request_body_is_text=lambda said: (said or "").startswith(("text/", "application/json"))
    )

    keep_bytes(gateway)

    assert gateway._v2_request_body_is_text(kind) is is_text
