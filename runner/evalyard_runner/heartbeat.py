"""The heartbeat of a running job: extends its lease and visibility, and learns of a cancel."""

import asyncio
import math
import time

from evalyard_runner import log
from evalyard_runner.api import DeviceApi
from evalyard_runner.errors import (
    ApiAwayError,
    ApiRefusedError,
    DeviceRefusedError,
    GenerationError,
    QueuesAwayError,
)
from evalyard_runner.outcome import CANCELLED, Lost
from evalyard_runner.sensors import Sensors
from evalyard_runner.session import SessionKeeper
from evalyard_runner.sqs import Received
from evalyard_runner.unexpected import place_of
from evalyard_runner.wire import Claim

# After a failed beat the next one comes sooner: a lease outlives only a few periods of silence.
_SOONER_S = 3.0


class Pulse:
    """Beats every `period_s` until it has a reason for the work to stop; extends the message with
    the first beat, and then as often as half its visibility is over.
    """

    def __init__(
        self,
        api: DeviceApi,
        queues: SessionKeeper,
        claim: Claim,
        message: Received,
        sensors: Sensors,
        *,
        period_s: float,
        extends_every_s: float,
    ) -> None:
        self._api, self._queues, self._claim, self._message = api, queues, claim, message
        self._sensors, self._period_s = sensors, period_s
        self._extends_every_s, self._extended_s = extends_every_s, -math.inf
        self._refused = False

    async def run(self) -> GenerationError | Lost:
        """Returns `cancelled` or Lost. Raises DeviceRefusedError when the token died."""
        beat_well = True
        while True:
            await asyncio.sleep(self._period_s if beat_well else min(_SOONER_S, self._period_s))
            beat_well = await self._extend()
            try:
                if await self._is_cancelled():
                    return GenerationError(CANCELLED, "cancelled by its owner", retryable=False)
            except DeviceRefusedError:
                raise
            except ApiRefusedError as exc:
                return Lost(exc)
            except ApiAwayError:
                beat_well = False
            except Exception as exc:  # The last resort: without a pulse the job would be lost.
                log.trouble("heartbeat_failed", reason=place_of(exc))
                beat_well = False

    async def _is_cancelled(self) -> bool:
        """One beat; without the readings where the API refuses one of them: no sensor costs a job
        its lease.
        """
        readings = await asyncio.to_thread(self._sensors.read)
        try:
            return await self._api.heartbeat(self._claim, readings)
        except ApiRefusedError as refusal:
            if not refusal.is_about_the_words:
                raise
            if not self._refused:
                log.trouble("readings_refused", reason=refusal)
            self._refused = True
        return await self._api.heartbeat(self._claim, {})

    async def _extend(self) -> bool:
        """Whether the message stays ours for long enough."""
        if time.monotonic() - self._extended_s < self._extends_every_s:
            return True
        try:
            await self._queues.extend(self._message)
        except (QueuesAwayError, ApiAwayError, ApiRefusedError):
            return False
        except DeviceRefusedError:
            raise
        except Exception as exc:  # The last resort, as above.
            log.trouble("heartbeat_failed", reason=place_of(exc))
            return False
        self._extended_s = time.monotonic()
        return True
