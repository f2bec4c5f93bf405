"""Where a job shall run, and what speaks against it. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.devices import Device
from shared.errors import Fault, Unavailable


@dataclass(frozen=True)
class Target:
    """A device or, without one, a pool; and the model that is asked."""

    device_serial: str | None
    queue_tag: str
    model: str


def target_faults(target: Target, device: Device | None, tags: tuple[str, ...]) -> Iterator[Fault]:
    """All that is wrong; `device` is the one named, where the user may see it."""
    if target.device_serial is not None and device is None:
        detail = f"there is no device {target.device_serial!r}"
        yield Fault("/device_serial", "device_not_found", detail)
    if target.queue_tag not in tags:
        detail = f"there is no queue tag {target.queue_tag!r}; there are {', '.join(tags)}"
        yield Fault("/queue_tag", "queue_tag_unknown", detail, allowed=tags)
    if device is not None and not device.serves(target.model):
        detail = f"the device serves {', '.join(device.models)}, not {target.model!r}"
        yield Fault("/model", "model_not_on_device", detail, allowed=device.models)


def device_moved() -> Unavailable:
    """The device was there when it was checked, and has no lane any more: it is being retired."""
    return Unavailable("the device is being changed; repeat the call", retry_after_s=1)
