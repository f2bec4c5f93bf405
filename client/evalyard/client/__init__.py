"""The blocking SDK.

Written by `make openapi` from `evalyard.aio`; edits are lost.
"""

from evalyard.client.baselines import Baselines
from evalyard.client.datasets import Datasets
from evalyard.client.deployment import Evalyard
from evalyard.client.devices import Devices
from evalyard.client.jobs import Job, Jobs
from evalyard.client.pages import Pages
from evalyard.client.usage import Usage

__all__ = [
    "Baselines",
    "Datasets",
    "Devices",
    "Evalyard",
    "Job",
    "Jobs",
    "Pages",
    "Usage",
]
