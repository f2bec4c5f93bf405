"""Many writers on one dataset while compactions run as fast as they can: counts match to the row.

Against a real server and with real threads; what any order of calls may do is for the
state machine of `tests/shared/storage`.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from local.aws import LocalAws
from shared import ids
from shared.aws import Bucket, Table, clients
from shared.datasets import PageRequest, list_datasets, read_rows
from shared.runs import Run
from shared.storage.assembly import compactor
from shared.storage.log import Catalog, SegmentLog, UserLog
from tests.conftest import forget_caches

WRITERS = 16
SECONDS = 30
NAME = "storage-under-load"


@pytest.fixture
def storage(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bucket, Catalog]]:
    """A bucket and a catalog on the local AWS, spoken to by the product's own clients."""
    for name, value in {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    _forget_clients()
    aws.client("s3").create_bucket(Bucket=NAME)
    aws.client("s3").put_bucket_versioning(
        Bucket=NAME, VersioningConfiguration={"Status": "Enabled"}
    )
    keys = {"pk": "HASH", "sk": "RANGE"}
    aws.client("dynamodb").create_table(
        TableName=NAME,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    yield Bucket(NAME), Catalog(Table(NAME))
    _forget_clients()


def _forget_clients() -> None:
    """Have the product's clients made anew, for the endpoint that the environment names then."""
    clients._client.cache_clear()
    forget_caches()


def until(deadline: float, work: Callable[[], object]) -> Callable[[], None]:
    """Work again and again until a moment of the monotonic clock."""

    def loop() -> None:
        while time.monotonic() < deadline:
            work()

    return loop


def test_counts_match_to_the_row_when_sixteen_write_and_compactions_run(
    storage: tuple[Bucket, Catalog],
) -> None:
    bucket, catalog = storage
    log = SegmentLog(bucket)
    written: Counter[str] = Counter()
    counts: list[int] = []
    failures: list[BaseException] = []

    def write() -> None:
        segment_id = ids.ulid()
        rows = [b'{"n":%d,"_meta_batch_id":"bat_%s"}' % (n, segment_id.encode()) for n in range(5)]
        run = Run(run_id=f"run_{segment_id}_0", ts_us=0, batch_id=f"bat_{segment_id}", dataset="d")
        log.append("ada", "d", rows, [run], segment_id=segment_id, repeatable=False)
        written[segment_id] += 5

    def count_rows() -> None:
        counts.append(sum(entry.rows for entry in list_datasets(UserLog(bucket, catalog, "ada"))))

    def carefully(work: Callable[[], object]) -> Callable[[], None]:
        def attempt() -> None:
            try:
                work()
            except BaseException as exc:
                failures.append(exc)
                raise

        return attempt

    deadline = time.monotonic() + SECONDS
    fold = compactor(UserLog(bucket, catalog, "ada"))
    works = [write] * WRITERS + [lambda: fold.drain(lambda: True)] * 2 + [count_rows]
    threads = [threading.Thread(target=until(deadline, carefully(work))) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fold.drain(lambda: True)

    assert failures == []
    assert counts == sorted(counts)
    found: Counter[str] = Counter()
    start = None
    while True:
        page = read_rows(UserLog(bucket, catalog, "ada"), "d", PageRequest(10_000), start)
        found.update(line.rpartition(b"bat_")[2][:26].decode() for line in page.lines)
        start = page.next
        if start is None:
            break
    assert found == written
    listed = list_datasets(UserLog(bucket, catalog, "ada"))
    assert sum(entry.rows for entry in listed) == written.total()
    days = catalog.days("ada")
    assert sum(part.rows for day in days for part in day.parts) == len(written)
    print(f"{written.total()} rows in {len(written)} segments, {len(counts)} listings")  # noqa: T201 - the figure for the notes
