"""What can go wrong with devices."""

from shared.errors import NotFound


class DeviceNotFound(NotFound):
    """No such device, or it belongs to somebody else."""

    code = "device_not_found"
