"""Zones are those of IANA, the same ones wherever the code runs."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.errors import MalformedInput
from shared.usage.zones import zone_names, zone_of
from tests.kit.names import short

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "name",
    [
        "localtime",
        "posix/UTC",
        "posixrules",
        "right/UTC",
        "Factory",
        "utc",
        "europe/berlin",
        "EUROPE/BERLIN",
        "Europe/Berlin ",
        "Europe/",
        "Europe",
        "/usr/share/zoneinfo/UTC",
        "../tzdata/zones",
        "Europe/../UTC",
        "zone.tab",
        "tzdata.zi",
        "UTC+1",
        "EST5EDT,M3.2.0,M11.1.0",
        "UTC\x00",
        "\ud83d",
        "",
        "x" * 10_000,
    ],
    ids=short,
)
def test_zone_is_refused_when_its_name_is_not_ianas(name):
    with pytest.raises(MalformedInput) as refused:
        zone_of(name)

    assert refused.value.error_code == "invalid_timezone"
    assert len(refused.value.detail) < 200


def test_right_spelling_is_said_when_only_the_case_is_wrong():
    with pytest.raises(MalformedInput, match="write Europe/Berlin"):
        zone_of("europe/berlin")


def test_every_zone_is_read_where_the_machine_has_none(without_zone_files):
    moment = datetime(2026, 1, 1, tzinfo=UTC)

    offsets = {name: moment.astimezone(zone_of(name)).utcoffset() for name in zone_names()}

    assert len(offsets) > 500
    assert (offsets["UTC"], offsets["Asia/Kathmandu"]) == (
        timedelta(0),
        timedelta(hours=5, minutes=45),
    )
    assert max(offsets.values()) == timedelta(hours=14)


@pytest.fixture
def without_zone_files():
    """No zone files but those of the package, as in Lambda's runtime."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath(to=before)


def test_rules_are_those_that_are_deployed():
    """The analytics layer ships what the tests run with."""
    pinned = [
        line.split(" ")[0]
        for name in ("layers/analytics/requirements.txt", "requirements/dev.txt")
        for line in (ROOT / name).read_text().splitlines()
        if line.startswith("tzdata==")
    ]

    assert len(pinned) == 2
    assert len(set(pinned)) == 1
