"""Accounts with something of every kind, and what there is of them anywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from functions.erase_accounts.handler import lambda_handler
from shared.accounts import (
    TokenRequest,
    User,
    create_user,
    issue_device_token,
    issue_token,
    webhook_secrets,
)
from shared.aws import Bucket, Queue, Table
from shared.devices import Fleet, Registration
from tests.conftest import Api, HeldClock
from tests.kit.cloud import aws_client
from tests.kit.gateway import ApiClient, ApiResponse, LambdaContext

GRACE_S = 2_100
PREFIXES = (
    "segments/{}/01A-a0-1-0-3-d.jsonl",
    "folded/{}/000000000001-01A.msgpack",
    "data/users/{}/datasets/d.jsonl",
    "data/users/{}/datasets/d/000001.jsonl",
    "data/users/{}/datasets/d/columns/01A.parquet",
    "runs/user={}/date=2026-01-01/000000000001-01A.parquet",
    "rollups/user={}/date=2026-01-01/000000000001-01A.parquet",
    "quarantine/{}/01A.jsonl",
    "jobs/{}/job_1/request.json",
    "exports/{}/01A.csv",
    "baselines/{}/main/01A.json",
)
# What may name somebody who is gone: that they were, and what was done.
KEPT = ("AUDIT#", "TOKEN_ID#", "RETIRED")

World = dict[str, str]


class _PatientContext(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@dataclass
class Town:
    """Users with data, an administrator, and the upkeep that erases."""

    api: Api
    tables: dict[str, Table]
    bucket: Bucket
    queues: dict[str, Queue]
    held_clock: HeldClock

    @property
    def root(self) -> ApiClient:
        return self.api("accounts", user="root", admin=True)

    @property
    def accounts(self) -> Table:
        return self.tables["AccountsTable"]

    def settle(self, user_id: str) -> str:
        """A user with something in every place, put there directly; their token."""
        create_user(self.accounts, User(user_id, "lab", False, f"01ABCDEF{user_id:Z<18}"[:26]))
        request = TokenRequest(f"tok_{user_id}", user_id, "lab", False)
        token = issue_token(self.accounts, request).secret
        webhook_secrets(self.accounts, user_id)
        self._put_objects(user_id)
        self._put_items(user_id)
        self._put_device(user_id)
        return token

    def _put_objects(self, user_id: str) -> None:
        for name in PREFIXES:
            key = name.format(user_id)
            self.bucket.put(key, b"old " + user_id.encode())
            self.bucket.put(key, b"new " + user_id.encode())
        gone = f"segments/{user_id}/gone"
        self.bucket.put(gone, b"x")
        self.bucket.delete([gone])
        for folder in (f"data/users/{user_id}/datasets/d.jsonl", f"exports/{user_id}/u"):
            begin = aws_client("s3").create_multipart_upload
            upload = begin(Bucket=self.bucket.name, Key=folder)["UploadId"]
            aws_client("s3").upload_part(
                Bucket=self.bucket.name, Key=folder, UploadId=upload, PartNumber=1, Body=b"part"
            )

    def _put_items(self, user_id: str) -> None:
        user, job = f"USER#{user_id}", f"job_{user_id}"
        catalog, jobs = self.tables["CatalogTable"], self.tables["JobsTable"]
        catalog.put({"pk": user, "sk": "CHECKPOINT", "generation": 3})
        catalog.put({"pk": user, "sk": "DATASET#d#BASE", "name": "d"})
        jobs.put({"pk": user, "sk": f"JOB#{job}", "status": "queued", "prompt_preview": "p"})
        jobs.put({"pk": f"JOB#{job}", "sk": "OWNER", "user_id": user_id})
        jobs.put({"pk": f"JOB#{job}", "sk": "CALLBACK#evt_1", "user_id": user_id})
        jobs.put({"pk": user, "sk": "COUNTS", "queued": 1})
        jobs.put({"pk": f"CALLBACKS#{user_id}", "sk": "PINGS#1", "count": 1})
        line = {"user_id": user_id, "level": "high", "model": "m", "queue_tag": "default"}
        jobs.put({"pk": "LINES", "sk": f"pool/default/high/m#{user_id}", **line})
        counted = {"count": 1, "newest": f"1#{job}", "version": "v"}
        jobs.put({"pk": "DEADS", "sk": f"{user_id}#timeout", **counted})
        call = {"pk": f"CALL#{user_id}#POST /x#k", "sk": "CALL", "user_id": user_id}
        self.tables["IdempotencyTable"].put({**call, "expires_at": 2_000_000_000})
        rate = {"pk": f"RATE#{user_id}", "sk": "writes", "full_us": 1}
        self.tables["IdempotencyTable"].put(rate)

    def _put_device(self, user_id: str) -> None:
        serial, table = f"phone-{user_id}", self.tables["DevicesTable"]
        urls = {"high": "https://q/high", "normal": "https://q/normal"}
        Fleet(table).register(Registration(serial=serial, owner=user_id), urls)
        table.put({"pk": f"DEVICE#{serial}", "sk": "POINT#1", "at_us": 1})
        table.put({"pk": f"DEVICE#{serial}", "sk": "PRESENCE", "reported_ready": True})
        issue_device_token(self.accounts, serial)
        line = {"user_id": user_id, "level": "high", "model": "m", "queue_tag": "default"}
        name = f"device/{serial}/high/m#{user_id}"
        self.tables["JobsTable"].put({"pk": "LINES", "sk": name, "device_serial": serial, **line})

    def world(self) -> World:
        """Everything that there is: objects by key and version, unfinished uploads, items."""
        return _objects(self.bucket) | {
            f"{name} {item['pk']} {item['sk']}": repr(sorted(item.items(), key=str))
            for name, table in self.tables.items()
            for item in _scan(table)
        }

    def traces(self, user_id: str) -> World:
        """What names a user and should not once they are gone."""
        return {
            place: content
            for place, content in self.world().items()
            if user_id in place + content
            and not place.partition(" ")[2].startswith(KEPT)
            and not place.endswith(f"USER#{user_id} ERASED")
        }

    def of_others(self, user_id: str) -> World:
        """What does not name a user; the audit grows, and pools name devices of several."""
        shared = ("AccountsTable AUDIT#", "DevicesTable POOL#")
        return {
            place: content
            for place, content in self.world().items()
            if user_id not in place + content and not place.startswith(shared)
        }

    def erase(self, user_id: str = "adalove", **params: str) -> ApiResponse:
        return self.root.delete(f"/accounts/users/{user_id}", params=params)

    def status(self, user_id: str = "adalove") -> dict[str, Any]:
        answer = self.root.get(f"/accounts/users/{user_id}")
        assert answer.status == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def sweep(self, after_s: float = 60) -> dict[str, int]:
        """Let time pass, then run the upkeep once."""
        self.held_clock.advance(after_s)
        return lambda_handler({}, _PatientContext())

    def sweep_until_erased(self, user_id: str = "adalove") -> int:
        """How many runs, ten minutes apart, it takes until the account is erased."""
        for number in range(20):
            if self.status(user_id)["status"] == "erased":
                return number
            self.sweep(600)
        raise AssertionError(f"{user_id} is not erased: {self.status(user_id)}")


@pytest.fixture
def town(
    api: Api,
    tables: dict[str, Table],
    bucket: Bucket,
    queues: dict[str, Queue],
    held_clock: HeldClock,
) -> Town:
    """`adalove` and `eve`, each with something of every kind; `root` administrates."""
    made = Town(api, tables, bucket, queues, held_clock)
    create_user(made.accounts, User("root", "root", True, "01AAAAAAAAAAAAAAAAAAAAAAAA"))
    made.settle("adalove")
    made.settle("eve")
    return made


Fault = Callable[[], None]


def _objects(bucket: Bucket) -> World:
    listed = aws_client("s3").list_object_versions(Bucket=bucket.name)
    assert not listed["IsTruncated"]
    versions = {
        f"s3 {one['Key']} {one['VersionId']}": one["ETag"] for one in listed.get("Versions", [])
    }
    markers = {
        f"s3 {one['Key']} {one['VersionId']}": "marker" for one in listed.get("DeleteMarkers", [])
    }
    uploads = aws_client("s3").list_multipart_uploads(Bucket=bucket.name).get("Uploads", [])
    return versions | markers | {f"s3 {one['Key']} {one['UploadId']}": "upload" for one in uploads}


def _scan(table: Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in aws_client("dynamodb").get_paginator("scan").paginate(TableName=table.name):
        found += page["Items"]
    return [{k: next(iter(v.values())) for k, v in item.items()} for item in found]
