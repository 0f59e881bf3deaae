"""Zone names and wall time (RFC 5545 §3.3.5)."""

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendaring.zones import (
    TZDATA_VERSION,
    TimeOutOfRange,
    UnknownZone,
    get_zone,
    to_utc,
    utc_to_wall,
    wall_exists,
    wall_to_utc,
)

BERLIN = get_zone("Europe/Berlin")
ZONES = ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia", "America/New_York", "UTC"]


def test_only_the_tzdata_package_is_read() -> None:
    assert zoneinfo.TZPATH == ()
    assert TZDATA_VERSION[:2] == "20"


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "Europe/Moscow", "America/Argentina/Ushuaia", "EST5EDT"])
def test_known_zone_is_found_once(name: str) -> None:
    assert get_zone(name).key == name
    assert get_zone(name) is get_zone(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\0",
        "Europe/Berlin\0",
        "../../etc/passwd",
        "Europe/../Europe/Berlin",
        "/etc/localtime",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "europe/berlin",
        "EUROPE/BERLIN",
        "localtime",
        "posixrules",
        "Factory",
        "Europe",
        "Europe/",
        "zones",
        "tzdata.zi",
        "CET-1CEST",
        "+03:00",
        "W. Europe Standard Time",
        "x" * 1_000_000,
        "\ud800",
    ],
)
def test_anything_else_is_an_unknown_zone(name: str) -> None:
    with pytest.raises(UnknownZone):
        get_zone(name)


def test_explicit_time_in_a_gap_has_the_offset_before_it() -> None:
    gap = datetime(2026, 3, 29, 2, 30)
    assert not wall_exists(gap, BERLIN)
    assert wall_to_utc(gap, BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert wall_exists(datetime(2026, 3, 29, 1, 59, 59), BERLIN)
    assert wall_exists(datetime(2026, 3, 29, 3, 0), BERLIN)


def test_ambiguous_time_is_the_first_whatever_its_fold() -> None:
    wall = datetime(2026, 10, 25, 2, 30)
    for fold in (0, 1):
        assert wall_to_utc(wall.replace(fold=fold), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert wall_exists(wall, BERLIN)


def test_wall_time_of_an_instant_has_no_fold() -> None:
    second = utc_to_wall(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), BERLIN)
    assert second == datetime(2026, 10, 25, 2, 30)
    assert second.fold == 0
    assert second.tzinfo is None


def test_a_skipped_calendar_day_is_a_gap() -> None:
    apia = get_zone("Pacific/Apia")
    assert not wall_exists(datetime(2011, 12, 30, 12), apia)
    assert wall_exists(datetime(2011, 12, 31, 0), apia)


def test_the_ends_of_the_calendar_are_a_value_error() -> None:
    assert issubclass(TimeOutOfRange, ValueError)
    new_york = get_zone("America/New_York")
    with pytest.raises(TimeOutOfRange):
        wall_to_utc(datetime.min, BERLIN)
    with pytest.raises(TimeOutOfRange):
        wall_to_utc(datetime.max, new_york)
    with pytest.raises(TimeOutOfRange):
        utc_to_wall(datetime.min.replace(tzinfo=UTC), new_york)
    with pytest.raises(TimeOutOfRange):
        utc_to_wall(datetime.max.replace(tzinfo=UTC), BERLIN)
    with pytest.raises(TimeOutOfRange):
        to_utc(datetime.max.replace(tzinfo=new_york))
    assert wall_exists(datetime.min, BERLIN)
    assert wall_exists(datetime.max, new_york)


def test_naive_and_aware_are_not_mixed_up() -> None:
    with pytest.raises(ValueError, match="no offset"):
        wall_to_utc(datetime(2026, 1, 1, tzinfo=UTC), BERLIN)
    with pytest.raises(ValueError, match="no offset"):
        wall_exists(datetime(2026, 1, 1, tzinfo=UTC), BERLIN)
    with pytest.raises(ValueError, match="needs an offset"):
        utc_to_wall(datetime(2026, 1, 1), BERLIN)
    with pytest.raises(ValueError, match="needs an offset"):
        to_utc(datetime(2026, 1, 1))


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(
    wall=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2060, 1, 1)),
    name=st.sampled_from(ZONES),
)
def test_a_wall_time_exists_if_it_comes_back_from_utc(wall: datetime, name: str) -> None:
    zone = get_zone(name)
    assert wall_exists(wall, zone) == (utc_to_wall(wall_to_utc(wall, zone), zone) == wall)


@pytest.mark.parametrize("name", ZONES)
def test_every_quarter_hour_around_the_changes_of_a_year_agrees(name: str) -> None:
    zone = get_zone(name)
    for month in (3, 4, 9, 10, 11):
        for quarter in range(31 * 96):
            wall = datetime(2026, month, 1) + timedelta(minutes=15 * quarter)
            assert wall_exists(wall, zone) == (utc_to_wall(wall_to_utc(wall, zone), zone) == wall)
