"""The server's own code behind a real port: it checks what the runner says."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from tests.kit.yard import Yard
from tests.runner.kit.api import SERIAL
from tests.runner.kit.server import Exchange, FakeServer

_FORWARDED = ("x-evalyard-state",)


class DeployedApi(FakeServer):
    """Hands the device's requests to `functions.devices`, one at a time, as Lambda does."""

    def __init__(self, yard: Yard) -> None:
        super().__init__()
        self._device = yard.device(SERIAL)
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
        answer = self._function.submit(self._device.post, exchange.path, json=body).result()
        self.answered.append((exchange.path.rpartition("/")[2], answer.status))
        state = {name: answer.headers[name] for name in _FORWARDED if name in answer.headers}
        exchange.send_json(answer.status, answer.json() if answer.body else None, state)

    def statuses(self, verb: str) -> list[int]:
        """The status codes that `verb` was answered with."""
        return [status for said, status in self.answered if said == verb]
