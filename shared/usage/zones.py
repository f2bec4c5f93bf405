"""Time zones by their IANA names, from the package tzdata alone.

`ZoneInfo(name)` looks into folders of the machine first. Lambda's runtime has none, others
have files there that are no zones (`localtime`, `posix/UTC`, `right/UTC`), or older rules:
the same question would be answered in one place and refused, or answered otherwise, in
another.
"""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from shared.errors import Fault, MalformedInput

# It stands for a zone that was not chosen.
_NO_ZONE = "Factory"


@cache
def zone_names() -> frozenset[str]:
    """All names that are zones, links such as `US/Eastern` included."""
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(names) - {_NO_ZONE}


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name as IANA spells it. Raises MalformedInput (`invalid_timezone`)."""
    if name not in zone_names():
        raise _unknown(name)
    return _read_zone(name)


@cache
def _read_zone(name: str) -> ZoneInfo:
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _unknown(name: str) -> MalformedInput:
    meant = [known for known in zone_names() if known.lower() == name.lower()]
    hint = f"; write {meant[0]}" if meant else ", such as Europe/Berlin or UTC"
    return MalformedInput(
        f"tz {name[:64]!r} is not the name of an IANA time zone{hint}",
        code="invalid_timezone",
        faults=(Fault("/query/tz", "not_allowed", f"not an IANA time zone{hint}"),),
    )
