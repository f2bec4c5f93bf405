"""Ids for runs whose source gives none: the same record has the same id each time it is sent."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="deterministic")
_CHARACTERS = 32


def record_id(members: Mapping[str, Any], number: int = 0) -> str:
    """The id of the run of a record, or of its `number`-th repetition."""
    digest = hashlib.sha256(_ENCODER.encode(members)).hexdigest()
    return f"rec_{digest[:_CHARACTERS]}_{number}"
