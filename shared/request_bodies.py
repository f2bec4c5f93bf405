"""Bodies as the contract takes them: bounded, inflated, JSON read strictly."""

import zlib
from typing import Any

import msgspec

from shared.errors import (
    EvalyardError,
    Fault,
    MalformedInput,
    TooLarge,
    Unacceptable,
    UnsupportedMedia,
)
from shared.json_numbers import check_numbers, refuse_huge_number
from shared.json_parts import RepeatedMember, array_parts, object_parts, what_is_wrong
from shared.json_rules import MAX_DEPTH, is_deep, repeated_member
from shared.row_bodies import require_utf8

MAX_BODY_BYTES = 5 * 2**20
_GZIP_WINDOW = 31
# Each member costs a copy of what follows it, so their number is bounded.
_MAX_GZIP_MEMBERS = 100


def strict_json(body: bytes) -> Any:
    """Strict JSON: UTF-8, no `NaN` or `Infinity`, numbers that a double can hold, no member
    twice, nothing nested too deep.

    Raises MalformedInput where it cannot be read, else Unacceptable.
    """
    require_utf8(body)
    try:
        found = msgspec.json.decode(body)
        check_numbers(body)
    except msgspec.ValidationError as exc:
        # Nothing else is invalid where any value is taken.
        raise _huge_number(body) from exc
    except msgspec.DecodeError as exc:
        raise _malformed(what_is_wrong(body, exc)) from exc
    except RecursionError as exc:
        raise _beyond_the_decoder(body) from exc
    _check_depth(body, found)
    repeated = repeated_member(body)
    if repeated is not None:
        detail = f"the member {repeated[:100]!r} is there twice in one object"
        raise _unacceptable("duplicate_key", "", detail)
    return found


def _beyond_the_decoder(body: bytes) -> EvalyardError:
    """What is wrong with a body that is nested deeper than the decoder goes."""
    parts = array_parts if body.lstrip().startswith(b"[") else object_parts
    try:
        parts(body)
    except MalformedInput as exc:
        return exc
    except RepeatedMember:
        pass
    return _too_deep("")


def _check_depth(body: bytes, decoded: Any) -> None:
    """Raises Unacceptable for a member that is nested too deep."""
    if not is_deep(body, decoded, MAX_DEPTH + 1):
        return
    members = decoded.items() if isinstance(decoded, dict) else enumerate(decoded)
    deep = [name for name, value in members if is_deep(body, value)]
    raise _too_deep(f"/{deep[0]}")


def _too_deep(pointer: str) -> Unacceptable:
    detail = f"arrays and objects may be nested {MAX_DEPTH} levels deep"
    return _unacceptable("too_deep", pointer, detail)


def _unacceptable(code: str, pointer: str, detail: str) -> Unacceptable:
    return Unacceptable(detail, code=code, faults=(Fault(pointer, code, detail),))


def _huge_number(body: bytes) -> EvalyardError:
    try:
        refuse_huge_number(body)
    except Unacceptable as exc:
        return exc
    except (ValueError, RecursionError) as exc:
        return _malformed(f"the body is not JSON: {exc}")
    return _malformed("a number of the body cannot be read")


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(detail, code="malformed_json")


def inflated(body: bytes, encoding: str | None) -> bytes:
    """The body without its Content-Encoding. Raises TooLarge, MalformedInput, UnsupportedMedia."""
    encoding = (encoding or "identity").strip().lower()
    if encoding == "gzip":
        body = _gunzipped(body)
    elif encoding != "identity":
        raise UnsupportedMedia("Content-Encoding may be gzip, or absent")
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    return body


def _gunzipped(body: bytes) -> bytes:
    """The inflated body; at most one byte beyond the limit is ever inflated."""
    plain = b""
    for _ in range(_MAX_GZIP_MEMBERS):
        member, body = _inflated_member(body, MAX_BODY_BYTES + 1 - len(plain))
        plain += member
        if not body or len(plain) > MAX_BODY_BYTES:
            return plain
    raise MalformedInput("the gzip body has too many members", code="malformed_gzip")


def _inflated_member(body: bytes, limit: int) -> tuple[bytes, bytes]:
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = inflater.decompress(body, limit)
    except zlib.error as exc:
        raise MalformedInput("the body is not gzip", code="malformed_gzip") from exc
    if len(plain) < limit and not inflater.eof:
        raise MalformedInput("the gzip body ends too early", code="malformed_gzip")
    return plain, inflater.unused_data


def _too_large() -> TooLarge:
    return TooLarge(
        f"a body may have {MAX_BODY_BYTES} bytes (after inflation); send it in several calls, "
        "each packed with Content-Encoding: gzip",
        code="body_too_large",
        limit_bytes=MAX_BODY_BYTES,
    )
