"""The keys under which the jobs table keeps a user's items; no other module spells them."""

from shared.ids import user_partition

JOB = "JOB#"
_BODY = "BODY#"


def user_key(user_id: str) -> str:
    """The partition of a user's jobs."""
    return user_partition(user_id)


def job_key(job_id: str) -> str:
    """The sort key of a job in its user's partition, and the partition of what belongs to it."""
    return f"{JOB}{job_id}"


def body_key(job_id: str, name: str) -> str:
    """The sort key of a job's body in its user's partition; without a name, how all begin."""
    return f"{_BODY}{job_id}#{name}"
