"""The server's own code behind a real port: it checks what the runner says."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from tests.kit.yard import Yard
from tests.runner.kit.server import Exchange, FakeServer

_FORWARDED = ("x-evalyard-state",)


class DeployedApi(FakeServer):
    """Hands the devices' requests to `functions.devices`, one at a time, as Lambda does.

    `sqs_url` is where runners find the queues that are in other processes than this.
    """

    sqs_url: str | None = None

    def __init__(self, yard: Yard) -> None:
        super().__init__()
        self._yard = yard
        self._loop = asyncio.new_event_loop()
        self._function = ThreadPoolExecutor(
            1, initializer=asyncio.set_event_loop, initargs=(self._loop,)
        )
        self.answered: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        self._function.__enter__()
        return super().__enter__()

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        self._function.shutdown()
        self._loop.close()

    def answer(self, exchange: Exchange, body: Any) -> None:
        device = self._yard.device(exchange.path.split("/")[2])
        answer = self._function.submit(device.post, exchange.path, json=body).result()
        verb, said = exchange.path.rpartition("/")[2], answer.json() if answer.body else None
        self.answered.append((verb, answer.status))
        if verb == "session" and self.sqs_url:
            said["endpoint_url"] = self.sqs_url
        state = {name: answer.headers[name] for name in _FORWARDED if name in answer.headers}
        exchange.send_json(answer.status, said, state)

    def statuses(self, verb: str) -> list[int]:
        """The status codes that `verb` was answered with."""
        return [status for said, status in self.answered if said == verb]
