"""What is too long for a call: logs that devices put on S3, results that users fetch there."""

from dataclasses import dataclass

from shared import clock
from shared.aws import Bucket, File, file_url, store_file, upload_address
from shared.clock import SECOND_US
from shared.errors import TooLarge
from shared.jobs.bodies import log_name
from shared.jobs.errors import LogNotUploaded
from shared.jobs.job import Job

MAX_LOG_BYTES = 50 * 2**20
_PUT_VALID_S = 900
_GET_VALID_S = 3_600
_CONTENT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class LogUpload:
    """Where an attempt may PUT its log, and with which headers; the address is a secret."""

    url: str
    headers: dict[str, str]
    expires_us: int


@dataclass(frozen=True)
class Logs:
    """One object for each attempt, in the job's folder, so that it goes with the job."""

    bucket: Bucket

    def place(self, job: Job, size: int) -> LogUpload:
        """Where the running attempt may put so many bytes. Raises TooLarge."""
        if size > MAX_LOG_BYTES:
            raise TooLarge(f"a log may have {MAX_LOG_BYTES} bytes, this one has {size}")
        expires_us = clock.now_us() + _PUT_VALID_S * SECOND_US
        url, headers = upload_address(self.bucket, _file(job), size, _PUT_VALID_S)
        return LogUpload(url, headers, expires_us)

    def size(self, job: Job) -> int:
        """The bytes that the running attempt has put. Raises LogNotUploaded."""
        key = _file(job).key
        for stored in self.bucket.list(key):
            if stored.key == key:
                return stored.size
        raise LogNotUploaded("the log is not there; put it before you say that you did")

    def url(self, job: Job) -> str:
        """An address that gives the log of the attempt that ended the job, for an hour."""
        return file_url(self.bucket, _file(job).key, _GET_VALID_S)

    def store_result(self, job: Job, text: bytes, content_type: str, kind: str) -> str:
        """An address that gives a result too large for an answer, for an hour; it goes with the
        job.
        """
        name = f"result-{job.attempt}.{kind}"
        store_file(self.bucket, File(job.folder + name, content_type, name), [text])
        return file_url(self.bucket, job.folder + name, _GET_VALID_S)


def _file(job: Job) -> File:
    name = log_name(job.attempt)
    return File(job.folder + name, _CONTENT_TYPE, name)
