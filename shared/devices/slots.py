"""The one slot of each device: the job that was sent to it and has not ended.

Attributes of the device's presence, written together with the job, in one transaction. So a
device never has two jobs, and a job never two devices.
"""

from shared import clock
from shared.aws import Update
from shared.devices.keys import presence_key


def slot_taken(serial: str, job_id: str) -> Update:
    """A job takes the slot; on condition that it is free and that the device is registered."""
    return Update(
        *presence_key(serial),
        set={"holds": job_id, "held_us": clock.now_us()},
        add={"turns": 1},
        only_if={"holds": None},
        must_exist=True,
    )


def slot_freed(serial: str, job_id: str) -> Update:
    """The slot is free again; on condition that this job has it."""
    return Update(*presence_key(serial), remove=("holds",), only_if={"holds": job_id})
