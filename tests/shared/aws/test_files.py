"""Files: whole whatever their pieces, and nothing of them left when they fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.aws import Bucket, File, file_url, store_file, upload_address
from shared.aws.files import PART_BYTES, parts_of
from shared.errors import Unavailable
from tests.kit.cloud import aws_client
from tests.kit.faults import Crash, crash, lose_answer, watched_calls

FILE = File("exports/ada/x.csv", "text/csv", "x.csv")
MIB = 2**20


@given(st.lists(st.integers(0, 3 * PART_BYTES // 2), max_size=5))
def test_parts_have_one_size_but_for_the_last(sizes):
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]

    parts = list(parts_of(pieces))

    assert b"".join(parts) == b"".join(pieces)
    assert all(len(part) == PART_BYTES for part in parts[:-1])
    assert 0 < len(parts[-1]) <= PART_BYTES or len(parts) == 1


@pytest.mark.parametrize("pieces", [[], [b"a", b"", b"b"], [b"x" * MIB] * 20])
def test_file_is_whole_when_it_is_stored_in_parts(bucket, pieces):
    size = store_file(bucket, FILE, iter(pieces))

    assert size == sum(map(len, pieces))
    assert bucket.get(FILE.key) == b"".join(pieces)
    head = aws_client("s3").head_object(Bucket=bucket.name, Key=FILE.key)
    assert head["ContentType"] == "text/csv"
    assert head["ContentDisposition"] == 'attachment; filename="x.csv"'


@pytest.mark.exhaustive
def test_pieces_are_made_while_parts_are_sent(bucket):
    def pieces():
        for _ in range(10):
            made.append(len([name for name in calls.names if name == "UploadPart"]))
            yield b"x" * PART_BYTES

    made: list[int] = []
    with watched_calls() as calls:
        store_file(bucket, FILE, pieces())

    # Of ten parts at most three are held while another is made.
    assert all(number - sent <= 3 for number, sent in enumerate(made))


def leftovers(bucket: Bucket) -> list[object]:
    uploads = aws_client("s3").list_multipart_uploads(Bucket=bucket.name).get("Uploads", [])
    return [*uploads, *bucket.list("")]


def test_nothing_is_left_when_a_piece_cannot_be_made(bucket):
    def pieces():
        yield b"x" * PART_BYTES
        crash()

    with pytest.raises(Crash):
        store_file(bucket, FILE, pieces())

    assert leftovers(bucket) == []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_nothing_is_left_when_a_call_fails(bucket, number):
    with watched_calls() as calls:
        calls.before[number] = lose_answer
        with pytest.raises(Unavailable):
            store_file(bucket, FILE, [b"x" * PART_BYTES] * 3)

    assert leftovers(bucket) == []


def test_address_is_signed_for_the_endpoint_that_we_talk_to(bucket):
    url = file_url(bucket, FILE.key, 900)

    assert url.startswith(f"https://s3.amazonaws.com/{bucket.name}/{FILE.key}?")
    assert "X-Amz-Expires=900" in url
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url


def test_size_and_type_are_signed_when_somebody_else_shall_upload(bucket):
    url, headers = upload_address(bucket, FILE, 12_345, 900)

    assert url.startswith(f"https://s3.amazonaws.com/{bucket.name}/{FILE.key}?")
    assert "X-Amz-Expires=900" in url
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost" in url
    assert headers == {"Content-Type": FILE.content_type, "Content-Length": "12345"}
