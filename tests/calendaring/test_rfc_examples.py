"""The worked examples of RFC 5545 §3.8.5.3: America/New_York, from 1997-09-02 09:00 unless said otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from app.calendaring.rule import Rule
from app.calendaring.series import Series
from app.calendaring.zones import get_zone, utc_to_wall

NEW_YORK = get_zone("America/New_York")
SEPTEMBER_2 = datetime(1997, 9, 2, 9)
EVERY_DAY = "SU,MO,TU,WE,TH,FR,SA"


def expanded(rule: str, start: datetime, before: datetime) -> list[str]:
    series = Series(start, start + timedelta(hours=1), NEW_YORK, Rule.parse(rule))
    assert series.start_matches_rule()
    instants = (occurrence.start for occurrence in series.occurrences(before))
    return [f"{utc_to_wall(instant, NEW_YORK):%y-%m-%d}" for instant in instants if isinstance(instant, datetime)]


def days(text: str) -> list[str]:
    """ "97-09 2 4; 98-01 1" to whole dates."""
    groups = (group.split() for group in text.split(";"))
    return [f"{month}-{int(day):02}" for month, *numbers in groups for day in numbers]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=10", "97-09 2 3 4 5 6 7 8 9 10 11"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "97-09 2 12 22; 97-10 2 12"),
        ("FREQ=WEEKLY;COUNT=10", "97-09 2 9 16 23 30; 97-10 7 14 21 28; 97-11 4"),
        ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", "97-09 2 4 9 11 16 18 23 25 30; 97-10 2"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "97-09 2 4 16 18 30; 97-10 2 14 16"),
        (
            "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
            "97-09 2 15; 97-10 2 15; 97-11 2 15; 97-12 2 15; 98-01 2 15",
        ),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU;COUNT=10", "97-09 2 9 16 23 30; 97-11 4 11 18 25; 98-01 6"),
    ],
)
def test_from_2_september(rule: str, expected: str) -> None:
    assert expanded(rule, SEPTEMBER_2, datetime(2000, 1, 1, tzinfo=UTC)) == days(expected)


@pytest.mark.parametrize(
    ("start", "rule", "expected"),
    [
        (
            "970905",
            "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
            "97-09 5; 97-10 3; 97-11 7; 97-12 5; 98-01 2; 98-02 6; 98-03 6; 98-04 3; 98-05 1; 98-06 5",
        ),
        (
            "970907",
            "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
            "97-09 7 28; 97-11 2 30; 98-01 4 25; 98-03 1 29; 98-05 3 31",
        ),
        (
            "970922",
            "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
            "97-09 22; 97-10 20; 97-11 17; 97-12 22; 98-01 19; 98-02 16",
        ),
        (
            "970928",
            "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=6",
            "97-09 28; 97-10 29; 97-11 28; 97-12 29; 98-01 29; 98-02 26",
        ),
        (
            "970930",
            "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
            "97-09 30; 97-10 1 31; 97-11 1 30; 97-12 1 31; 98-01 1 31; 98-02 1",
        ),
        (
            "970910",
            "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
            "97-09 10 11 12 13 14 15; 99-03 10 11 12 13",
        ),
        (
            "970610",
            "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
            "97-06 10; 97-07 10; 98-06 10; 98-07 10; 99-06 10; 99-07 10; 00-06 10; 00-07 10; 01-06 10; 01-07 10",
        ),
        (
            "970310",
            "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
            "97-03 10; 99-01 10; 99-02 10; 99-03 10; 01-01 10; 01-02 10; 01-03 10; 03-01 10; 03-02 10; 03-03 10",
        ),
        (
            "970101",
            "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
            "97-01 1; 97-04 10; 97-07 19; 00-01 1; 00-04 9; 00-07 18; 03-01 1; 03-04 10; 03-07 19; 06-01 1",
        ),
        ("970519", "FREQ=YEARLY;BYDAY=20MO;COUNT=3", "97-05 19; 98-05 18; 99-05 17"),
        ("970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "97-05 12; 98-05 11; 99-05 17"),
        ("970512", "FREQ=YEARLY;BYWEEKNO=20;COUNT=3", "97-05 12; 98-05 11; 99-05 17"),
        (
            "970313",
            "FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=11",
            "97-03 13 20 27; 98-03 5 12 19 26; 99-03 4 11 18 25",
        ),
        (
            "980213",
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=5",
            "98-02 13; 98-03 13; 98-11 13; 99-08 13; 00-10 13",
        ),
        (
            "970913",
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=10",
            "97-09 13; 97-10 11; 97-11 8; 97-12 13; 98-01 10; 98-02 7; 98-03 7; 98-04 11; 98-05 9; 98-06 13",
        ),
        (
            "961105",
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
            "96-11 5; 00-11 7; 04-11 2",
        ),
        ("970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "97-09 4; 97-10 7; 97-11 6"),
        (
            "970929",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=7",
            "97-09 29; 97-10 30; 97-11 27; 97-12 30; 98-01 29; 98-02 26; 98-03 30",
        ),
        ("070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "07-01 15 30; 07-02 15; 07-03 15 30"),
    ],
)
def test_from_another_day(start: str, rule: str, expected: str) -> None:
    first = datetime.strptime(start, "%y%m%d") + timedelta(hours=9)
    assert expanded(rule, first, datetime(2012, 1, 1, tzinfo=UTC)) == days(expected)


@pytest.mark.parametrize(
    ("start", "rule", "expected"),
    [
        ("970406", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=4;COUNT=3", "97-04 6; 98-04 5; 99-04 4"),
        ("971026", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;COUNT=3", "97-10 26; 98-10 25; 99-10 31"),
        ("970106", "FREQ=YEARLY;BYDAY=1MO,-1MO;COUNT=4", "97-01 6; 97-12 29; 98-01 5; 98-12 28"),
        ("970902", "FREQ=MONTHLY;BYDAY=1TU,FR;COUNT=7", "97-09 2 5 12 19 26; 97-10 3 7"),
        ("970903", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=3,10;COUNT=4", "97-09 3 12; 97-10 3 14"),
        ("971229", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=3", "97-12 29; 99-01 4; 00-01 3"),
        ("970902", "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=2;COUNT=2", "97-09 2 9"),
        (
            "971231",
            "FREQ=YEARLY;BYYEARDAY=-366,-1;COUNT=5",
            "97-12 31; 98-12 31; 99-12 31; 00-01 1; 00-12 31",
        ),
    ],
)
def test_what_the_examples_leave_out(start: str, rule: str, expected: str) -> None:
    test_from_another_day(start, rule, expected)


def test_every_day_in_january_for_three_years_both_ways() -> None:
    first, before = datetime(1998, 1, 1, 9), datetime(2001, 1, 1, tzinfo=UTC)
    until = "UNTIL=20000131T140000Z;BYMONTH=1"
    yearly = expanded(f"FREQ=YEARLY;{until};BYDAY={EVERY_DAY}", first, before)
    assert yearly == expanded(f"FREQ=DAILY;{until}", first, before)
    assert len(yearly) == 93


def test_until_24_december() -> None:
    daily = expanded("FREQ=DAILY;UNTIL=19971224T000000Z", SEPTEMBER_2, datetime(1998, 1, 1, tzinfo=UTC))
    assert (len(daily), daily[-1]) == (113, "97-12-23")


def test_every_twenty_minutes_of_the_working_day() -> None:
    rule = Rule.parse("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40")
    series = Series(SEPTEMBER_2, SEPTEMBER_2 + timedelta(minutes=10), NEW_YORK, rule)
    found = [o.start for o in series.occurrences(datetime(1997, 9, 4, tzinfo=UTC))]
    assert len(found) == 48
    assert found[:2] == [datetime(1997, 9, 2, 13, minute, tzinfo=UTC) for minute in (0, 20)]
    assert found[23] == datetime(1997, 9, 2, 20, 40, tzinfo=UTC)
