"""Puts the parts of the jobs feature together over tables, bucket and queues."""

from dataclasses import dataclass

from shared.aws import Bucket, Queue, Table
from shared.callbacks import CallbackOutbox, CallbackRecords, CallbackUrls, Redeliveries
from shared.config import stack_name
from shared.devices import Fleet, Nudges
from shared.jobs.body_store import BodyStore
from shared.jobs.cancel import Cancelling
from shared.jobs.dead_letters import Collector, DeadLetters
from shared.jobs.dispatch import Dispatcher
from shared.jobs.draining import Draining
from shared.jobs.finalization import Announcer, Finalization
from shared.jobs.leases import Leases
from shared.jobs.lines import Lines
from shared.jobs.logs import Logs
from shared.jobs.maintenance import Maintenance
from shared.jobs.open_jobs import OpenJobs
from shared.jobs.reading import JobReader
from shared.jobs.store import JobStore
from shared.jobs.submit import Submissions
from shared.storage.log import SegmentLog


@dataclass(frozen=True)
class JobsSettings:
    """What a function must have in its environment to work on jobs.

    `queue_tags` are the pools, with commas between; `iot_endpoint` is the broker's, "" where there
    is none. Bodies are kept for `job_body_days`.
    """

    jobs_table: str
    devices_table: str
    data_bucket: str
    queue_tags: str
    callbacks_queue_url: str
    iot_endpoint: str
    job_body_days: int


@dataclass(frozen=True)
class Jobs:
    """The resources of the feature; each property is one use of them."""

    jobs_table: Table
    devices_table: Table
    bucket: Bucket
    tags: tuple[str, ...]
    callbacks_queue: Queue
    nudges: Nudges
    body_days: int

    @classmethod
    def of(cls, settings: JobsSettings) -> "Jobs":
        """The feature over the resources that a deployment names."""
        return cls(
            jobs_table=Table(settings.jobs_table),
            devices_table=Table(settings.devices_table),
            bucket=Bucket(settings.data_bucket),
            tags=tuple(settings.queue_tags.split(",")),
            callbacks_queue=Queue(settings.callbacks_queue_url),
            nudges=Nudges(stack_name(), settings.iot_endpoint),
            body_days=settings.job_body_days,
        )

    @property
    def store(self) -> JobStore:
        """State and bodies."""
        bodies = BodyStore(self.jobs_table, self.bucket, self.body_days)
        return JobStore(self.jobs_table, bodies, self.devices_table)

    @property
    def fleet(self) -> Fleet:
        """The devices."""
        return Fleet(self.devices_table)

    @property
    def dispatcher(self) -> Dispatcher:
        """What brings jobs and devices together."""
        return Dispatcher(self.store, self.fleet, Lines(self.jobs_table), self.nudges)

    @property
    def reader(self) -> JobReader:
        """Reading."""
        return JobReader(self.store, self.dispatcher)

    @property
    def logs(self) -> Logs:
        """Uploaded logs."""
        return Logs(self.bucket)

    @property
    def callbacks(self) -> CallbackRecords:
        """What became of callbacks."""
        return CallbackRecords(self.jobs_table)

    @property
    def redeliveries(self) -> Redeliveries:
        """Wishes for another try of a callback."""
        return Redeliveries(self.callbacks, self.callbacks_queue)

    @property
    def cancelling(self) -> Cancelling:
        """Cancelling."""
        return Cancelling(self.store, self._announcer)

    @property
    def dead_letters(self) -> DeadLetters:
        """The dead-letter queue as users see it."""
        return DeadLetters(self.store, self.dispatcher, self._announcer, self.tags)

    @property
    def collector(self) -> Collector:
        """What SQS gave up."""
        return Collector(self.store, self._finalization)

    @property
    def maintenance(self) -> Maintenance:
        """What is due."""
        return Maintenance(self.store, self.dispatcher, self._finalization, self.draining)

    @property
    def draining(self) -> Draining:
        """Emptying the queues of retired devices."""
        return Draining(self.store, self.dispatcher, self._finalization)

    def submissions(
        self, catalog: Table, *, allow_private_callbacks: bool, max_open_jobs: int
    ) -> Submissions:
        """Submitting; adapters are looked up in the catalog."""
        urls = CallbackUrls(self.jobs_table)
        open_jobs = OpenJobs(self.store, max_open_jobs)
        return Submissions(
            self.store,
            self.dispatcher,
            catalog,
            urls,
            allow_private_callbacks,
            open_jobs,
            self.tags,
        )

    def leases(self, catalog: Table) -> Leases:
        """What devices say; adapters are looked up in the catalog."""
        return Leases(self.store, self.fleet, self._finalization, catalog)

    @property
    def _announcer(self) -> Announcer:
        return Announcer(
            self.store, CallbackOutbox(self.callbacks, self.callbacks_queue), self.dispatcher
        )

    @property
    def _finalization(self) -> Finalization:
        segments = SegmentLog(self.bucket)
        return Finalization(self.store, self.dispatcher, self._announcer, segments)
