"""The SDK for asyncio. `make openapi` makes `evalyard.client` from it."""

from evalyard.aio.baselines import AsyncBaselines
from evalyard.aio.datasets import AsyncDatasets
from evalyard.aio.deployment import AsyncEvalyard
from evalyard.aio.devices import AsyncDevices
from evalyard.aio.jobs import AsyncJob, AsyncJobs
from evalyard.aio.pages import AsyncPages
from evalyard.aio.usage import AsyncUsage

__all__ = [
    "AsyncBaselines",
    "AsyncDatasets",
    "AsyncDevices",
    "AsyncEvalyard",
    "AsyncJob",
    "AsyncJobs",
    "AsyncPages",
    "AsyncUsage",
]
