"""What a device's calls about its job say of the device: that it is there, and runs the job.

Kept in its presence, with the slot, so that a heartbeat finds its job without reading, and no
report of its own is needed while a job runs.
"""

import msgspec

from shared import clock
from shared.aws import ConditionFailed, Item, Table, Update
from shared.devices.device import Telemetry
from shared.devices.fleet import heard_of
from shared.devices.keys import presence_key


def note_claimed(table: Table, serial: str, job_id: str, number: int, attempt: int) -> None:
    """The device that has the slot for a job runs it as this attempt; nothing where it has not."""
    running = {"held_number": number, "held_attempt": attempt}
    try:
        table.update(_heard(serial, job_id, running, only_if={}))
    except ConditionFailed:
        return


def note_going_on(
    table: Table,
    serial: str,
    job_id: str,
    number: int,
    attempt: int | None,
    telemetry: Telemetry | None,
) -> Item | None:
    """The device goes on with an attempt; its presence as it is then, or None where the slot does
    not say that this attempt has it.
    """
    said: Item = {}
    if telemetry is not None:
        measured = msgspec.structs.asdict(telemetry)
        said["telemetry"] = {name: value for name, value in measured.items() if value is not None}
    fence: Item = {"held_number": number}
    if attempt is not None:
        fence["held_attempt"] = attempt
    try:
        return table.update(_heard(serial, job_id, said, only_if=fence))
    except ConditionFailed:
        return None


def _heard(serial: str, job_id: str, said: Item, only_if: Item) -> Update:
    here = {"reported_using": True, "job_id": job_id, "last_seen_us": clock.now_us()}
    return Update(
        *presence_key(serial),
        # Whichever process has the job is the one that has the device.
        set={**here, **heard_of(None), **said},
        only_if={"holds": job_id, **only_if},
    )
