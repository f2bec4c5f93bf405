"""Puts the parts of a runner together and keeps them going until it is asked to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from evalyard_runner.api import DeviceApi
from evalyard_runner.asks import Asks
from evalyard_runner.backends import Backend
from evalyard_runner.channel import Channel
from evalyard_runner.errors import (
    ApiAwayError,
    ApiRefusedError,
    DeviceInUseError,
    DeviceRefusedError,
)
from evalyard_runner.gatekeeper import Gatekeeper
from evalyard_runner.instance import own_instance
from evalyard_runner.looks import Looks
from evalyard_runner.presence import DeviceState, Presence, say_status
from evalyard_runner.pull import PullLoop
from evalyard_runner.sensors import Sensors
from evalyard_runner.session import SessionKeeper
from evalyard_runner.settings import Settings
from evalyard_runner.stopping import Stop
from evalyard_runner.turns import Turns


async def serve(settings: Settings, backend: Backend, stop: Stop, sensors: Sensors) -> None:
    """Returns after a clean stop. Raises DeviceRefusedError when the API does not accept token or
    serial.
    """
    instance = own_instance(settings.state_dir, settings.serial)
    async with DeviceApi(settings.api, settings.serial, settings.token, instance) as api:
        state = DeviceState(models=backend.models, sensors=sensors, backend=settings.backend)
        presence = Presence(api, state)
        await _introduce(api, state)
        queues, turns = SessionKeeper(api), Turns(settings.gateway_parallel)
        looks = Looks()
        gatekeeper = Gatekeeper(settings.limits, sensors)
        loop = PullLoop(
            api=api,
            queues=queues,
            backend=backend,
            state=state,
            gatekeeper=gatekeeper,
            turns=turns,
            looks=looks,
            stop=stop,
            grace_s=settings.grace_s,
            poll_wait_s=settings.poll_wait_s,
        )
        asks = Asks(backend, state, gatekeeper, turns, look=looks.ask)
        channel = Channel(queues, state, asks.hear)
        asks.send = channel.send
        jobs = _then(loop.run(), asks.finish(settings.grace_s))
        await _until_first_ends(jobs, presence.run(), channel.run())
        await presence.leave()


async def _then(first: Coroutine[Any, Any, None], second: Coroutine[Any, Any, None]) -> None:
    """One after the other."""
    try:
        await first
    except BaseException:
        second.close()
        raise
    await second


async def _introduce(api: DeviceApi, state: DeviceState) -> None:
    """The first words decide whether the API knows this device; later refusals may pass and are
    waited out.
    """
    try:
        await say_status(api, state)
    except DeviceInUseError:
        state.displaced = True
    except ApiRefusedError as exc:
        if exc.is_about_the_words:
            return
        raise DeviceRefusedError(f"the API refused device {api.serial}: {exc}") from exc
    except ApiAwayError:
        return


async def _until_first_ends(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts side by side until one returns or fails; then end the others."""
    tasks = {asyncio.create_task(part) for part in parts}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
