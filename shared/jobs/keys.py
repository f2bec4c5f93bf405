"""The keys under which the jobs table keeps a user's items; no other module spells them."""

from shared.aws import Item
from shared.ids import user_partition

JOB = "JOB#"
_IN_FLIGHT = "WINDOW#"


def user_key(user_id: str) -> str:
    """The partition of a user's jobs, also the sort key of what a lane keeps of a user."""
    return user_partition(user_id)


def job_key(job_id: str) -> str:
    """The sort key of a job in its user's partition, and the partition of what belongs to it."""
    return f"{JOB}{job_id}"


def lane_key(lane_name: str) -> str:
    """The partition of a lane: for each user, which jobs have messages in flight."""
    return f"{_IN_FLIGHT}{lane_name}"


def in_flight_key(lane_name: str, user_id: str) -> tuple[str, str]:
    """The item with a user's messages in flight in a lane."""
    return lane_key(lane_name), user_key(user_id)


def is_in_flight_item(item: Item) -> bool:
    """Whether an item holds messages in flight, not a job."""
    return str(item["pk"]).startswith(_IN_FLIGHT)


def in_flight_of(item: Item) -> tuple[str, str]:
    """Lane and user of an item of messages in flight."""
    return item["pk"].removeprefix(_IN_FLIGHT), item["sk"].removeprefix(user_key(""))
