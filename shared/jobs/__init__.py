"""Jobs: from a user's request through SQS and a device to a result, once (docs/jobs.md).

State is one DynamoDB item, moved by conditional writes only; messages are hints.
"""

from shared.jobs.assembly import Jobs, JobsSettings
from shared.jobs.bodies import (
    METRICS,
    ModelRequest,
    Outcome,
    Result,
    model_request_of,
    outcome_of,
)
from shared.jobs.body_store import BodyStore
from shared.jobs.cancel import Cancelling
from shared.jobs.dead_letters import (
    Collector,
    CountedGroup,
    DeadFilter,
    DeadLetters,
    Overrides,
)
from shared.jobs.document import attempt_document, job_document
from shared.jobs.errors import (
    JobAlreadyFinished,
    JobGone,
    JobHasNoResult,
    JobLeased,
    JobNotDead,
    JobNotFinished,
    JobNotForDevice,
    JobNotFound,
    LeaseLost,
    LogNotUploaded,
    job_gone,
)
from shared.jobs.finalization import Announcer, Finalization
from shared.jobs.flags import FLAGS, FlagName, flag_conditions, sift_flags
from shared.jobs.job import LEASE_S, STATUSES, Attempt, Failure, Job, Speaker
from shared.jobs.leases import ClaimedJob, Leases
from shared.jobs.logs import MAX_LOG_BYTES, Logs, LogUpload
from shared.jobs.maintenance import Maintenance
from shared.jobs.reading import JobFilter, JobList, JobReader
from shared.jobs.recovery import JobRecovery
from shared.jobs.store import JobStore
from shared.jobs.submit import JobRequest, Preview, Submissions, Submitter
from shared.jobs.traces import job_remains, job_traces

__all__ = [
    "FLAGS",
    "LEASE_S",
    "MAX_LOG_BYTES",
    "METRICS",
    "STATUSES",
    "Announcer",
    "Attempt",
    "BodyStore",
    "Cancelling",
    "ClaimedJob",
    "Collector",
    "CountedGroup",
    "DeadFilter",
    "DeadLetters",
    "Failure",
    "Finalization",
    "FlagName",
    "Job",
    "JobAlreadyFinished",
    "JobFilter",
    "JobGone",
    "JobHasNoResult",
    "JobLeased",
    "JobList",
    "JobNotDead",
    "JobNotFinished",
    "JobNotForDevice",
    "JobNotFound",
    "JobReader",
    "JobRecovery",
    "JobRequest",
    "JobStore",
    "Jobs",
    "JobsSettings",
    "LeaseLost",
    "Leases",
    "LogNotUploaded",
    "LogUpload",
    "Logs",
    "Maintenance",
    "ModelRequest",
    "Outcome",
    "Overrides",
    "Preview",
    "Result",
    "Speaker",
    "Submissions",
    "Submitter",
    "attempt_document",
    "flag_conditions",
    "job_document",
    "job_gone",
    "job_remains",
    "job_traces",
    "model_request_of",
    "outcome_of",
    "sift_flags",
]
