"""Files in parts within the limits of a call: lines, rows of CSV, elements of a JSON array.

A part begins where the one before it ended and is a function of the file alone, so that an upload
that was cut goes on with the same parts. One part is in memory at a time.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from evalyard.core.kinds import CSV, EVENTS, JSON, LINES, cut_as, media_types

MAX_ROWS = 50_000
MAX_BYTES = 5 * 2**20
_READ = 2**20
_BLANK = b"\xef\xbb\xbf \t\r\n"
# Of a document that cannot be cut so much is read, to say what it is.
_LOOKED_AT = 64 * 2**20
# What chunks of streamed answers have: their kinds, the first of an answer, and its id.
_CHUNK = re.compile(
    rb'"(?:chat\.completion\.chunk|text_completion|meta_info)"'
    rb'|"type"\s*:\s*"(?:(?:response|chat|model_load|prompt_processing|reasoning|tool_call|message)\.'
    rb'|content_block_|message_|ping")'
)
_FIRST = re.compile(
    rb"event: ?(?:message_start|response\.created|chat\.start)\b"
    rb'|[^"]*\{.*"type"\s*:\s*"(?:message_start|response\.created|chat\.start)"'
)
_ID = re.compile(rb'"id"\s*:\s*"((?:[^"\\]|\\.)*)"')
_DONE = b"data: [DONE]"
# RFC 4180, as the service reads it: a quote opens a cell only where it begins.
_CELL = re.compile(rb'(?:"[^"]*(?:""[^"]*)*"|[^",\r\n][^,\r\n]*)?(,|\r\n|\n|\r|\Z)')
_OPEN = re.compile(rb'[^"]*(?:""[^"]*)*\Z')
_CLOSED = re.compile(rb'[^"]*(?:""[^"]*)*"')


class Undividable(Exception):
    """A document that is one piece. `content` is its beginning; `is_whole`: all of it."""

    def __init__(self, reason: str, content: bytes = b"", *, is_whole: bool = False) -> None:
        super().__init__(reason)
        self.content = content
        self.is_whole = is_whole


@dataclass(frozen=True)
class FilePart:
    """Records that are sent together: `first` counts the file's records from 0.

    `head` is the header of CSV. `is_whole`: the part is all of the file, byte for byte.
    """

    media_types: list[str]
    first: int
    records: list[bytes]
    head: bytes = b""
    is_whole: bool = False

    @property
    def body(self) -> bytes:
        """The bytes to send."""
        if self.media_types[0] == JSON and not self.is_whole:
            return b"[" + b",".join(self.records) + b"]"
        return self.head + b"".join(self.records)

    @property
    def after(self) -> int:
        """How many records of the file are sent with it and before it."""
        return self.first + len(self.records)

    def halves(self) -> tuple[FilePart, FilePart]:
        """The same in two parts."""
        middle = len(self.records) // 2
        second = replace(self, first=self.first + middle, records=self.records[middle:])
        return replace(self, records=self.records[:middle]), second


def parts(file: BinaryIO, name: str, start: int = 0, limit: int = MAX_BYTES) -> Iterator[FilePart]:
    """The parts of a file after `start` records, each of at most `limit` bytes.

    A file that fits one call is one part, as it is, whatever it is. Raises Undividable.
    """
    begin = _read(file.read, limit + 1)
    kind = cut_as(name, begin)
    is_array = kind == JSON and begin.lstrip(_BLANK).startswith(b"[")
    can_be_cut = is_array or kind in (LINES, EVENTS, CSV)
    if len(begin) <= limit and not (can_be_cut and _may_be_many(begin)):
        if start == 0:
            yield FilePart(media_types(name, begin), 0, [begin], is_whole=True)
    elif is_array:
        found = _freely(elements(begin, file.read, limit))
        yield from _packed(found, FilePart([JSON], start, []), limit)
    elif kind == CSV:
        rows = _csv_records(_lines(begin, file))
        header = next(rows)
        yield from _packed(_freely(rows), FilePart([CSV], start, [], header), limit)
    elif can_be_cut:
        judge = _between_answers if kind == LINES else _between_events
        found = judge(_lines(begin, file))
        yield from _packed(found, FilePart([kind], start, []), limit)
    else:
        raise _one_document(kind, begin, file)


def _may_be_many(content: bytes) -> bool:
    """Whether there may be more records than a call takes."""
    return max(content.count(b"\n"), content.count(b"{")) > MAX_ROWS


def elements(begin: bytes, read: Callable[[int], bytes], limit: int = MAX_BYTES) -> Iterator[bytes]:
    """The elements of a JSON array as they are written, with one in memory at a time.

    Raises Undividable where it is no array, or an element is larger than a call.
    """
    # Bytes that are not UTF-8 pass as they are: they are the service's to refuse.
    decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    scan = json.JSONDecoder().raw_decode
    text, at_end = decoder.decode(begin), False
    place = _next(text, 0) + 1
    while True:
        place = _next(text, place)
        if text[place : place + 1] == "]":
            if text[place + 1 :].strip() or _read(read, _READ).strip():
                raise Undividable("something follows the array")
            return
        try:
            _, end = scan(text, place)
            # A number could go on behind what was read so far.
            is_complete = _next(text, end) < len(text)
        except ValueError:
            is_complete = False
        if is_complete:
            yield text[place:end].encode(errors="surrogateescape")
            place = _next(text, end)
            place += text[place : place + 1] == ","
            continue
        if at_end or len(text) - place > limit:
            raise Undividable(
                f"it is no JSON array that can be cut: see its element {text[place : place + 60]!r}"
            )
        more = read(_READ)
        at_end = not more
        text, place = text[place:] + decoder.decode(more, final=at_end), 0


def _packed(
    records: Iterable[tuple[bytes, bool]], like: FilePart, limit: int
) -> Iterator[FilePart]:
    """Parts of records; each begins with one that may begin a part.

    Raises Undividable for what must stay together and is larger than a call.
    """
    # The brackets of an array are two more.
    room = limit - len(like.head) - 2
    held: list[bytes] = []
    size, cut, first = 0, 0, like.first
    for number, (record, may_begin) in enumerate(records):
        if number < like.first:
            continue
        if len(held) == MAX_ROWS or (held and size + len(record) + 1 > room):
            cut = len(held) if may_begin else cut
            if not cut:
                raise Undividable("a streamed answer in it is larger than a call")
            yield replace(like, first=first, records=held[:cut])
            first, held = first + cut, held[cut:]
            size, cut = sum(len(each) + 1 for each in held), 0
        if len(record) >= room:
            raise Undividable(f"its record {number} is larger than a call", record, is_whole=True)
        cut = len(held) if may_begin else cut
        held.append(record)
        size += len(record) + 1
    if held:
        yield replace(like, first=first, records=held)


def _freely(records: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    return ((record, True) for record in records)


def _between_answers(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines of JSON, and whether a part may begin there: not inside of a streamed answer."""
    before: bytes | None = None
    for line in filter(bytes.strip, lines):
        stream = _stream(line)
        is_other = None in (stream, before) or bool(stream and before and stream != before)
        yield line, is_other or _FIRST.match(line) is not None
        before = stream


def _stream(line: bytes) -> bytes | None:
    """The id of the answer that a line is a chunk of, empty where it says none; None if it is no
    chunk.
    """
    if _CHUNK.search(line) is None:
        return None
    found = _ID.search(line)
    return found[1] if found else b""


def _between_events(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines of events, and whether a part may begin there."""
    before = _DONE
    for line in filter(bytes.strip, lines):
        is_first = _FIRST.match(line) is not None and not before.startswith(b"event:")
        yield line, is_first or before.startswith(_DONE)
        before = line


def _csv_records(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of each row: several where a quoted cell has line ends."""
    held: list[bytes] = []
    is_open, size = False, 0
    for line in lines:
        if not held and not line.strip():
            continue
        held.append(line)
        size += len(line)
        is_open = _is_open_after(line, is_open)
        # A quote that is never closed takes all that follows, of which a call's size is enough.
        if not is_open or size > MAX_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _is_open_after(line: bytes, is_open: bool) -> bool:
    """Whether a quoted cell goes on in the next line."""
    if b'"' not in line:
        return is_open
    place = 0
    if is_open:
        if _OPEN.match(line):
            return True
        end = _CLOSED.match(line)
        place = end.end() if end else 0
        place += line[place : place + 1] == b","
    while place < len(line):
        cell = _CELL.match(line, place)
        if cell is None:
            # Not closed in this line; a quote that something follows is the service's to refuse.
            return _OPEN.match(line, place + 1) is not None
        if cell[1] != b",":
            return False
        place = cell.end()
    return False


def _lines(begin: bytes, file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file whose beginning is read already, each with its end; blank ones too."""
    rest = begin
    while True:
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line + b"\n"
        more = file.read(_READ)
        if not more:
            break
        rest += more
    if rest:
        yield rest


def _read(read: Callable[[int], bytes], size: int) -> bytes:
    """So many bytes, or all that there are; a pipe gives fewer at a time."""
    pieces: list[bytes] = []
    while size > 0 and (piece := read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _next(text: str, place: int) -> int:
    """The place of the next character that is no white space."""
    while text[place : place + 1] in (" ", "\t", "\n", "\r"):
        place += 1
    return place


def _one_document(kind: str, begin: bytes, file: BinaryIO) -> Undividable:
    if kind != JSON:
        return Undividable(f"{kind} cannot be cut")
    content = begin + _read(file.read, _LOOKED_AT - len(begin))
    return Undividable("it is one JSON document", content, is_whole=not file.read(1))
