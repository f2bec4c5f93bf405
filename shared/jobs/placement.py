"""Where a job is to run, and why it cannot. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.devices import Device
from shared.errors import Fault


@dataclass(frozen=True)
class Placement:
    """A device or, without one, a pool; and the model that is asked."""

    device_serial: str | None
    queue_tag: str
    model: str


def placement_faults(
    placement: Placement, device: Device | None, tags: tuple[str, ...]
) -> Iterator[Fault]:
    """All that is wrong; `device` is the one named, where the user may see it."""
    if placement.device_serial is not None and device is None:
        detail = f"there is no device {placement.device_serial!r}"
        yield Fault("/device_serial", "device_not_found", detail)
    if placement.queue_tag not in tags:
        detail = f"there is no queue tag {placement.queue_tag!r}; there are {', '.join(tags)}"
        yield Fault("/queue_tag", "queue_tag_unknown", detail, allowed=tags)
    if device is not None and not device.serves(placement.model):
        detail = f"the device serves {', '.join(device.models)}, not {placement.model!r}"
        yield Fault("/model", "model_not_on_device", detail, allowed=device.models)
