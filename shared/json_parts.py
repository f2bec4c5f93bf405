"""The parts of a JSON text as slices of it, also where something in a part is bad.

A decoder refuses a whole body for half an emoji in one row. So, where it does, an outline
is decoded instead: the same text, in which whatever has an end but no meaning (a string, a
number or a word that is not JSON, what is nested too deep) is replaced by JSON of the same
length. The parts have the same places in both, and each is judged by itself. What has no
such structure, and NaN and Infinity, are refused as a whole.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from shared.errors import MalformedInput

_SPACE = rb" \t\r\n"
_PLAIN_STRING = rb'"[^"\\\x00-\x1f]*+"'
_VALUE_ENDS = rb'(?=[\[\]{},:"' + _SPACE + rb"]|\Z)"
_VALUE = rb"(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null)"
_PLAIN = rb"(?:[\[\]{},:" + _SPACE + rb"]++|" + _PLAIN_STRING + rb"|" + _VALUE + _VALUE_ENDS + rb")"
# A string without an end reaches to the end, so that every byte is looked at once.
_STRING = rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)'
_WORD = rb'[^\[\]{},:"' + _SPACE + rb"]++"
# What is surely good, and then one string or word that may not be.
_ODD = re.compile(rb"(" + _PLAIN + rb"*+)(" + _STRING + rb"|" + _WORD + rb"|\Z)", re.DOTALL)
_NO_NUMBER = re.compile(rb"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_BRACKETS = re.compile(rb"[\[{]++|[\]}]++|" + _STRING, re.DOTALL)
_BETWEEN = re.compile(rb"[:," + _SPACE + rb"]*+")
_KEY = re.compile(_STRING, re.DOTALL)
# Deeper than any row may be (its own level is in an array in an object), and shallow enough
# for the decoder, which recurses.
_SHALLOW = 100

# What is good, and then a high surrogate without a low one behind it, or a low one alone.
_PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_GOOD = rb"(?:[^\\]++|\\[^u]|" + _PAIR + rb"|\\u(?![dD][89a-fA-F]))*+"
_HALF_CHARACTER = re.compile(_GOOD + rb"(\\u[dD][89a-fA-F][0-9a-fA-F]{2})")


# What a decoder says, and what to do about it.
WHAT_TO_DO = {
    "trailing comma": "remove the comma before the bracket",
    "truncated": "it ends early: its closing bracket is missing",
    "expected '\"'": "names and texts are in double quotes; Python writes them with json.dumps",
}
_NO_JSON_NUMBER = "NaN and Infinity are not JSON: send null, or leave the member out"
_TOO_LARGE = "Number out of range"
_NO_DOUBLE = "a number is larger than a double can be (1.8e308): send null, or leave the member out"


class RepeatedMember(ValueError):
    """An object has a member twice."""


def array_parts(text: bytes) -> list[bytes]:
    """The elements of a JSON array, each as it was sent, without white space around it.

    Raises MalformedInput, and msgspec.ValidationError for a text that is no array.
    """
    outline, parts = _decoded(text, list[msgspec.Raw])
    if outline is text:
        return list(map(bytes, parts))
    return list(_elements(text, outline, parts))


def object_parts(text: bytes) -> dict[str, bytes]:
    """The members of a JSON object, each as it was sent, without white space around it.

    Raises MalformedInput, RepeatedMember, and msgspec.ValidationError for a text that is
    no object.
    """
    outline, parts = _decoded(text, dict[str, msgspec.Raw])
    return dict(_members(text, outline, parts))


def what_is_wrong(text: bytes, exc: msgspec.DecodeError) -> str:
    """Why a decoder refused a text, in words that help to mend it."""
    half = _HALF_CHARACTER.match(text)
    if half is not None:
        return (
            f"{half[1].decode()} is half of a character (a lone surrogate); cut texts between two"
        )
    if any(_NO_NUMBER.fullmatch(found[2]) for found in _ODD.finditer(text)):
        return _NO_JSON_NUMBER
    if text.endswith(b","):
        return "not JSON: remove the comma at the end of the line; each line is one object"
    said = str(exc)
    if said.startswith(_TOO_LARGE):
        return _NO_DOUBLE
    hints = [f" ({hint})" for seen, hint in WHAT_TO_DO.items() if seen in said]
    return f"not JSON: {said}{''.join(hints)}"


def _decoded(text: bytes, kind: Any) -> tuple[bytes, Any]:
    """What was decoded, the text itself or its outline, and its parts."""
    try:
        return text, msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError):
        return _decoded_outline(_outline(text), kind)


def _decoded_outline(outline: bytes, kind: Any) -> tuple[bytes, Any]:
    try:
        try:
            return outline, msgspec.json.decode(outline, type=kind)
        except RecursionError:
            outline = _shallow(outline)
            return outline, msgspec.json.decode(outline, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as exc:
        raise MalformedInput(f"the body is not JSON: {exc}", code="malformed_json") from exc
    except RecursionError as exc:
        raise MalformedInput("the body is nested too deep", code="malformed_json") from exc


def _elements(text: bytes, outline: bytes, parts: list[msgspec.Raw]) -> Iterator[bytes]:
    place = outline.index(b"[") + 1
    for part in parts:
        place = _after(_BETWEEN, outline, place)
        end = place + len(memoryview(part))
        yield text[place:end]
        place = end


def _members(
    text: bytes, outline: bytes, parts: dict[str, msgspec.Raw]
) -> Iterator[tuple[str, bytes]]:
    """The members in order; where a name is there twice, the places do not add up."""
    place = outline.index(b"{") + 1
    for name, part in parts.items():
        place = _after(_BETWEEN, outline, place)
        end = _after(_KEY, outline, place)
        if msgspec.json.decode(outline[place:end], type=str) != name:
            raise RepeatedMember
        place = _after(_BETWEEN, outline, end)
        end = place + len(memoryview(part))
        if outline[place:end] != memoryview(part):
            raise RepeatedMember
        yield name, text[place:end]
        place = end
    if outline[_after(_BETWEEN, outline, place)] != ord("}"):
        raise RepeatedMember


def _after(pattern: re.Pattern[bytes], text: bytes, place: int) -> int:
    """Where what a pattern takes at a place ends."""
    found = pattern.match(text, place)
    return place if found is None else found.end()


def _outline(text: bytes) -> bytes:
    """The text with good JSON of the same length for every bad string, number and word.

    Raises MalformedInput for NaN and Infinity.
    """
    return _ODD.sub(lambda found: found[1] + _mended(found[2]), text)


def _mended(odd: bytes) -> bytes:
    if odd.startswith(b'"'):
        return _mended_string(odd)
    if _NO_NUMBER.fullmatch(odd):
        raise MalformedInput(_NO_JSON_NUMBER, code="malformed_json")
    # Digits are a value, but no name of a member, as the word was.
    return b"1" * len(odd)


def _mended_string(string: bytes) -> bytes:
    try:
        msgspec.json.decode(string, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        has_end = len(string) > 1 and string.endswith(b'"')
        return b'"' + b"?" * (len(string) - 2) + b'"' if has_end else string
    return string


def _shallow(outline: bytes) -> bytes:
    """The outline with blanks for what is nested too deep, which leaves rows that still are."""
    depth, start, copied, kept = 0, 0, 0, []
    for found in _BRACKETS.finditer(outline):
        place, run = found.start(), found[0]
        if run[:1] in b"[{":
            if depth < _SHALLOW <= depth + len(run):
                start = place + _SHALLOW - depth - 1
            depth += len(run)
        elif run[:1] in b"]}":
            if depth - len(run) < _SHALLOW <= depth:
                end = place + depth - _SHALLOW
                kept += [outline[copied:start], b"[", b" " * (end - start - 1), b"]"]
                copied = end + 1
            depth -= len(run)
    return b"".join([*kept, outline[copied:]])
