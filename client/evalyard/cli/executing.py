"""`exec`: runs a command here, shows its output, and sends what it measured."""

from __future__ import annotations

import codecs
import json
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from threading import Thread
from typing import IO, Any

import click

from evalyard.cli import exits
from evalyard.cli.pushing import explain, recognise
from evalyard.cli.session import Session
from evalyard.cli.words import labels
from evalyard.errors import Invalid
from evalyard.models import Import

_LINE = "EVALYARD "
_LINE_END = re.compile(r"\r\n|\r|\n")
_PIECE = 2**16
_ANY_RUN = b'[{"latency_ms": 1}]'
_METRICS = ("prompt_tokens", "completion_tokens", "latency_ms", "ttft_ms", "tok_s", "ok")


@click.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--adapter", default="auto", help="Dataset whose adapter maps the fields.")
@click.option("--device", help="Name of this machine; default: its host name.")
@click.option("-m", "--model", help="Model of runs that name none.")
@click.option("--tag", help="Label of the runs.")
@click.option("--cond", "conds", multiple=True, metavar="NAME=VALUE", help="Condition; repeat.")
@click.pass_obj
def exec_(
    session: Session,
    command: Sequence[str],
    adapter: str,
    device: str | None,
    model: str | None,
    tag: str | None,
    conds: Sequence[str],
) -> int:
    """Run COMMAND here, show its output, and send the runs that it measured.

    Its lines `EVALYARD {"metrics":{…},"extra":{…}}` are runs; without such lines its output is
    what `push` recognises. A command that fails sends nothing, and its exit code is kept. Whether
    runs could be sent is tried before it starts.

    \b
    evalyard exec --cond commit=4f2c1d9 -- llama-bench -m model.gguf -o json
    """
    named = {"device": device or platform.node(), "model": model, "tag": tag}
    names: dict[str, Any] = {name: value for name, value in named.items() if value} | labels(conds)
    mapped = {} if adapter == "auto" else {"adapter": adapter}
    _try_to_send(session, names | mapped)
    code, out, err = _run(command)
    if code != 0:
        session.warn(f"{command[0]} ended with {code}; nothing is sent")
        return code
    runs = [*_lines(session, out), *_lines(session, err)]
    if runs:
        content = json.dumps(runs).encode()
        return _done(session, session.ev.usage.import_file(content, **names))
    return _recognised(session, out, names | mapped)


def _try_to_send(session: Session, names: dict[str, Any]) -> None:
    """Raise at once what would otherwise be found out when the command is over and its output gone:
    no address, a token that may not, a condition that is none, an adapter that is not there.
    """
    try:
        session.ev.usage.import_file(_ANY_RUN, **names, dry_run=True)
    except Invalid as error:
        # The adapter maps other fields.
        if error.code != "no_row_stored":
            raise


def _recognised(session: Session, out: str, names: dict[str, Any]) -> int:
    """Send what the service recognises in the output; what is only text around it is left out."""
    for text in _candidates(out):
        content = text.encode()
        tried = recognise(session, "output", content, {**names, "dry_run": True})
        if tried is None or not tried.imported:
            continue
        answer = recognise(session, "output", content, names)
        return exits.NO_DATA if answer is None else _done(session, answer)
    session.warn(
        "the output holds no EVALYARD line and nothing that is recognised; nothing is sent"
    )
    return exits.NO_DATA


def _done(session: Session, answer: Import) -> int:
    explain(session, "output", answer)
    there = f", {answer.duplicates} are there already" if answer.duplicates else ""
    session.say(f"{answer.imported} runs are sent ({answer.format}){there}")
    return exits.GOOD if answer.imported or answer.duplicates else exits.NO_DATA


def _lines(session: Session, text: str) -> Iterator[dict[str, Any]]:
    """The runs of `EVALYARD {…}` lines."""
    # A text in JSON may hold what else ends a line to Python, as U+2028.
    for line in _LINE_END.split(text):
        _, found, document = line.partition(_LINE)
        if not found or line[: line.index(_LINE)].strip():
            continue
        try:
            said = json.loads(document, parse_constant=_refused)
            if not isinstance(said, dict):
                raise TypeError("it is no JSON object")
            metrics, extra = dict(said.get("metrics") or {}), dict(said.get("extra") or {})
        except (ValueError, AttributeError, TypeError) as error:
            session.warn(f"an EVALYARD line cannot be read: {error}")
            continue
        # Metrics that a run has no column for are extras under their own names.
        extra |= {name: metrics.pop(name) for name in [*metrics] if name not in _METRICS}
        known = ("model", "device", "tag", "ts", "conditions")
        yield {**metrics, **{name: said[name] for name in known if name in said}, "extra": extra}


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number: leave it out")


def _candidates(out: str) -> Iterator[str]:
    """The output, and its part from where JSON or a table begins."""
    yield out
    lines = out.splitlines(keepends=True)
    for place, line in enumerate(lines):
        if place and line.lstrip().startswith(("[", "{", "|")):
            yield "".join(lines[place:])
            return


def _run(command: Sequence[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command, which are shown as they come."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise click.UsageError(f"{command[0]}: {error.strerror}") from error
    out: list[bytes] = []
    err: list[bytes] = []
    readers = [
        Thread(target=_copy, args=(process.stdout, sys.stdout, out)),
        Thread(target=_copy, args=(process.stderr, sys.stderr, err)),
    ]
    for reader in readers:
        reader.start()
    # Ctrl-C reaches the command too, which ends as it wants to.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    for reader in readers:
        reader.join()
    texts = [b"".join(each).decode("utf-8", "replace") for each in (out, err)]
    # A shell says 128 + n of what signal n ended.
    return (code if code >= 0 else 128 - code), texts[0], texts[1]


def _copy(source: IO[bytes], target: IO[str], kept: list[bytes]) -> None:
    """Show what comes as it comes, and keep it, also where the reader of the target has left."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    is_read = True
    with source:
        # As much as is there: a bar that draws itself again has no line ends.
        while piece := source.read1(_PIECE):  # type: ignore[attr-defined]  # A pipe is buffered.
            kept.append(piece)
            try:
                if is_read:
                    target.write(decoder.decode(piece))
                    target.flush()
            except OSError:
                is_read = False
