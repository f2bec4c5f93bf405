"""The register of devices: two items per device, and the members of each pool.

`FLEET / DEVICE#<serial>` is the registration, written by administrators;
`DEVICE#<serial> / PRESENCE` is what the device said last, written every few
seconds; `DEVICE#<serial> / POINT#<µs>` are past reports, kept for a week;
`DEVICE#<serial> / TROUBLES` is what went wrong there last, written when there is something new;
`POOL#<tag> / MEMBERS` is the set of serials that serve a queue tag.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from shared import clock
from shared.aws import ConditionFailed, Item, Table, Transaction, TransactionLost, Update
from shared.clock import SECOND_US
from shared.devices.device import Device, DeviceInUse, DeviceTrouble, Telemetry, device_of
from shared.devices.health import DeviceHealth
from shared.devices.keys import presence_key
from shared.errors import NotFound, Unavailable

FLEET = "FLEET"
TELEMETRY_KEPT_S = 7 * 86_400
TELEMETRY_SHOWN = 100
TROUBLES_KEPT_S = 90 * 86_400
# After this time a model that a device's server did not know is tried there again.
LOST_S = 600
_MOST_LOST = 64
_SAID_OF_MODELS = ("reported_models", "lost_models")
_SAID_OF_INSTANCE = ("instance", "instance_us")
_ATTEMPTS = 5
_REGISTRATION = (
    "serial",
    "name",
    "kind",
    "owner",
    "queue_tags",
    "queue_urls",
    "registered_models",
    "maintenance",
    "note",
    "registered_us",
)


class DeviceNotFound(NotFound):
    """No such device, or it belongs to another user."""

    code = "device_not_found"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator says about a device; None leaves what was said before."""

    serial: str
    name: str | None = None
    kind: str | None = None
    models: tuple[str, ...] | None = None
    queue_tags: tuple[str, ...] | None = None
    owner: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator changes of a device; None takes out what was said before.

    Without `models` (None) the device serves what it reports, or anything.
    """

    name: str | msgspec.UnsetType | None = msgspec.UNSET
    kind: str | msgspec.UnsetType | None = msgspec.UNSET
    models: tuple[str, ...] | msgspec.UnsetType | None = msgspec.UNSET
    queue_tags: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    owner: str | msgspec.UnsetType | None = msgspec.UNSET
    maintenance: bool | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType | None = msgspec.UNSET
    healthy: bool | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True)
class Fleet:
    """All devices."""

    table: Table

    def find(self, serial: str) -> Device | None:
        """A device with what it reported last, or None. One BatchGetItem."""
        return next(iter(self.some([serial])), None)

    def some(self, serials: Iterable[str]) -> list[Device]:
        """Those of these devices that are registered, by serial."""
        wanted = sorted(serials)
        keys = [key(serial) for serial in wanted for key in (_config_key, presence_key)]
        found = {(item["pk"], item["sk"]): item for item in self.table.get_many(keys)}
        return [
            device_of(found[_config_key(serial)], found.get(presence_key(serial)))
            for serial in wanted
            if _config_key(serial) in found
        ]

    def get(self, serial: str) -> Device:
        """A device. Raises DeviceNotFound."""
        device = self.find(serial)
        if device is None:
            raise DeviceNotFound(f"there is no device {serial!r}")
        return device

    def all(self) -> list[Device]:
        """Every device, by serial."""
        configs = list(self.table.query(FLEET, prefix="DEVICE#"))
        found = self.table.get_many([presence_key(config["serial"]) for config in configs])
        presences = {item["pk"]: item for item in found}
        return [
            device_of(config, presences.get(presence_key(config["serial"])[0]))
            for config in configs
        ]

    def serials(self) -> list[str]:
        """The serials of all devices. One query."""
        return [config["serial"] for config in self.table.query(FLEET, prefix="DEVICE#")]

    def owned_by(self, user_id: str) -> list[str]:
        """The serials of the devices that only this user may use. One query."""
        configs = self.table.query(FLEET, prefix="DEVICE#")
        return [config["serial"] for config in configs if config.get("owner") == user_id]

    def serving(self, tag: str) -> list[Device]:
        """The devices that serve a queue tag, by serial."""
        return self.some(self.members(tag))

    def pools(self, tags: Iterable[str]) -> dict[str, set[str]]:
        """Serials of the devices that serve each of some queue tags. One BatchGetItem."""
        wanted = sorted(tags)
        items = self.table.get_many((f"POOL#{tag}", "MEMBERS") for tag in wanted)
        found = {item["pk"].removeprefix("POOL#"): item for item in items}
        return {tag: set(found.get(tag, {}).get("serials", ())) for tag in wanted}

    def members(self, tag: str) -> set[str]:
        """Serials of the devices that serve a queue tag."""
        item = self.table.get(f"POOL#{tag}", "MEMBERS") or {}
        return set(item.get("serials", ()))

    def register(self, wanted: Registration, queue_urls: dict[str, str]) -> bool:
        """Register a device or change its registration; True when it was not there before.

        Repeatable: what it writes depends on the call alone.
        """
        before = self.find(wanted.serial)
        tags = wanted.queue_tags or (before.queue_tags if before else ("default",))
        writes = self.table.transaction()
        writes.update(_config_update(wanted, tags, queue_urls))
        _serve_tags(writes, wanted.serial, tags, before.queue_tags if before else ())
        # What it reported is older than what the administrator says now, and the process of before
        # has lost its token.
        outdated = _SAID_OF_INSTANCE + (() if wanted.models is None else _SAID_OF_MODELS)
        # Its slot is there from now on.
        writes.update(Update(*presence_key(wanted.serial), add={"turns": 0}, remove=outdated))
        writes.commit()
        return before is None

    def change(self, serial: str, wanted: Change) -> Device:
        """Change what was said of a device; the device as it is then.

        Repeatable, and whole or not at all. Raises DeviceNotFound, Unavailable.
        """
        if wanted.healthy is not msgspec.UNSET:
            self.health.well(serial)
        for _ in range(_ATTEMPTS):
            before = self.get(serial)
            writes = self.table.transaction()
            writes.update(_changed_config(before, wanted))
            if wanted.queue_tags is not msgspec.UNSET:
                _serve_tags(writes, serial, wanted.queue_tags, before.queue_tags)
            if wanted.models is not msgspec.UNSET:
                writes.update(Update(*presence_key(serial), remove=_SAID_OF_MODELS))
            try:
                writes.commit()
            except TransactionLost:
                # It was retired, or its tags were changed by another call.
                continue
            return self.get(serial)
        raise Unavailable(f"device {serial!r} is being changed by others at this moment")

    def set_maintenance(self, serial: str, maintenance: bool) -> None:
        """Take a device out of service, or back in. Raises DeviceNotFound."""
        change = {"maintenance": maintenance}
        try:
            self.table.update(Update(*_config_key(serial), set=change, must_exist=True))
        except ConditionFailed as exc:
            raise DeviceNotFound(f"there is no device {serial!r}") from exc

    def report(
        self, serial: str, said: Item, telemetry: Telemetry, forget: tuple[str, ...] = ()
    ) -> Item:
        """Keep what a device said about itself: the last word, and a point of its history; its
        presence as it is then.
        """
        measured = {k: v for k, v in msgspec.structs.asdict(telemetry).items() if v is not None}
        presence = self.table.update(
            Update(
                *presence_key(serial),
                set={**said, "last_seen_us": telemetry.at_us, "telemetry": measured},
                remove=forget,
            )
        )
        self.keep_point(serial, telemetry)
        return presence

    def keep_point(self, serial: str, telemetry: Telemetry) -> None:
        """Keep a point of a device's history."""
        measured = {k: v for k, v in msgspec.structs.asdict(telemetry).items() if v is not None}
        expires_at = telemetry.at_us // SECOND_US + TELEMETRY_KEPT_S
        point = {"pk": f"DEVICE#{serial}", "sk": f"POINT#{telemetry.at_us:017d}"}
        self.table.put({**point, **measured, "expires_at": expires_at})

    def greet(self, device: Device, instance: str | None) -> Device:
        """Note that a device that asks for its queues is there, and which process it is; one that
        has not reported yet counts as ready. The device as it is then. Raises DeviceInUse.
        """
        device.check_instance(instance)
        now_us = clock.now_us()
        mine = heard_of(instance)
        # Of two processes at the same moment one is first.
        unchanged = {} if instance is None else {"instance": device.instance}
        update = Update(
            *presence_key(device.serial),
            set={"last_seen_us": now_us, **mine},
            set_if_absent={"reported_ready": True},
            only_if=unchanged,
        )
        try:
            return with_presence(device, self.table.update(update))
        except ConditionFailed as exc:
            raise DeviceInUse("another process has just begun", retry_after_s=1) from exc

    @property
    def health(self) -> DeviceHealth:
        """What their jobs say of devices."""
        return DeviceHealth(self.table)

    def lose_model(self, serial: str, model: str) -> None:
        """A device's server does not know a model: the device does not serve it for a while,
        even if it goes on to report it.
        """
        device = self.find(serial)
        if device is None:
            return
        lost = {each: until for each, until in device.lost_models.items() if device.lacks(each)}
        lost = dict(list(lost.items())[-_MOST_LOST + 1 :])
        lost[model] = clock.now_us() + LOST_S * SECOND_US
        self.table.update(Update(*presence_key(serial), set={"lost_models": lost}))

    def keep_troubles(self, serial: str, troubles: Iterable[DeviceTrouble]) -> None:
        """Keep what went wrong on a device last, in the place of what was kept before."""
        kept = [msgspec.to_builtins(each) for each in troubles]
        expires_at = clock.now_s() + TROUBLES_KEPT_S
        self.table.put({**_troubles_key(serial), "troubles": kept, "expires_at": expires_at})

    def troubles(self, serial: str) -> list[DeviceTrouble]:
        """What went wrong on a device last, oldest first."""
        key = _troubles_key(serial)
        item = self.table.get(key["pk"], key["sk"]) or {}
        return msgspec.convert(item.get("troubles", []), list[DeviceTrouble], strict=False)

    def history(self, serial: str, limit: int = TELEMETRY_SHOWN) -> list[Telemetry]:
        """The last reports of a device, oldest first."""
        points: list[Telemetry] = []
        newest_first = self.table.query(
            f"DEVICE#{serial}", prefix="POINT#", descending=True, limit=limit
        )
        for item in newest_first:
            if item["expires_at"] > clock.now_s():
                points.append(msgspec.convert(item, Telemetry, strict=False))
            if len(points) == limit:
                break
        return points[::-1]


def heard_of(instance: str | None) -> Item:
    """The attributes of a device of which this process was heard now; one that does not name
    itself is the one that has the device.
    """
    named = {} if instance is None else {"instance": instance}
    return {**named, "instance_us": clock.now_us()}


def visible(devices: Iterable[Device], user_id: str, admin: bool) -> list[Device]:
    """Those of the devices that a user may see."""
    return [device for device in devices if device.visible_to(user_id, admin)]


def with_presence(device: Device, presence: Item) -> Device:
    """A device as it was registered, with another presence."""
    return device_of({name: getattr(device, name) for name in _REGISTRATION}, presence)


def _config_key(serial: str) -> tuple[str, str]:
    return FLEET, f"DEVICE#{serial}"


def _serve_tags(
    writes: Transaction, serial: str, tags: Iterable[str], before: Iterable[str]
) -> None:
    for tag in tags:
        writes.update(Update(f"POOL#{tag}", "MEMBERS", add={"serials": {serial}}))
    for tag in set(before) - set(tags):
        writes.update(Update(f"POOL#{tag}", "MEMBERS", discard={"serials": {serial}}))


def _troubles_key(serial: str) -> Item:
    return {"pk": f"DEVICE#{serial}", "sk": "TROUBLES"}


def _changed_config(before: Device, wanted: Change) -> Update:
    stored = {"models": "registered_models"}
    said = {
        stored.get(name, name): list(value) if isinstance(value, tuple) else value
        for name in wanted.__struct_fields__
        if name in _REGISTRATION or name in stored
        if (value := getattr(wanted, name)) is not msgspec.UNSET
    }
    return Update(
        *_config_key(before.serial),
        set={
            "serial": before.serial,
            **{name: value for name, value in said.items() if value is not None},
        },
        remove=tuple(name for name, value in said.items() if value is None),
        only_if={"queue_tags": list(before.queue_tags)},
    )


def _config_update(
    wanted: Registration, tags: tuple[str, ...], queue_urls: dict[str, str]
) -> Update:
    said: dict[str, Any] = {
        "name": wanted.name,
        "kind": wanted.kind,
        "owner": wanted.owner,
        "registered_models": None if wanted.models is None else list(wanted.models),
    }
    return Update(
        *_config_key(wanted.serial),
        set={
            "serial": wanted.serial,
            "queue_tags": list(tags),
            "queue_urls": queue_urls,
            **{name: value for name, value in said.items() if value is not None},
        },
        set_if_absent={"registered_us": clock.now_us()},
    )
