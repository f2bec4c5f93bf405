"""What can go wrong with jobs."""

from shared.errors import Conflict, Forbidden, Gone, NotFound, Unacceptable


class JobNotFound(NotFound):
    """No such job, or another user's."""

    code = "job_not_found"


class JobGone(Gone):
    """This job must not be run any more: the message may be deleted."""

    code = "job_gone"


def job_gone() -> JobGone:
    """There is no such job, for a device."""
    return JobGone("the job does not exist: delete the message")


class JobLeased(Conflict):
    """Another device runs this job."""

    code = "job_leased"


class LeaseLost(Conflict):
    """The attempt does not hold the job (any more)."""

    code = "lease_lost"


class LogNotUploaded(Unacceptable):
    """The attempt says that it has put its log, and it is not there."""

    code = "log_not_uploaded"


class JobNotForDevice(Forbidden):
    """The device may not get this job."""

    code = "forbidden"


class JobNotFinished(Conflict):
    """The result is not there yet."""

    code = "job_not_finished"


class BodyExpired(Gone):
    """Prompts and results are kept for a limited time (`JobBodyDays`)."""

    code = "job_body_expired"


class JobHasNoResult(Conflict):
    """The job ended without a result."""

    code = "job_has_no_result"


class JobAlreadyFinished(Conflict):
    """There is nothing left to cancel."""

    code = "job_already_finished"


class JobNotDead(Conflict):
    """Only dead jobs are in the dead-letter queue."""

    code = "job_not_dead"
