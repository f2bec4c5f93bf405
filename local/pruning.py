"""Takes out of the built web layer what botocore brings for services that are not used.

The wheel describes all of AWS, 27 MB of it. Unpacking that costs every cold start.
"""

import shutil
from pathlib import Path

# `SERVICES` of shared/aws/clients.py; a test holds the two together.
SERVICES = frozenset({"dynamodb", "s3", "sqs", "sts"})


def prune_botocore(sam_folder: Path) -> None:
    """Removes the descriptions of all other services, and examples, from what was built."""
    for data in sam_folder.glob("build/*/python/botocore/data"):
        for service in data.iterdir():
            if service.is_dir() and service.name not in SERVICES:
                shutil.rmtree(service)
        for examples in data.rglob("examples-1.json"):
            examples.unlink()
