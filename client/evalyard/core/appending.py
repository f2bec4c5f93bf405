"""Uploads: any number of rows in parts, each stored once, with a verdict on every row.

A part is a function of the rows alone and has an Idempotency-Key made of the upload and its first
row, so a part whose answer was lost is sent again without being stored twice.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evalyard.core.rows import UnfitRow, line
from evalyard.core.sending import Patience, ask, keyed
from evalyard.core.wire import Request, Steps, query
from evalyard.errors import (
    AppendInterrupted,
    ConfigurationError,
    EvalyardError,
    Invalid,
    OutOfReach,
    RateLimited,
    ServerError,
)
from evalyard.models import Append, ProblemFault

MAX_ROWS = 10_000
MAX_BYTES = 5 * 2**20
# The API keeps keys for 24 hours; an hour is for the way and for clocks that differ.
_KEYS_LIVE_S = 23 * 3_600
_RESUME = re.compile(r"upl_([0-9a-f]{8})([0-9a-f]{16})(?:\.(\d+))?")


@dataclass(frozen=True)
class RowVerdict:
    """What is wrong with a row. `row` counts the rows of the iterable from 0.

    `stored` is true where the row is in the dataset and only gave no run.
    """

    row: int
    code: str
    detail: str
    stored: bool = False


@dataclass
class AppendReport:
    """What became of the rows: `received` = `appended` + `rejected`.

    `recorded` runs came of them; `skipped` rows are stored and gave no run. `verdicts` are of the
    rejected rows and the skipped ones. `batches` can be taken back by `datasets.undo`, the last
    one first. `resume` goes on after the last part that was answered.
    """

    dataset: str
    received: int = 0
    appended: int = 0
    rejected: int = 0
    recorded: int = 0
    skipped: int = 0
    verdicts: list[RowVerdict] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    bytes_sent: int = 0
    resume: str = ""


@dataclass(frozen=True)
class Upload:
    """Which upload this is: `start` rows of it are known to be stored."""

    key: str
    start: int = 0

    @classmethod
    def begin(cls, now_s: float) -> Upload:
        """A new one."""
        return cls(f"upl_{int(now_s):08x}{secrets.token_hex(8)}")

    @classmethod
    def resume(cls, text: str, now_s: float) -> Upload:
        """One that was cut; raises ConfigurationError where its parts could be stored twice."""
        found = _RESUME.fullmatch(text)
        if not found:
            raise ConfigurationError(f"{text!r} does not name an upload (upl_….rows)")
        if now_s - int(found[1], 16) > _KEYS_LIVE_S:
            raise ConfigurationError(
                "this upload began more than 23 hours ago, and its last part could be stored "
                f"twice; look at the dataset, and append what follows row {found[3] or 0} by hand"
            )
        return cls(text.partition(".")[0], int(found[3] or 0))

    def at(self, rows: int) -> str:
        """What resumes it after so many rows."""
        return f"{self.key}.{rows}"


@dataclass(frozen=True)
class Part:
    """Lines that are sent together; `rows` are their places in the iterable."""

    lines: list[bytes]
    rows: list[int]
    after: int


class Packer:
    """Collects rows into parts within the limits of a call; holds one part at a time."""

    def __init__(self, start: int, refuse: Callable[[RowVerdict], object]) -> None:
        self._next = start
        self._refuse = refuse
        self._lines: list[bytes] = []
        self._rows: list[int] = []
        self._bytes = 0

    def add(self, row: Any) -> Part | None:
        """The part that is full before this row, if one is."""
        number, text = self._next, self._text(row)
        full = None
        if text:
            if len(self._lines) == MAX_ROWS or self._bytes + len(text) + 1 > MAX_BYTES:
                full = self.rest()
            self._lines.append(text)
            self._rows.append(number)
            self._bytes += len(text) + 1
        self._next += 1
        return full

    def rest(self) -> Part | None:
        """The part that was begun, if one was."""
        if not self._lines:
            return None
        part = Part(self._lines, self._rows, self._next)
        self._lines, self._rows, self._bytes = [], [], 0
        return part

    def _text(self, row: Any) -> bytes:
        if isinstance(row, UnfitRow):
            self._refuse(RowVerdict(self._next, row.code, row.detail))
            return b""
        try:
            text = line(row)
        except (TypeError, ValueError) as error:
            self._refuse(RowVerdict(self._next, "invalid_json", str(error)))
            return b""
        if len(text) >= MAX_BYTES:
            self._refuse(RowVerdict(self._next, "row_too_large", "the row is larger than a body"))
            return b""
        if not text:
            self._refuse(RowVerdict(self._next, "invalid_json", "the row is empty"))
        return text


class Appending:
    """One call of `append`: takes rows, gives steps, keeps the report."""

    def __init__(
        self,
        dataset: str,
        upload: Upload,
        patience: Patience,
        on_verdict: Callable[[RowVerdict], object] | None = None,
        on_part: Callable[[AppendReport], object] | None = None,
    ) -> None:
        self.report = AppendReport(dataset, resume=upload.at(upload.start))
        self._upload = upload
        self._patience = patience
        self._on_verdict = on_verdict or self.report.verdicts.append
        self._on_part = on_part
        self._packer = Packer(upload.start, self._refuse)
        self._said()

    @property
    def to_skip(self) -> int:
        """How many rows are stored already and need not come."""
        return self._upload.start

    def cut(self, error: EvalyardError) -> EvalyardError:
        """What to raise: the error itself where nothing can have been stored."""
        unsure = isinstance(error, (OutOfReach, RateLimited, ServerError))
        if unsure or self.report.batches:
            return AppendInterrupted(self.report.resume, self.report, str(error))
        return error

    def add(self, row: Any) -> Steps[None] | None:
        """Take a row; the steps that send a part, where one is full."""
        part = self._packer.add(row)
        return None if part is None else self._send(part)

    def finish(self) -> Steps[None] | None:
        """The steps that send the last part, if rows are left."""
        part = self._packer.rest()
        return None if part is None else self._send(part)

    def _send(self, part: Part) -> Steps[None]:
        body = _pack(part.lines)
        key = hashlib.sha256(f"{self._upload.key}:{part.rows[0]}".encode()).hexdigest()[:32]
        answer = yield from self._post(body, key)
        self.report.received += len(part.rows)
        self.report.appended += answer.appended
        self.report.rejected += answer.rejected
        self.report.bytes_sent += len(body)
        if answer.batch_id:
            self.report.batches.append(answer.batch_id)
        self.report.resume = self._upload.at(part.after)
        self._count_runs(part, answer)
        yield from self._judge(part, answer)
        self._said()

    def _said(self) -> None:
        if self._on_part is not None:
            self._on_part(self.report)

    def _post(self, body: bytes, key: str | None) -> Steps[Append]:
        """The answer; also where no row was good, which is an error to the API."""
        request = Request(
            "POST",
            "/user/data/append_jsonl",
            query({"dataset": self.report.dataset, "dry_run": None if key else True}),
            body,
            {"content-type": "application/x-ndjson", "content-encoding": "gzip"},
        )
        try:
            return (yield from ask(keyed(request, key) if key else request, Append, self._patience))
        except Invalid as error:
            if error.code != "no_row_stored":
                raise
            return _none_stored(self.report.dataset, error)

    def _count_runs(self, part: Part, answer: Append) -> None:
        if answer.usage is None:
            return
        self.report.recorded += answer.usage.recorded
        self.report.skipped += answer.usage.skipped
        for fault in answer.usage.errors:
            self._say(part, fault, stored=True)

    def _judge(self, part: Part, answer: Append) -> Steps[None]:
        """Name every refused row. The API lists the first 100; the others are asked for."""
        left, first = answer.rejected, 0
        while answer.errors:
            for fault in answer.errors:
                self._say(part, fault, offset=first)
            left -= len(answer.errors)
            last = _place(answer.errors[-1])
            if left <= 0 or last is None:
                return
            first += last + 1
            answer = yield from self._post(_pack(part.lines[first:]), None)

    def _say(
        self, part: Part, fault: ProblemFault, *, offset: int = 0, stored: bool = False
    ) -> None:
        place = _place(fault)
        if place is not None:
            verdict = RowVerdict(part.rows[offset + place], fault.code, fault.detail, stored)
            self._on_verdict(verdict)

    def _refuse(self, verdict: RowVerdict) -> None:
        self.report.received += 1
        self.report.rejected += 1
        self._on_verdict(verdict)


def _pack(lines: list[bytes]) -> bytes:
    # Without a time inside, so that a part that is sent again is the same bytes.
    return gzip.compress(b"\n".join(lines), compresslevel=3, mtime=0)


def _place(fault: ProblemFault) -> int | None:
    found = re.match(r"/rows/(\d+)", fault.pointer)
    return int(found[1]) if found else None


def _none_stored(dataset: str, error: Invalid) -> Append:
    rejected = int(error.document.get("rejected", len(error.errors)))
    return Append(
        dataset=dataset,
        batch_id=None,
        received=rejected,
        appended=0,
        rejected=rejected,
        errors=error.errors,
        errors_truncated=len(error.errors) < rejected,
        usage=None,
    )
