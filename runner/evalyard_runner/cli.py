"""The `evalyard-runner` command: settings in, exit code out.

0 a clean end · 1 something unexpected · 2 flags, model or backend unusable · 3 the API refused
token or serial.
"""

import asyncio
import sys
from typing import Final

from evalyard_runner import log
from evalyard_runner.backends import Backend
from evalyard_runner.errors import DeviceRefusedError, GenerationError, MisconfiguredError
from evalyard_runner.loading import open_backend
from evalyard_runner.net import is_in_the_clear
from evalyard_runner.options import Generation
from evalyard_runner.sensors import find_sensors
from evalyard_runner.serving import serve
from evalyard_runner.settings import Settings, read_settings
from evalyard_runner.stopping import Stop

EXIT_MISCONFIGURED: Final = 2
EXIT_REFUSED: Final = 3


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped."""
    try:
        return asyncio.run(_run(read_settings(arguments)))
    except MisconfiguredError as exc:
        return _end(exc, EXIT_MISCONFIGURED)
    except DeviceRefusedError as exc:
        return _end(exc, EXIT_REFUSED)
    except KeyboardInterrupt:
        return 0
    finally:
        log.close()


async def _run(settings: Settings) -> int:
    stop = Stop()
    stop.listen()
    # Loading may take minutes; a signal ends it at once.
    backend = await stop.unless_asked(open_backend(settings))
    if backend is None:
        return 0
    try:
        if settings.check:
            await _check(backend)
        else:
            _warn_of_exposed_token(settings.api)
            await serve(settings, backend, stop, await asyncio.to_thread(find_sensors))
    finally:
        await backend.close()
    return 0


async def _check(backend: Backend) -> None:
    """One token of the first model, so that a start that cannot work ends here."""
    model = next(iter(backend.models), "")
    try:
        sample = await backend.generate(Generation(model, "Hello", options={"num_predict": 1}))
    except GenerationError as exc:
        raise MisconfiguredError(f"{model or 'the backend'} does not answer: {exc}") from exc
    log.progress("check_passed", model=model, load_ms=backend.load_ms, ttft_ms=sample.ttft_ms)


def _warn_of_exposed_token(api: str) -> None:
    if is_in_the_clear(api):
        log.trouble(
            "token_sent_in_the_clear",
            api=api,
            detail="who sees this network's traffic can read the device token and take its jobs; "
            "use https",
        )


def _end(reason: Exception, code: int) -> int:
    log.write(sys.stderr, f"evalyard-runner: {reason}")
    return code
