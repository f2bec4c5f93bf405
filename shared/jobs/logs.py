"""Logs that are too long for a call: devices put them on S3, users fetch them there."""

from dataclasses import dataclass

from shared import clock
from shared.aws import Bucket, File, file_url, upload_address
from shared.clock import SECOND_US
from shared.errors import TooLarge
from shared.jobs.bodies import ADDRESS_VALID_S, log_name
from shared.jobs.errors import LogNotUploaded
from shared.jobs.job import Job

MAX_LOG_BYTES = 50 * 2**20
_PUT_VALID_S = 900
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
        return file_url(self.bucket, _file(job).key, ADDRESS_VALID_S)


def _file(job: Job) -> File:
    name = log_name(job.attempt)
    return File(job.folder + name, _CONTENT_TYPE, name)
