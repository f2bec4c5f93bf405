"""One S3 bucket: immutable puts that settle lost answers, versioned reads, listings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws.clients import client, client_without_retries, patient_client
from shared.aws.errors import ObjectMissing, aws_errors, call_refused, translated
from shared.aws.parallel import side_by_side
from shared.errors import Unavailable

__all__ = ["Bucket", "ObjectMissing", "StoredObject", "StoredVersion", "VersionedObject"]

# S3 refuses smaller parts of a multipart upload, but for the last.
MIN_PART_BYTES = 5 * 2**20
_ATTEMPTS = 3
_DELETE_BATCH = 1_000
_EXISTS = "PreconditionFailed"
_DELETE_FORBIDDEN = {"AccessDenied", "MethodNotAllowed", "InvalidArgument"}

# The parts of a multipart upload: `Body`, or `CopySource` and `CopySourceRange`.
Parts = list[dict[str, Any]]


class StoredObject(msgspec.Struct, frozen=True):
    """One line of a listing."""

    key: str
    size: int
    modified_s: float


class VersionedObject(msgspec.Struct, frozen=True):
    """One version of an object, as written."""

    key: str
    version_id: str


class StoredVersion(msgspec.Struct, frozen=True):
    """One version of an object, or the marker of its deletion; the latest is what GET finds."""

    key: str
    version_id: str
    modified_s: float
    is_delete_marker: bool
    is_latest: bool = False
    size: int = 0


class Bucket(msgspec.Struct, frozen=True):
    """The operations the product uses on one bucket."""

    name: str

    def put_new(self, key: str, body: bytes) -> bool:
        """Store an object under a key that was never used; True when this call (or an
        earlier one that lost its answer) stored it, False when another call had before.

        A lost answer is settled by the bucket's version history, not by writing again
        blindly: the object may have been stored, folded away and deleted meanwhile.
        Raises Unavailable when nothing is known after three attempts.
        """
        for attempt in range(_ATTEMPTS):
            if attempt and self.was_written(key):
                return True
            try:
                client_without_retries("s3").put_object(
                    Bucket=self.name, Key=key, Body=body, IfNoneMatch="*"
                )
                return True
            except ClientError as exc:
                if exc.response.get("Error", {}).get("Code") == _EXISTS:
                    return attempt > 0
                if not _may_pass(exc):
                    raise translated(exc) from exc
            except BotoCoreError:
                continue
        raise Unavailable(
            "storage did not confirm the write; it may have happened", retry_after_s=2
        )

    def was_written(self, key: str) -> bool:
        """Whether any version of exactly this key exists, deleted or not."""
        with aws_errors():
            page = client("s3").list_object_versions(Bucket=self.name, Prefix=key, MaxKeys=2)
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        return any(entry["Key"] == key for entry in found)

    def put(self, key: str, body: bytes, content_type: str | None = None) -> VersionedObject:
        """Store a version; for keys whose current version does not matter to readers."""
        extra = {"ContentType": content_type} if content_type else {}
        with aws_errors():
            answer = client("s3").put_object(Bucket=self.name, Key=key, Body=body, **extra)
        return VersionedObject(key, answer.get("VersionId", "null"))

    def get(
        self, key: str, *, version_id: str | None = None, start: int = 0, end: int | None = None
    ) -> bytes:
        """Bytes `[start, end)` of an object, as far as there are any. Raises ObjectMissing."""
        with aws_errors():
            try:
                answer = client("s3").get_object(
                    Bucket=self.name, Key=key, **_version(version_id), **_range(start, end)
                )
            except ClientError as exc:
                if exc.response.get("Error", {}).get("Code") == "InvalidRange":
                    return b""
                raise
            body = bytes(answer["Body"].read())
        # A server may answer a range with the whole; only a partial answer says its range.
        return body if "ContentRange" in answer else body[start:end]

    def get_many(self, sizes: Mapping[str, int]) -> Iterator[bytes]:
        """Whole objects of these keys (and sizes in bytes), in order, some fetched ahead.

        Raises ObjectMissing.
        """
        return side_by_side(self.get, tuple(sizes), weight=sizes.__getitem__)

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[StoredObject]:
        """All objects below a prefix, in binary order of their keys."""
        token: dict[str, str] = {"StartAfter": start_after} if start_after else {}
        while True:
            with aws_errors():
                page = client("s3").list_objects_v2(Bucket=self.name, Prefix=prefix, **token)
            for entry in page.get("Contents", []):
                yield StoredObject(entry["Key"], entry["Size"], entry["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            token = _next_page(page)

    def list_folders(
        self, prefix: str, *, after: str = "", with_deleted: bool = False
    ) -> Iterator[str]:
        """The next path segment of everything below a prefix that ends in `/`.

        Only those behind the folder `after`, which need not be there. With `with_deleted`
        also of what is deleted, while a version or marker is kept.
        """
        operation = "list_object_versions" if with_deleted else "list_objects_v2"
        begin = "KeyMarker" if with_deleted else "StartAfter"
        token: dict[str, str] = {begin: f"{prefix}{after}/"} if after else {}
        while True:
            with aws_errors():
                page = getattr(client("s3"), operation)(
                    Bucket=self.name, Prefix=prefix, Delimiter="/", **token
                )
            for entry in page.get("CommonPrefixes", []):
                folder = entry["Prefix"][len(prefix) :].rstrip("/")
                # What is in the folder sorts behind its name, so it may be listed again.
                if folder != after:
                    yield folder
            if not page.get("IsTruncated"):
                return
            token = _next_page(page)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; absent ones count as deleted. Raises Unavailable if any was refused.

        What was there stays in the bucket's history, below a marker, until it expires.
        """
        self._delete([{"Key": key} for key in keys])

    def undelete(self, key: str) -> bool:
        """Take delete markers of exactly this key away; whether there is an object then."""
        history = [entry for entry in self.history(key) if entry.key == key]
        if not any(not entry.is_delete_marker for entry in history):
            return False
        self.delete_history(entry for entry in history if entry.is_delete_marker)
        return True

    def delete_history(self, versions: Iterable["StoredVersion"]) -> None:
        """Delete versions and delete markers of many objects for good."""
        self._delete([{"Key": each.key, "VersionId": each.version_id} for each in versions])

    def _delete(self, names: Sequence[dict[str, str]]) -> None:
        for first in range(0, len(names), _DELETE_BATCH):
            chunk = names[first : first + _DELETE_BATCH]
            with aws_errors():
                answer = client("s3").delete_objects(
                    Bucket=self.name, Delete={"Objects": chunk, "Quiet": True}
                )
            codes = [each.get("Code", "") for each in answer.get("Errors", [])]
            # Of a batch each object has its code, and none a status.
            if any(code in _DELETE_FORBIDDEN for code in codes):
                raise call_refused()
            if codes:
                raise Unavailable("objects could not be deleted", retry_after_s=2)

    def delete_versions(self, key: str, version_ids: Iterable[str]) -> None:
        """Delete versions of an object for good; absent ones count as deleted."""
        self._delete([{"Key": key, "VersionId": version_id} for version_id in version_ids])

    def versions(self, key: str) -> Sequence[tuple[str, float]]:
        """The versions of exactly this key, newest first, as (version id, modified at)."""
        return [
            (version.version_id, version.modified_s)
            for version in self.history(key)
            if version.key == key and not version.is_delete_marker
        ]

    def latest(self, key: str) -> StoredVersion | None:
        """The newest version or delete marker of exactly this key."""
        history = self.history(key)
        return next((entry for entry in history if entry.key == key and entry.is_latest), None)

    def history(self, prefix: str) -> Iterator[StoredVersion]:
        """All versions and delete markers below a prefix.

        The versions come newest first of each key, but markers after the versions of their page.
        """
        token: dict[str, str] = {}
        while True:
            with aws_errors():
                page = client("s3").list_object_versions(Bucket=self.name, Prefix=prefix, **token)
            yield from _history_of(page)
            if not page.get("IsTruncated"):
                return
            token = _next_page(page)

    def uploads(self, prefix: str) -> Sequence[tuple[str, str]]:
        """Some of the uploads in parts that are not finished below a prefix: key and id."""
        with aws_errors():
            page = client("s3").list_multipart_uploads(Bucket=self.name, Prefix=prefix)
        return [(entry["Key"], entry["UploadId"]) for entry in page.get("Uploads", [])]

    def abandon_upload(self, key: str, upload_id: str) -> None:
        """Give up an upload in parts, with those that came; one that is gone counts as given up."""
        with suppress(ObjectMissing), aws_errors():
            client("s3").abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)

    def put_grown(self, key: str, base: VersionedObject, tail: bytes) -> VersionedObject:
        """Store `base + tail` without moving the base through this process.

        The base must be at least 5 MiB (S3's smallest part) and at most 5 GiB.
        """
        source = {"Bucket": self.name, "Key": base.key, "VersionId": base.version_id}
        return self._assembled(key, [{"CopySource": source}, {"Body": tail}])

    def put_cut(
        self, key: str, version_id: str, size: int, start: int, end: int
    ) -> VersionedObject:
        """Store a version of `size` bytes again, without the bytes `[start, end)`.

        What is large is copied by S3 itself; something must be left.
        """
        source = {"Bucket": self.name, "Key": key, "VersionId": version_id}
        if size - (end - start) < MIN_PART_BYTES:
            whole = self.get(key, version_id=version_id)
            return self.put(key, whole[:start] + whole[end:], "application/x-ndjson")
        parts: Parts = []
        if start >= MIN_PART_BYTES:
            parts.append({"CopySource": source, "CopySourceRange": f"bytes=0-{start - 1}"})
        else:
            # Only the last part may be small, so the first is filled up from behind the cut.
            resume = min(size, end + MIN_PART_BYTES - start)
            head = self.get(key, version_id=version_id, end=start) if start else b""
            body = head + self.get(key, version_id=version_id, start=end, end=resume)
            parts.append({"Body": body})
            end = resume
        if end < size:
            parts.append({"CopySource": source, "CopySourceRange": f"bytes={end}-{size - 1}"})
        return self._assembled(key, parts)

    def _assembled(self, key: str, parts: Sequence[dict[str, Any]]) -> VersionedObject:
        """One object of parts that are copied (`CopySource`) or sent (`Body`)."""
        with aws_errors():
            upload = client("s3").create_multipart_upload(
                Bucket=self.name, Key=key, ContentType="application/x-ndjson"
            )["UploadId"]
            done = [
                {"ETag": self._part(key, upload, number, part), "PartNumber": number}
                for number, part in enumerate(parts, start=1)
            ]
            answer = patient_client("s3").complete_multipart_upload(
                Bucket=self.name, Key=key, UploadId=upload, MultipartUpload={"Parts": done}
            )
        return VersionedObject(key, answer.get("VersionId", "null"))

    def _part(self, key: str, upload: str, number: int, part: dict[str, Any]) -> str:
        place = {"Bucket": self.name, "Key": key, "UploadId": upload, "PartNumber": number}
        if "Body" in part:
            return str(client("s3").upload_part(**place, **part)["ETag"])
        copied = patient_client("s3").upload_part_copy(**place, **part)
        return str(copied["CopyPartResult"]["ETag"])


def _history_of(page: dict[str, Any]) -> Iterator[StoredVersion]:
    for kind in ("Versions", "DeleteMarkers"):
        for entry in page.get(kind, []):
            yield StoredVersion(
                entry["Key"],
                entry["VersionId"],
                entry["LastModified"].timestamp(),
                is_delete_marker=kind == "DeleteMarkers",
                is_latest=entry["IsLatest"],
                size=entry.get("Size", 0),
            )


def _next_page(page: dict[str, Any]) -> dict[str, str]:
    """What asks for the page after one of a listing, of objects or of versions."""
    names = {
        "ContinuationToken": "NextContinuationToken",
        "KeyMarker": "NextKeyMarker",
        "VersionIdMarker": "NextVersionIdMarker",
    }
    return {name: page[source] for name, source in names.items() if page.get(source)}


def _may_pass(exc: ClientError) -> bool:
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return bool(status >= 500 or status in (409, 429))


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}


def _range(start: int, end: int | None) -> dict[str, str]:
    if start == 0 and end is None:
        return {}
    return {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
