"""Days, weeks, months, hours and working hours of a zone, against a count of every minute."""

import itertools
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.calendaring.periods import Unit, hour_slots, periods, working_time
from app.calendaring.zones import get_zone

MINUTE = timedelta(minutes=1)
WEEK = frozenset({1, 2, 3, 4, 5})
# Changes of an hour in both directions, of half an hour, at midnight, of a whole day, and offsets that are no hours.
WINDOWS = {
    "spring": ("Europe/Berlin", "2027-03-25T07:17", "2027-04-02T11:43"),
    "autumn": ("Europe/Berlin", "2027-10-29T23:00", "2027-11-02T01:00"),
    "half an hour back": ("Australia/Lord_Howe", "2027-04-02T13:30", "2027-04-05T00:10"),
    "half an hour on": ("Australia/Lord_Howe", "2027-10-01T00:00", "2027-10-04T00:00"),
    "at midnight": ("America/Santiago", "2027-09-03T00:00", "2027-09-07T00:00"),
    "at midnight back": ("America/Santiago", "2027-04-02T00:00", "2027-04-06T00:00"),
    "a day left out": ("Pacific/Apia", "2011-12-28T00:00", "2012-01-02T00:00"),
    "at a minute past": ("America/St_Johns", "2010-11-06T00:00", "2010-11-08T12:00"),
    "quarters": ("Asia/Kathmandu", "2027-01-01T00:07", "2027-01-02T03:00"),
}
every_window = pytest.mark.parametrize(("zone", "start", "end"), WINDOWS.values(), ids=WINDOWS.keys())


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minutes(start: datetime, end: datetime, zone: str) -> list[datetime]:
    """The wall time of every minute of the window."""
    count = (end - start) // MINUTE
    return [(start + number * MINUTE).astimezone(get_zone(zone)) for number in range(count)]


def moved(counts: Counter[date], source: date, target: date, number: int) -> Counter[date]:
    return counts + Counter({target: number}) - Counter({source: number})


def length(start: datetime, end: datetime) -> int:
    assert (end - start) % MINUTE == timedelta()
    return (end - start) // MINUTE


@every_window
@pytest.mark.parametrize("unit", Unit)
def test_periods_hold_the_minutes_of_their_dates(zone: str, start: str, end: str, unit: Unit) -> None:
    def first(wall: datetime) -> date:
        day = wall.date()
        return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[unit]

    found = periods(utc(start), utc(end), get_zone(zone), unit)
    expected = Counter(first(wall) for wall in minutes(utc(start), utc(end), zone))
    held = {period.first: length(period.start, period.end) for period in found}
    if zone == "America/St_Johns":
        # At 00:01 the clock went back to 23:01: the 59 minutes that the evening then had again are the new day's.
        expected = moved(expected, first(utc("2010-11-06T00:00")), first(utc("2010-11-07T00:00")), 59)
    assert held == expected
    assert [period.first for period in found] == sorted(expected)
    assert (found[0].start, found[-1].end) == (utc(start), utc(end))
    assert all(earlier.end == later.start for earlier, later in itertools.pairwise(found))


@every_window
def test_hours_hold_the_minutes_that_the_clock_shows(zone: str, start: str, end: str) -> None:
    found = hour_slots(utc(start), utc(end), get_zone(zone))
    shown: Counter[tuple[int, int]] = Counter()
    for slot in found:
        shown[slot.weekday, slot.hour] += length(slot.start, slot.end)
    assert shown == Counter((wall.isoweekday(), wall.hour) for wall in minutes(utc(start), utc(end), zone))
    assert (found[0].start, found[-1].end) == (utc(start), utc(end))
    assert all(earlier.end == later.start for earlier, later in itertools.pairwise(found))


@every_window
@pytest.mark.parametrize(
    ("opens", "closes"), [(time(9), time(18)), (time(0), time(2, 30)), (time(1, 30), time(23, 59))]
)
def test_working_time_holds_the_working_minutes(zone: str, start: str, end: str, opens: time, closes: time) -> None:
    found = working_time(utc(start), utc(end), get_zone(zone), WEEK, opens, closes)
    inside = [
        wall.astimezone(UTC)
        for wall in minutes(utc(start), utc(end), zone)
        if wall.isoweekday() in WEEK and opens <= wall.time() < closes
    ]
    held = {begins + number * MINUTE for begins, ends in found for number in range(length(begins, ends))}
    # An hour that comes twice is one stretch: from the first time that the clock shows its start to its end.
    assert set(inside) >= held
    twice = {wall for wall in inside if wall not in held}
    assert all(wall.astimezone(get_zone(zone)).fold for wall in twice)


def test_days_of_a_change_are_as_long_as_they_are() -> None:
    zone = get_zone("Europe/Berlin")
    hours = {}
    for month, day in ((3, 28), (10, 31), (6, 1)):
        start = datetime(2027, month, day, tzinfo=zone).astimezone(UTC)
        end = datetime(2027, month, day, tzinfo=zone) + timedelta(days=1)
        (only,) = periods(start, end.astimezone(UTC), zone, Unit.DAY)
        hours[day] = (only.end - only.start) / timedelta(hours=1)
    assert hours == {28: 23, 31: 25, 1: 24}


def test_a_week_begins_on_monday_and_a_month_on_its_first_also_where_they_are_clipped() -> None:
    start, end = utc("2027-12-29T12:00"), utc("2028-01-05T12:00")
    assert [period.first.isoformat() for period in periods(start, end, get_zone("UTC"), Unit.WEEK)] == [
        "2027-12-27", "2028-01-03",
    ]  # fmt: skip
    months = periods(start, end, get_zone("UTC"), Unit.MONTH)
    assert [period.first.isoformat() for period in months] == ["2027-12-01", "2028-01-01"]
    assert months[0].end == months[1].start == utc("2028-01-01T00:00")


def test_a_change_is_found_to_the_second_from_a_moment_with_microseconds() -> None:
    start = utc("2027-03-28T00:59:59.250001")
    slots = hour_slots(start, utc("2027-03-28T02:00"), get_zone("Europe/Berlin"))
    assert [(slot.hour, slot.start) for slot in slots] == [(1, start), (3, utc("2027-03-28T01:00"))]


def test_there_is_no_working_time_on_days_off() -> None:
    start, end = utc("2027-03-27T00:00"), utc("2027-03-29T00:00")
    assert working_time(start, end, get_zone("UTC"), WEEK, time(9), time(18)) == []
    assert working_time(start, end, get_zone("UTC"), frozenset(), time(9), time(18)) == []
