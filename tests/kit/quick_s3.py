"""Answers common calls of S3 from moto's store directly, as `quick_aws` does for other services.

Through botocore's and moto's HTTP a call takes 5 ms of CPU, directly a twentieth of that. What
is not answered here (an unusual parameter, a missing object, a failed condition, a page that is
full) goes through HTTP.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from botocore.response import StreamingBody
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends
from moto.settings import get_s3_default_max_keys

Params = dict[str, Any]
# From the beginning of a millisecond until surely in the next one.
_UNTIL_NEXT_S = 0.001_01


class NotQuick(Exception):
    """This call is one for HTTP."""


def quick_s3(operation: str, params: Params) -> Params:
    """The answer to valid parameters, without `ResponseMetadata`.

    Raises NotQuick; then nothing has happened.
    """
    answered, known = _ANSWERS[operation]
    store = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    if not known >= params.keys() or params["Bucket"] not in store.buckets:
        raise NotQuick
    return answered(store, params)


def _put(store: S3Backend, params: Params) -> Params:
    bucket, key, body = params["Bucket"], params["Key"], params.get("Body", b"")
    if not isinstance(body, bytes):
        raise NotQuick
    if "IfNoneMatch" in params and store.get_object(bucket, key) is not None:
        raise NotQuick
    new = store.put_object(bucket, key, body)
    # As on AWS, writes that follow each other are not of one millisecond, nor are their ids.
    time.sleep(_UNTIL_NEXT_S - time.time() % 0.001)
    if "ContentType" in params:
        new.set_metadata({"Content-Type": params["ContentType"]})
    return {"ETag": new.etag, **_version_of(new)}


def _get(store: S3Backend, params: Params) -> Params:
    key = _found(store, params)
    value = key.value
    answer = _head_of(key)
    if "Range" in params:
        first, last = params["Range"].removeprefix("bytes=").split("-")
        if not first or int(first) >= len(value):
            raise NotQuick
        part = value[int(first) : int(last) + 1 if last else None]
        until = int(first) + len(part) - 1
        answer["ContentRange"] = f"bytes {int(first)}-{until}/{len(value)}"
        value = part
    body = StreamingBody(BytesIO(value), len(value))
    return {**answer, "ContentLength": len(value), "Body": body}


def _head(store: S3Backend, params: Params) -> Params:
    key = _found(store, params)
    return {**_head_of(key), "ContentLength": key.size}


def _list(store: S3Backend, params: Params) -> Params:
    bucket, prefix = _listed(store, params)
    after, delimiter = params.get("StartAfter", ""), params.get("Delimiter")
    keys = sorted(
        name
        for name, key in bucket.keys.items()
        if name.startswith(prefix) and isinstance(key, FakeKey)
    )
    folders: list[str] = []
    if delimiter:
        below = {name: name[len(prefix) :].partition(delimiter) for name in keys}
        folders = sorted({prefix + head + cut for head, cut, _ in below.values() if cut})
        keys = [name for name in keys if not below[name][1]]
    keys = [name for name in keys if name > after]
    folders = [name for name in folders if name > after]
    if len(keys) + len(folders) > (page := get_s3_default_max_keys()):
        raise NotQuick
    contents = [_line_of(bucket.keys[name]) for name in keys]
    return {
        "IsTruncated": False,
        "Name": bucket.name,
        "Prefix": prefix,
        "MaxKeys": page,
        "KeyCount": len(keys) + len(folders),
        "EncodingType": "url",
        **({"Contents": contents} if contents else {}),
        **({"Delimiter": delimiter} if delimiter else {}),
        **({"CommonPrefixes": [{"Prefix": name} for name in folders]} if folders else {}),
        **({"StartAfter": after} if after else {}),
    }


def _list_versions(store: S3Backend, params: Params) -> Params:
    bucket, prefix = _listed(store, params)
    every = [
        version
        for name, versions in bucket.keys.iterlists()
        if name.startswith(prefix)
        for version in versions
    ]
    every.sort(key=lambda version: (version.name, -version.last_modified.timestamp()))
    most = params.get("MaxKeys", get_s3_default_max_keys())
    if len(every) > most:
        raise NotQuick
    delimiter, marker = params.get("Delimiter"), params.get("KeyMarker", "")
    newest = {version.name: version for version in reversed(every)}
    if marker:
        # moto takes the first one for the end of the page before.
        every = [version for version in every if version.name >= marker][1:]
    lines: dict[str, list[Params]] = {"Versions": [], "DeleteMarkers": []}
    folders: set[str] = set()
    for version in every:
        head, cut, _ = version.name[len(prefix) :].partition(delimiter or "\0")
        if cut:
            folders.add(prefix + head + cut)
            continue
        kind = "Versions" if isinstance(version, FakeKey) else "DeleteMarkers"
        is_latest = newest[version.name] is version
        lines[kind].append(_version_line(version, is_latest=is_latest))
    prefixes = [{"Prefix": name} for name in sorted(folders - {marker})]
    return {
        "IsTruncated": False,
        "Name": bucket.name,
        "Prefix": prefix,
        "KeyMarker": marker,
        "VersionIdMarker": "",
        "MaxKeys": most,
        **({"Delimiter": delimiter} if delimiter else {}),
        **({"CommonPrefixes": prefixes} if prefixes else {}),
        **{kind: found for kind, found in lines.items() if found},
    }


def _list_uploads(store: S3Backend, params: Params) -> Params:
    bucket, prefix = _listed(store, params)
    if any(upload.key_name.startswith(prefix) for upload in bucket.multiparts.values()):
        raise NotQuick
    return {
        "Bucket": bucket.name,
        "KeyMarker": "",
        "UploadIdMarker": "",
        "MaxUploads": 1_000,
        "IsTruncated": False,
    }


def _delete(store: S3Backend, params: Params) -> Params:
    asked = params["Delete"]
    if not asked.get("Quiet") or not asked["Objects"]:
        raise NotQuick
    bucket = store.get_bucket(params["Bucket"])
    objects = [
        {"Key": each["Key"], "VersionId": each.get("VersionId")} for each in asked["Objects"]
    ]
    if bucket.policy or bucket.object_lock_enabled:
        raise NotQuick
    deleted, _ = store.delete_objects(params["Bucket"], objects, bypass_retention=False)
    said = [
        {
            "Key": name,
            **({"VersionId": version} if version else {}),
            **({"DeleteMarker": True, "DeleteMarkerVersionId": marker} if marker else {}),
        }
        for name, version, marker in deleted
    ]
    return {"Deleted": said} if said else {}


def _found(store: S3Backend, params: Params) -> FakeKey:
    key = store.get_object(params["Bucket"], params["Key"], params.get("VersionId"))
    if key is None or {name.lower() for name in key.metadata} - {"content-type"}:
        raise NotQuick
    return key


def _listed(store: S3Backend, params: Params) -> tuple[FakeBucket, str]:
    return store.get_bucket(params["Bucket"]), params.get("Prefix", "")


def _second(moment: datetime) -> datetime:
    """S3 tells no fractions of a second."""
    return moment.replace(microsecond=0, tzinfo=UTC)


def _version_of(key: FakeKey) -> Params:
    return {"VersionId": str(key.version_id)} if key.version_id != "null" else {}


def _head_of(key: FakeKey) -> Params:
    named = {name.lower(): value for name, value in key.metadata.items()}
    return {
        "AcceptRanges": "bytes",
        "LastModified": _second(key.last_modified),
        "ETag": key.etag,
        "ContentType": named.get("content-type", "binary/octet-stream"),
        "Metadata": {},
        **_version_of(key),
    }


def _line_of(key: FakeKey) -> Params:
    return {
        "Key": key.name,
        "LastModified": _second(key.last_modified),
        "ETag": key.etag,
        "Size": key.size,
        "StorageClass": key.storage_class,
    }


def _version_line(version: Any, *, is_latest: bool) -> Params:
    told = _line_of(version) if isinstance(version, FakeKey) else {"Key": version.name}
    return {
        **told,
        "LastModified": _second(version.last_modified),
        "VersionId": str(version.version_id),
        "IsLatest": is_latest,
        "Owner": {"ID": "owner"},
    }


_ANSWERS: dict[str, tuple[Callable[[S3Backend, Params], Params], frozenset[str]]] = {
    "PutObject": (_put, frozenset({"Bucket", "Key", "Body", "IfNoneMatch", "ContentType"})),
    "GetObject": (_get, frozenset({"Bucket", "Key", "VersionId", "Range"})),
    "HeadObject": (_head, frozenset({"Bucket", "Key", "VersionId"})),
    "ListObjectsV2": (_list, frozenset({"Bucket", "Prefix", "StartAfter", "Delimiter"})),
    "ListObjectVersions": (
        _list_versions,
        frozenset({"Bucket", "Prefix", "MaxKeys", "Delimiter", "KeyMarker"}),
    ),
    "ListMultipartUploads": (_list_uploads, frozenset({"Bucket", "Prefix"})),
    "DeleteObjects": (_delete, frozenset({"Bucket", "Delete"})),
}
QUICK_IN_S3 = frozenset(_ANSWERS)
