"""What can go wrong with devices."""

from shared.errors import Conflict, NotFound


class DeviceNotFound(NotFound):
    """No such device, or it belongs to somebody else."""

    code = "device_not_found"


class DeviceRetiring(Conflict):
    """The queues of an earlier device of this serial are still being emptied."""

    code = "device_retiring"
