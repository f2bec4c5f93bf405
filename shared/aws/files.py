"""Files for users to fetch: stored piece by piece, handed out by a signed address.

Memory holds a few parts, whatever the file's size.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import msgspec

from shared.aws.bucket import Bucket
from shared.aws.clients import client, signing_client
from shared.aws.errors import aws_errors
from shared.errors import EvalyardError

# S3 takes at most 10,000 parts, so a file may have 78 GiB.
PART_BYTES = 8 * 2**20
# Parts that are on their way at a time.
_ON_THE_WAY = 2


class File(msgspec.Struct, frozen=True):
    """A file as its user will find it: its key, its type, the name it is saved under."""

    key: str
    content_type: str
    name: str


def store_file(bucket: Bucket, file: File, pieces: Iterable[bytes]) -> int:
    """Store a file whose pieces are made meanwhile; its bytes.

    Nothing is left behind when making or storing a piece fails. Raises Unavailable.
    """
    place = {"Bucket": bucket.name, "Key": file.key}
    with aws_errors():
        upload = client("s3").create_multipart_upload(
            **place,
            ContentType=file.content_type,
            ContentDisposition=f'attachment; filename="{file.name}"',
        )
    place["UploadId"] = upload["UploadId"]
    try:
        with aws_errors():
            return _sent(place, pieces)
    except BaseException:
        with suppress(EvalyardError), aws_errors():
            client("s3").abort_multipart_upload(**place)
        raise


def file_url(bucket: Bucket, key: str, valid_s: int) -> str:
    """An address that gives everybody who has it the file, for so many seconds.

    Signed by the caller's own credentials; the address dies with them if that is sooner.
    """
    place = {"Bucket": bucket.name, "Key": key}
    with aws_errors():
        return str(
            signing_client("s3").generate_presigned_url(
                "get_object", Params=place, ExpiresIn=valid_s
            )
        )


def upload_address(
    bucket: Bucket, file: File, size: int, valid_s: int
) -> tuple[str, dict[str, str]]:
    """An address where its holder may PUT exactly so many bytes, and the headers to send.

    Signed like `file_url`; the headers are part of what is signed.
    """
    headers = {"Content-Type": file.content_type, "Content-Length": str(size)}
    place = {"Bucket": bucket.name, "Key": file.key}
    signed = {**place, "ContentType": file.content_type, "ContentLength": size}
    with aws_errors():
        url = signing_client("s3").generate_presigned_url(
            "put_object", Params=signed, ExpiresIn=valid_s
        )
    return str(url), headers


def _sent(place: dict[str, str], pieces: Iterable[bytes]) -> int:
    """Send all parts, and make them one object; its bytes."""
    size, tags = 0, []
    on_the_way: deque[Future[str]] = deque()
    with ThreadPoolExecutor(_ON_THE_WAY) as senders:
        for number, part in enumerate(parts_of(pieces), start=1):
            on_the_way.append(senders.submit(_part, place, number, part))
            size += len(part)
            if len(on_the_way) > _ON_THE_WAY:
                tags.append(on_the_way.popleft().result())
        tags += [future.result() for future in on_the_way]
    parts = [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, start=1)]
    client("s3").complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    return size


def parts_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of one size, but for the last; one empty part for nothing."""
    held, size, sent = [], 0, False
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        while size >= PART_BYTES:
            whole = b"".join(held)
            yield whole[:PART_BYTES]
            held, size, sent = [whole[PART_BYTES:]], size - PART_BYTES, True
    if size or not sent:
        yield b"".join(held)


def _part(place: dict[str, str], number: int, body: bytes) -> str:
    answer: dict[str, Any] = client("s3").upload_part(**place, PartNumber=number, Body=body)
    return str(answer["ETag"])
