"""Serves the function that Lambda's own variables name, in the place of AWS's runtime."""

import asyncio
import importlib

from shared.config import lambda_runtime
from shared.lambda_stream.runtime_api import RuntimeApi
from shared.lambda_stream.serving import serve


async def main() -> None:
    """Import the handler, let its module prepare itself, then serve."""
    runtime = lambda_runtime()
    api = RuntimeApi(runtime.api)
    try:
        path, _, name = runtime.handler.rpartition(".")
        module = importlib.import_module(path)
        await module.prepare()
    except Exception as exc:
        await api.fail_to_start(type(exc).__name__, "the function cannot be loaded")
        raise
    await serve(api, getattr(module, name))


if __name__ == "__main__":
    asyncio.run(main())
