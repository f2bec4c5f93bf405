"""`ask`: an answer of a model on a device, while it is written."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click
import msgspec

from evalyard.cli.output import compact
from evalyard.cli.session import Session
from evalyard.cli.sources import prompt_of
from evalyard.core.sending import exchange, unreadable
from evalyard.core.wire import Request
from evalyard.errors import ConfigurationError, ServerError


@click.command()
@click.argument("stdin", required=False, type=click.Choice(["-"]))
@click.option("-m", "--model", required=True, help="Model, or model@serial.")
@click.option("-p", "--prompt")
@click.option("--system", help="System prompt.")
@click.option("--device", help="Serial of the device.")
@click.option("--num-predict", type=int, help="Most tokens of the answer.")
@click.option("--tag", help="Label of the run.")
@click.pass_obj
def ask(
    session: Session,
    /,
    stdin: str | None,
    model: str,
    prompt: str | None,
    num_predict: int | None,
    **options: Any,
) -> None:
    """Stream an answer through the gateway, with the key of EVALYARD_API_KEY.

    \b
    evalyard ask -m llama3-8b -p "Why is the sky blue?"
    """
    if (prompt is None) == (stdin is None):
        raise click.UsageError("one prompt is needed: -p TEXT, or - for stdin")
    key = session.ev.target.api_key
    if not key:
        raise ConfigurationError(
            'no API key: set EVALYARD_API_KEY; POST /accounts/tokens with {"kind": "api_key"} '
            "makes one"
        )
    text = prompt_of(sys.stdin.buffer.read(), "stdin") if stdin else prompt
    body: dict[str, Any] = {"prompt": text, "model": model}
    body |= {name: value for name, value in options.items() if value is not None}
    if num_predict is not None:
        body["options"] = {"num_predict": num_predict}
    events = _Events(session)
    base = os.environ.get("EVALYARD_GATEWAY_URL") or session.ev.target.url
    # A whole address, so that the user token stays at home.
    request = Request(
        "POST",
        f"{base.rstrip('/')}/ask_stream",
        body=json.dumps(body).encode(),
        headers={
            "content-type": "application/json",
            "accept": "application/x-ndjson",
            "x-api-key": key,
        },
        sink=events.take,
    )
    session.ev.walk(exchange(request, session.ev.patience))
    events.finish()


class _Events:
    """Prints the text as it comes; what it was, at the end, on stderr."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rest = b""
        self._done: dict[str, Any] | None = None

    def take(self, piece: bytes) -> None:
        """A piece of the stream; events are lines."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line.strip():
                self._event(_read(line))

    def finish(self) -> None:
        """After the stream; raises ServerError where it ended before its end."""
        self.take(b"\n")
        if self._done is None:
            raise ServerError(status=502, code="stream_cut", detail="the answer ended too early")
        if self._session.format == "table":
            print()
            metrics = self._done.get("metrics") or {}
            shown = {name: value for name, value in metrics.items() if value is not None}
            self._session.say(f"{self._done.get('device')}: {compact(shown)}")

    def _event(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "error":
            raise ServerError(
                status=int(event.get("status") or 502),
                code=str(event.get("code")),
                detail=str(event.get("detail") or ""),
            )
        if kind == "queued":
            self._session.say(f"queued, {event.get('ahead')} ahead")
        if kind == "done":
            self._done = event
        if self._session.format != "table":
            print(compact(event), flush=True)
        elif kind == "token":
            print(event.get("text", ""), end="", flush=True)


def _read(line: bytes) -> dict[str, Any]:
    """An event; raises UnreadableAnswer for what something else than a gateway says."""
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise unreadable(error, 200) from error
