"""Calendar rule 10: overrides, and what other properties imply."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.calendaring.ical.model import ReadingLimits
from app.calendaring.ical.writing import write_calendar
from tests.support.ical import calendar, codes, components, objects, properties, read, read_one, vevent, write, written

WEEKLY = vevent("DTSTART;TZID=Europe/Berlin:20260323T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=6")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def override(identifier: str, *lines: str) -> str:
    return vevent(f"RECURRENCE-ID{identifier}", *(lines or ("DTSTART:20260401T100000Z", "DTEND:20260401T110000Z")))


@pytest.mark.parametrize(
    "identifier",
    [
        ";TZID=Europe/Berlin:20260330T090000",
        ":20260330T070000Z",
        ";TZID=America/New_York:20260330T030000",
        ":20260330T090000",  # floating: with the master
        ";VALUE=DATE:20260330",
    ],
)
def test_rule_10_recurrence_ids_are_compared_as_instants(identifier: str) -> None:
    (moved,) = read_one(calendar(override(identifier), WEEKLY)).overrides
    assert moved.recurrence_id == utc(2026, 3, 30, 7)


@pytest.mark.parametrize("identifier", [";VALUE=DATE:20260302", ":20260302T000000", ":20260301T210000Z"])
def test_rule_10_an_all_day_series_has_dates(identifier: str) -> None:
    daily = vevent("DTSTART;VALUE=DATE:20260301", "RRULE:FREQ=DAILY")
    (moved,) = read_one(calendar(daily, override(identifier))).overrides
    assert moved.recurrence_id == date(2026, 3, 2)


def test_rule_10_an_override_replaces_its_instance_once() -> None:
    data = calendar(
        WEEKLY,
        override(":20260330T070000Z", "DTSTART:20260330T100000Z", "SEQUENCE:2", "SUMMARY:newer"),
        override(";TZID=Europe/Berlin:20260330T090000", "DTSTART:20260330T110000Z", "SEQUENCE:1", "SUMMARY:older"),
    )
    (moved,) = read_one(data).overrides
    assert moved.title == "newer"


def test_overrides_without_a_master_stand_alone() -> None:
    found = read_one(calendar(override(":20260330T070000Z")))
    assert found.master is None
    assert [data.recurrence_id for data in found.overrides] == [utc(2026, 3, 30, 7)]


def test_overrides_far_from_their_master_are_found() -> None:
    others = [vevent("DTSTART:20260101T090000Z", uid=str(number)) for number in range(3000)]
    items = read(calendar(override(":20260330T070000Z"), *others, WEEKLY))
    found = objects(items)
    assert len(found) == 3001
    assert found[0].master is not None
    assert len(found[0].overrides) == 1


RANGE = calendar(
    WEEKLY,
    override(
        ";RANGE=THISANDFUTURE:20260406T070000Z",
        "DTSTART;TZID=Europe/Berlin:20260407T140000",
        "DURATION:PT2H",
        "SUMMARY:afternoons",
    ),
    override(":20260413T070000Z", "DTSTART:20260413T070000Z", "SUMMARY:stays"),
)


def test_a_range_moves_the_instances_after_it() -> None:
    found = {data.recurrence_id: data for data in read_one(RANGE).overrides}
    assert {identifier: (data.title, data.start) for identifier, data in found.items()} == {
        utc(2026, 4, 6, 7): ("afternoons", datetime(2026, 4, 7, 14)),
        utc(2026, 4, 13, 7): ("stays", datetime(2026, 4, 13, 7)),
        utc(2026, 4, 20, 7): ("afternoons", datetime(2026, 4, 21, 14)),
        utc(2026, 4, 27, 7): ("afternoons", datetime(2026, 4, 28, 14)),
    }


def test_a_range_moves_single_dates_too() -> None:
    data = RANGE.replace(b";COUNT=6\r\n", b";COUNT=4\r\nRDATE;TZID=Europe/Berlin:20260416T090000\r\n")
    found = {moved.recurrence_id: moved.start for moved in read_one(data).overrides}
    assert found[utc(2026, 4, 16, 7)] == datetime(2026, 4, 17, 14)
    assert utc(2026, 4, 20, 7) not in found


def test_a_range_of_a_series_without_end_is_cut_at_the_limit() -> None:
    data = RANGE.replace(b";COUNT=6", b"")
    items = read(data, limits=ReadingLimits(overrides=10))
    (found,) = objects(items)
    assert len(found.overrides) == 10
    assert codes(items) == {"range_cut"}


def test_implied_overrides_are_not_written_until_something_changes() -> None:
    items = read(RANGE)
    assert components(write(items)) == components(RANGE)
    (found,) = objects(items)
    last = found.overrides[-1]
    edited = replace(written(found), overrides=(*found.overrides[:-1], replace(last, title="evening")))
    (again,) = objects(read(b"".join(write_calendar([edited], properties(items)))))
    assert {data.recurrence_id: data.title for data in again.overrides} == {
        **{data.recurrence_id: data.title for data in found.overrides},
        last.recurrence_id: "evening",
    }
