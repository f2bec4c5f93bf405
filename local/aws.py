"""Clients of the AWS that runs on this machine, as the account's root."""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
ROOT_KEY = "test"
ROOT_SECRET = "test"  # noqa: S105 - the emulator's fixed root pair, documented as such


@dataclass(frozen=True)
class LocalAws:
    """Where the local AWS listens, and a client for each of its services."""

    endpoint_url: str

    def client(self, service: str) -> Any:
        """A boto3 client; untyped, because stubs for each service would be one more download."""
        return boto3.Session(
            aws_access_key_id=ROOT_KEY, aws_secret_access_key=ROOT_SECRET, region_name=REGION
        ).client(
            service,
            endpoint_url=self.endpoint_url,
            config=Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60),
        )

    def environment(self) -> dict[str, str]:
        """What a child process needs to talk to this AWS by the ordinary tools."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            # Without this, boto3 asks the address of an EC2 machine for its metadata.
            "AWS_EC2_METADATA_DISABLED": "true",
        }
