"""Pushes: files of any size in parts, each stored once; what they are, the service recognises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from evalyard.core.appending import Upload
from evalyard.core.parts import FilePart, Undividable
from evalyard.core.sending import Patience, ask, get
from evalyard.core.usage import import_request
from evalyard.core.wire import Steps
from evalyard.errors import (
    AppendInterrupted,
    EvalyardError,
    Invalid,
    OutOfReach,
    RateLimited,
    ServerError,
    TooLarge,
)
from evalyard.models import Assumed, Import, ProblemFault, Span

_LISTED = 100
_SAMPLED_ELEMENTS, _SAMPLED_CHARACTERS = 2, 200
# These ask for another call, and are no verdict on the file.
NOT_OF_THE_FILE = ("unknown_parameter", "format_ambiguous", "invalid_parameter")


class _Format(msgspec.Struct):
    format: str
    title: str
    dropped: list[str]


class _Formats(msgspec.Struct):
    data: list[_Format]


@dataclass
class PushReport:
    """What became of a file: `received` = `imported` + `duplicates` + `rejected` runs.

    `errors` are the first 100 refusals, `batches` can be taken back by `datasets.undo`, `sample`
    is there after a dry run. `resume` goes on after the last part that was answered.
    """

    file: str
    format: str = ""
    received: int = 0
    imported: int = 0
    duplicates: int = 0
    rejected: int = 0
    errors: list[ProblemFault] = field(default_factory=list)
    errors_truncated: bool = False
    assumed: list[Assumed] = field(default_factory=list)
    span: Span | None = None
    batch_id: str | None = None
    batches: list[str] = field(default_factory=list)
    bytes_sent: int = 0
    sample: list[dict[str, Any]] | None = None
    resume: str = ""


class Pushing:
    """The push of one file: takes its parts, gives steps, keeps the report."""

    def __init__(
        self,
        file: str,
        upload: Upload,
        options: Mapping[str, object],
        patience: Patience,
        on_part: Callable[[PushReport], object] | None = None,
    ) -> None:
        self.report = PushReport(file, resume=upload.at(upload.start))
        self._upload = upload
        self._options = {name: value for name, value in options.items() if value is not None}
        self._patience = patience
        self._on_part = on_part
        self._media_type: str | None = None
        self._said()

    def send(self, part: FilePart) -> Steps[None]:
        """Send a part; the first one decides as what the file is sent.

        Raises Invalid where the service recognises nothing in it.
        """
        answer = yield from self._recognised(part)
        self._add(part, answer)
        self.report.resume = self._upload.at(part.after)
        self._said()

    def undividable(self, error: Undividable) -> Steps[TooLarge]:
        """What to raise for a document that cannot be cut: by its name, with what to do."""
        known = yield from self._named(error)
        limit = "a call carries at most 5 MB"
        advice = "write it as JSON lines, as an array of records, or as several files"
        return TooLarge(
            status=413,
            code="cannot_be_cut",
            detail=f"{known or self.report.file}: {error}, and {limit}; {advice}",
        )

    def cut(self, error: EvalyardError) -> EvalyardError:
        """What to raise: the error itself where nothing can have been stored."""
        unsure = isinstance(error, (OutOfReach, RateLimited, ServerError))
        if (unsure and not self._options.get("dry_run")) or self.report.batches:
            return AppendInterrupted(self.report.resume, self.report, str(error))
        return error

    def _said(self) -> None:
        if self._on_part is not None:
            self._on_part(self.report)

    def _recognised(self, part: FilePart) -> Steps[Import]:
        """The answer for the first media type that the service takes it as."""
        refusal: Invalid | None = None
        for media_type in [self._media_type] if self._media_type else part.media_types:
            try:
                answer = yield from self._post(part, media_type)
            except Invalid as error:
                if error.code in NOT_OF_THE_FILE:
                    raise
                refusal = refusal or error
            else:
                self._media_type = media_type
                return answer
        assert refusal is not None  # A part has a media type.
        if self._media_type is None or refusal.code != "no_row_stored":
            raise refusal
        return _none_stored(refusal)

    def _post(self, part: FilePart, media_type: str) -> Steps[Import]:
        """The answer; a part of more runs than a call takes goes in two."""
        body = part.body
        request = import_request(body, media_type, self._options, self._key(part, media_type))
        try:
            answer = yield from ask(request, Import, self._patience)
        except TooLarge:
            if part.is_whole or len(part.records) == 1:
                raise
            halves = part.halves()
            first = yield from self._post(halves[0], media_type)
            second = yield from self._post(halves[1], media_type)
            return _together(first, second, len(halves[0].records))
        self.report.bytes_sent += len(request.body or b"")
        if answer.batch_id:
            self.report.batches.append(answer.batch_id)
        return answer

    def _key(self, part: FilePart, media_type: str) -> str:
        """One for what is sent: the same part of the same upload, in the same way."""
        options = json.dumps(self._options, sort_keys=True, default=str)
        said = (self._upload.key, self.report.file, media_type, options)
        place = (str(part.first), str(len(part.records)))
        return hashlib.sha256("\0".join((*said, *place)).encode()).hexdigest()[:32]

    def _add(self, part: FilePart, answer: Import) -> None:
        report = self.report
        for name in ("received", "imported", "duplicates", "rejected"):
            setattr(report, name, getattr(report, name) + getattr(answer, name))
        moved = answer.errors if part.is_whole else [_moved(e, part.first) for e in answer.errors]
        room = _LISTED - len(report.errors)
        report.errors += moved[:room]
        report.errors_truncated |= answer.errors_truncated or len(moved) > room
        report.assumed = _summed([*report.assumed, *answer.assumed])
        report.span = _spanned(report.span, answer.span)
        report.format = answer.format if report.format in ("", answer.format) else "mixed"
        report.batch_id = report.batches[-1] if report.batches else None
        report.sample = answer.sample if report.sample is None else report.sample

    def _named(self, error: Undividable) -> Steps[str]:
        """The format of a document, of which the service is shown the first elements."""
        sample = _sample(error) if error.is_whole else None
        if sample is None:
            return ""
        request = import_request(sample, "application/json", {"dry_run": True}, None)
        try:
            answer = yield from ask(request, Import, self._patience)
            known = yield from ask(get("/usage/import/formats"), _Formats, self._patience)
        except EvalyardError:
            # The document is refused all the same.
            return ""
        found = [each for each in known.data if each.format == answer.format]
        if not found or found[0].format == "rows":
            return ""
        unread = f" (not read of it: {'; '.join(found[0].dropped)})" if found[0].dropped else ""
        return f"{self.report.file} is {found[0].title}{unread}"


def _sample(error: Undividable) -> bytes | None:
    """A document with each list and text cut short; None where it is no JSON."""
    try:
        return json.dumps(_short(json.loads(error.content))).encode()
    except (ValueError, RecursionError):
        return None


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value[:_SAMPLED_ELEMENTS]]
    return value[:_SAMPLED_CHARACTERS] if isinstance(value, str) else value


def _together(first: Import, second: Import, rows: int) -> Import:
    """Two answers as one; places of the second count on."""
    counts = {
        name: getattr(first, name) + getattr(second, name)
        for name in ("received", "imported", "duplicates", "rejected")
    }
    return Import(
        batch_id=second.batch_id or first.batch_id,
        **counts,
        errors=[*first.errors, *(_moved(each, rows) for each in second.errors)],
        errors_truncated=first.errors_truncated or second.errors_truncated,
        format=first.format if first.format == second.format else "mixed",
        assumed=_summed([*first.assumed, *second.assumed]),
        span=_spanned(first.span, second.span),
        sample=first.sample,
    )


def _moved(fault: ProblemFault, rows: int) -> ProblemFault:
    """A fault by its place in the file; of its line, only the part's own is known."""
    head, _, rest = fault.pointer.removeprefix("/rows/").partition("/")
    if not head.isdigit():
        return fault
    pointer = f"/rows/{int(head) + rows}" + (f"/{rest}" if rest else "")
    return ProblemFault(pointer=pointer, code=fault.code, detail=fault.detail)


def _summed(assumed: list[Assumed]) -> list[Assumed]:
    counts: dict[tuple[str, str], int] = {}
    for each in assumed:
        key = (each.field, each.treated_as)
        counts[key] = counts.get(key, 0) + each.rows
    return [Assumed(field=f, treated_as=t, rows=rows) for (f, t), rows in counts.items()]


def _spanned(one: Span | None, other: Span | None) -> Span | None:
    both = [each for each in (one, other) if each is not None]
    if not both:
        return None
    # Times are written alike, so that their order is that of the texts.
    return Span(from_=min(e.from_ for e in both), to=max(e.to for e in both))


def _none_stored(error: Invalid) -> Import:
    said = error.document
    return Import(
        batch_id=None,
        received=int(said.get("received", 0)),
        imported=0,
        duplicates=0,
        rejected=int(said.get("rejected", 0)),
        errors=error.errors,
        errors_truncated=bool(said.get("errors_truncated")),
        format=str(said.get("format", "")),
        assumed=[],
        span=None,
    )
