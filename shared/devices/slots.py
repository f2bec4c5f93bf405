"""The one slot of each device: the job that was sent to it and has not ended.

Attributes of the device's presence, written together with the job, in one transaction. So a
device never has two jobs, and a job never two devices.
"""

from shared import clock
from shared.aws import Update
from shared.devices.keys import presence_key

# Whose job has it, and which attempt runs, as far as it does (`shared.devices.running`).
_SLOT = ("holds", "holds_for", "held_number", "held_attempt")


def slot_taken(serial: str, job_id: str, user_id: str) -> Update:
    """A job of a user takes the slot, which must be free, of a device that is registered."""
    return Update(
        *presence_key(serial),
        set={"holds": job_id, "holds_for": user_id, "held_us": clock.now_us()},
        add={"turns": 1},
        only_if={"holds": None},
        must_exist=True,
    )


def slot_freed(serial: str, job_id: str, *, ran: bool = False) -> Update:
    """The slot is free again; on condition that this job has it. `ran`: the device is not using
    itself for it any more.
    """
    return Update(
        *presence_key(serial),
        set={"reported_using": False} if ran else {},
        remove=(*_SLOT, "job_id") if ran else _SLOT,
        only_if={"holds": job_id},
    )
