"""A series that is moved as a whole: its rule, its ends, its exceptions, and where each instance went."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from app.calendaring.moving import CannotMove, matching, moved
from app.calendaring.rule import Rule
from app.calendaring.series import Series
from app.calendaring.zones import get_zone, utc_to_wall
from tests.support.rules import STARTS, ZONES, further_dates, rule_parts

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BERLIN, MOSCOW, UTC_ZONE = get_zone("Europe/Berlin"), get_zone("Europe/Moscow"), get_zone("UTC")
FAR = datetime(2040, 1, 1, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def timed(rule: str, start: datetime, **more: object) -> Series:
    return Series(start, start + HOUR, BERLIN, Rule.parse(rule), **more)  # type: ignore[arg-type]


def walls(series: Series, before: datetime = FAR) -> list[datetime]:
    assert series.zone is not None
    instants = (occurrence.start for occurrence in series.occurrences(before))
    return [utc_to_wall(instant, series.zone) for instant in instants if isinstance(instant, datetime)]


def by(series: Series, distance: timedelta) -> Series:
    return moved(series, series.start + distance, series.end + distance, series.zone)


@pytest.mark.parametrize(
    ("rule", "start", "distance", "expected"),
    [
        # From a Monday
        ("FREQ=WEEKLY;BYDAY=MO,WE", "2026-03-23", 1, "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("FREQ=WEEKLY;BYDAY=MO,SU", "2026-03-23", -1, "FREQ=WEEKLY;BYDAY=SA,SU"),
        ("FREQ=WEEKLY", "2026-03-23", 3, "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=MO,WE", "2026-03-23", 7, "FREQ=WEEKLY;BYDAY=MO,WE"),
        # The pair stays in one week, so the week begins a day later.
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "2026-03-23", 1, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;WKST=TU"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-03-23", 1, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026-03-23", -1, "FREQ=DAILY;BYDAY=MO,TU,WE,TH,SU"),
        ("FREQ=MONTHLY;BYDAY=2MO", "2026-03-09", 1, "FREQ=MONTHLY;BYDAY=2TU"),
        ("FREQ=MONTHLY;BYDAY=2MO", "2026-03-09", 8, "FREQ=MONTHLY;BYDAY=3TU"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-03-27", -7, "FREQ=MONTHLY;BYDAY=-2FR"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-03-27", 3, "FREQ=MONTHLY;BYDAY=-1MO"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-03-13", 1, "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=14"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "2026-03-15", 20, "FREQ=MONTHLY;BYMONTHDAY=4"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-03-31", -2, "FREQ=MONTHLY;BYMONTHDAY=-3"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-03-01", 2, "FREQ=MONTHLY;BYMONTHDAY=3,17"),
        ("FREQ=MONTHLY", "2026-03-15", 2, "FREQ=MONTHLY"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31", "2026-03-31", 1, "FREQ=YEARLY;BYMONTHDAY=1;BYMONTH=4"),
        ("FREQ=YEARLY;BYMONTH=6,12", "2026-12-31", 1, "FREQ=YEARLY;BYMONTH=1,7"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=2MO", "2026-03-09", 1, "FREQ=YEARLY;BYDAY=2TU;BYMONTH=3"),
        ("FREQ=YEARLY;BYDAY=20MO", "2026-05-18", 8, "FREQ=YEARLY;BYDAY=21TU"),
        ("FREQ=YEARLY;BYYEARDAY=100", "2026-04-10", 5, "FREQ=YEARLY;BYYEARDAY=105"),
        ("FREQ=YEARLY;BYYEARDAY=-1", "2026-12-31", -5, "FREQ=YEARLY;BYYEARDAY=-6"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "2026-05-11", 8, "FREQ=YEARLY;BYDAY=TU;BYWEEKNO=21"),
        ("FREQ=DAILY;COUNT=5", "2026-03-23", 400, "FREQ=DAILY;COUNT=5"),
    ],
)
def test_the_rule_follows_by_whole_days(rule: str, start: str, distance: int, expected: str) -> None:
    series = timed(rule, datetime.fromisoformat(f"{start}T09:00"))
    assert series.start_matches_rule()
    assert str(by(series, distance * DAY).rule) == expected


@pytest.mark.parametrize(
    ("rule", "minutes", "expected"),
    [
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0", 75, "FREQ=DAILY;BYMINUTE=15;BYHOUR=10"),
        ("FREQ=DAILY;BYHOUR=9,15", 60, "FREQ=DAILY;BYHOUR=10,16"),
        ("FREQ=DAILY;BYHOUR=9,15", 90, "FREQ=DAILY;BYHOUR=10,16"),  # the minutes are DTSTART's
        ("FREQ=DAILY;BYMINUTE=0,30", 10, "FREQ=DAILY;BYMINUTE=10,40"),
        ("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9", 17 * 60, "FREQ=WEEKLY;BYDAY=TU;BYHOUR=2"),
        ("FREQ=WEEKLY;BYDAY=MO", -10 * 60, "FREQ=WEEKLY;BYDAY=SU"),
    ],
)
def test_the_rule_follows_by_time_of_day(rule: str, minutes: int, expected: str) -> None:
    series = timed(rule, datetime(2026, 3, 23, 9))
    later = by(series, timedelta(minutes=minutes))
    assert str(later.rule) == expected
    assert later.start_matches_rule()


@pytest.mark.parametrize(
    ("rule", "distance", "code"),
    [
        ("FREQ=DAILY;BYHOUR=9,15", 12 * HOUR, "pattern_cannot_move"),
        ("FREQ=DAILY;BYMINUTE=0,30", 35 * timedelta(minutes=1), "pattern_cannot_move"),
        ("FREQ=MONTHLY;BYMONTHDAY=23,28", DAY, "pattern_cannot_move"),  # some months have no 29th
        ("FREQ=MONTHLY;BYMONTHDAY=23,-1", DAY, "pattern_cannot_move"),
        ("FREQ=YEARLY;BYWEEKNO=13;BYDAY=MO,SU", DAY, "pattern_cannot_move"),
        ("FREQ=YEARLY;BYWEEKNO=13,30", 7 * DAY, "pattern_cannot_move"),
        ("FREQ=MONTHLY;BYDAY=4MO,1MO", 7 * DAY, "start_not_in_rule"),
        ("FREQ=DAILY;BYMONTH=3,4", 100 * DAY, "start_not_in_rule"),
    ],
)
def test_what_no_rule_expresses_is_refused(rule: str, distance: timedelta, code: str) -> None:
    series = timed(rule, datetime(2026, 3, 23, 9))
    assert series.start_matches_rule()
    with pytest.raises(CannotMove) as caught:
        by(series, distance)
    assert caught.value.code == code
    assert str(caught.value)


def test_an_imported_start_outside_its_rule_can_be_moved() -> None:
    series = timed("FREQ=WEEKLY;BYDAY=TU;COUNT=3", datetime(2026, 3, 23, 9))
    assert walls(by(series, DAY)) == [wall + DAY for wall in walls(series)]


def test_a_start_that_was_an_rdate_moves_the_pattern_without_becoming_it() -> None:
    # As after a split: the rule's own days are Mondays at nine, or the 15th.
    weekly = timed("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0;COUNT=3", datetime(2026, 4, 1, 14, 30))
    assert walls(by(weekly, DAY + HOUR)) == [wall + DAY + HOUR for wall in walls(weekly)]
    monthly = timed("FREQ=MONTHLY;BYMONTHDAY=15;COUNT=3", datetime(2026, 4, 1, 9))
    assert walls(by(monthly, DAY)) == [wall + DAY for wall in walls(monthly)]
    second_monday = timed("FREQ=MONTHLY;BYDAY=2MO", datetime(2026, 4, 1, 9))
    assert str(by(second_monday, DAY).rule) == "FREQ=MONTHLY;BYDAY=2TU"
    last_days = timed("FREQ=MONTHLY;BYMONTHDAY=31", datetime(2026, 4, 1, 9))
    with pytest.raises(CannotMove):
        by(last_days, DAY)


plainly = settings(derandomize=True, database=None, deadline=None, max_examples=100)


@plainly
@given(
    data=st.data(),
    start=STARTS,
    frequency=st.sampled_from(["DAILY", "WEEKLY"]),
    distance=st.timedeltas(timedelta(days=-20), timedelta(days=20)),
)
def test_all_instances_of_days_and_weeks_move_equally_far(
    data: st.DataObject, start: datetime, frequency: str, distance: timedelta
) -> None:
    parts = data.draw(rule_parts(frequency, start))
    for part in ("BYMONTH", "BYMONTHDAY"):
        parts.pop(part, None)
    assume("BYSETPOS" not in parts or parts.keys() & {"BYDAY", "BYHOUR", "BYMINUTE"})
    exdates, rdates = data.draw(further_dates(start)), data.draw(further_dates(start))
    series = Series(start, start + HOUR, UTC_ZONE, Rule.parse(parts.text), exdates, rdates=rdates)
    # A date takes out a day, whatever the times on it; those would be torn apart.
    several_times = parts.keys() & {"BYHOUR", "BYMINUTE"} or rdates
    assume(not several_times or all(isinstance(exdate, datetime) for exdate in exdates))
    distance = timedelta(minutes=distance // timedelta(minutes=1))
    try:
        target = by(series, distance)
    except CannotMove:
        event("refused")
        return
    event("moved")
    bound = series.start.replace(tzinfo=UTC) + timedelta(days=200)
    assert walls(target, bound + distance) == [wall + distance for wall in walls(series, bound)]
    originals = [occurrence.start for occurrence in series.occurrences(bound)]
    assert matching(series, target, originals) == {original: original + distance for original in originals}


@plainly
@given(
    start=STARTS,
    ordinal=st.sampled_from([1, 2, 3, 4, -1, -2]),
    weekday=st.sampled_from(["MO", "TH", "SU"]),
    days=st.integers(-12, 12),
    length=st.integers(30, 700),
    chosen=st.sets(st.integers(0, 12), max_size=4),
)
def test_a_pattern_by_month_loses_and_gains_nothing(
    start: datetime, ordinal: int, weekday: str, days: int, length: int, chosen: set[int]
) -> None:
    rule = Rule.parse(f"FREQ=MONTHLY;BYDAY={ordinal}{weekday};UNTIL={(start + length * DAY):%Y%m%dT%H%M%S}")
    every = Series(start, start + HOUR, UTC_ZONE, rule)
    first = next(
        (occurrence.start for occurrence in every.occurrences(FAR) if occurrence.start != every.first_start), None
    )
    assume(first is not None)
    assert isinstance(first, datetime)
    wall = first.replace(tzinfo=None)
    series = replace(every, start=wall, end=wall + HOUR)
    instances = walls(series)
    assume((wall + days * DAY).day <= 28)
    excluded = frozenset(instances[number] for number in chosen if number < len(instances))
    target = by(replace(series, exdates=excluded), days * DAY)
    assume(target.rule is not None and abs(target.rule.by_day[0].ordinal) < 5)
    months = (target.start.year - wall.year) * 12 + target.start.month - wall.month
    kept = [wall for wall in instances if wall not in excluded]
    assert [wall.year * 12 + wall.month for wall in walls(target)] == [
        wall.year * 12 + wall.month + months for wall in kept
    ]


@plainly
@given(
    data=st.data(),
    start=STARTS,
    frequency=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    zones=st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)),
    distance=st.timedeltas(timedelta(days=-40), timedelta(days=40)) | st.integers(-3, 3).map(lambda days: days * DAY),
    to_dates=st.booleans(),
)
def test_any_move_is_refused_or_sound(
    data: st.DataObject,
    start: datetime,
    frequency: str,
    zones: tuple[str, str],
    distance: timedelta,
    to_dates: bool,
) -> None:
    rule = Rule.parse(data.draw(rule_parts(frequency, start)).text)
    exdates, rdates = data.draw(further_dates(start)), data.draw(further_dates(start))
    series = Series(start, start + HOUR, get_zone(zones[0]), rule, exdates, rdates=rdates)
    new_start = start + timedelta(minutes=distance // timedelta(minutes=1))
    try:
        if to_dates:
            target = moved(series, new_start.date(), new_start.date() + DAY, None)
        else:
            target = moved(series, new_start, new_start + HOUR, get_zone(zones[1]))
    except CannotMove:
        event("refused")
        return
    event("moved")
    assert target.rule is not None
    assert Rule.parse(str(target.rule)) is not None
    assert target.start_matches_rule() or not series.start_matches_rule()
    assert target.rule.count == rule.count
    originals = [occurrence.start for occurrence in series.occurrences(series.first_start + 200 * DAY)]
    counterparts = matching(series, target, originals)
    assert len(set(counterparts.values())) == len(counterparts)
    bare = replace(target, exdates=frozenset())
    assert counterparts.keys() <= set(originals)
    assert all(bare.starts_at(start) is not None for start in counterparts.values())
    assert series.first_start not in originals or counterparts[series.first_start] == target.first_start


def test_until_moves_with_the_wall_clock_over_a_dst_change() -> None:
    # The last is on Saturday, before the change; a day later it is in summer time.
    daily = timed("FREQ=DAILY;UNTIL=20260328T080000Z", datetime(2026, 3, 26, 9))
    later = by(daily, DAY)
    assert later.until == utc(2026, 3, 29, 7)
    assert [wall.day for wall in walls(later)] == [27, 28, 29]


def test_another_zone_reads_the_same_pattern() -> None:
    exdates = frozenset({utc(2026, 3, 30, 7)})  # 09:00 in Berlin
    weekly = timed("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260413T070000Z", datetime(2026, 3, 23, 9), exdates=exdates)
    target = moved(weekly, datetime(2026, 3, 23, 10), datetime(2026, 3, 23, 11), MOSCOW)
    assert [(wall.day, wall.hour) for wall in walls(target)] == [(23, 10), (6, 10), (13, 10)]
    assert target.until == utc(2026, 4, 13, 7)


def test_timed_becomes_all_day_and_back() -> None:
    start = datetime(2026, 3, 23, 9)
    exdates = frozenset({datetime(2026, 3, 24, 9), utc(2026, 3, 26, 8)})
    rdates = frozenset({datetime(2026, 4, 10, 14)})
    daily = timed("FREQ=DAILY;UNTIL=20260327T075959Z;BYHOUR=9", start, exdates=exdates, rdates=rdates)
    assert [wall.day for wall in walls(daily)] == [23, 25, 10]
    days = moved(daily, date(2026, 3, 24), date(2026, 3, 26), None)
    assert (str(days.rule), days.rdates) == ("FREQ=DAILY;UNTIL=20260327", {date(2026, 4, 11)})
    assert [o.start for o in days.occurrences(date.max)] == [date(2026, 3, 24), date(2026, 3, 26), date(2026, 4, 11)]
    back = moved(days, start, start + HOUR, BERLIN)
    assert [(wall.day, wall.hour) for wall in walls(back)] == [(23, 9), (25, 9), (10, 9)]
    originals = [utc(2026, 3, 23, 8), utc(2026, 3, 25, 8), utc(2026, 4, 10, 12)]
    assert matching(daily, days, originals) == dict(
        zip(originals, [date(2026, 3, 24), date(2026, 3, 26), date(2026, 4, 11)], strict=True)
    )


def test_nominal_days_stay_with_the_length() -> None:
    start = datetime(2026, 3, 27, 12)
    series = Series(start, start + DAY, BERLIN, Rule.parse("FREQ=DAILY"), nominal_days=1)
    assert by(series, HOUR).nominal_days == 1
    assert moved(series, start, start + HOUR, BERLIN).nominal_days == 0
    assert moved(series, start.date(), start.date() + DAY, None).nominal_days == 0


def test_matching_prefers_the_same_distance_and_then_the_same_number() -> None:
    first, second, third = utc(2026, 3, 23, 8), utc(2026, 3, 25, 8), utc(2026, 3, 30, 7)
    old = timed("FREQ=WEEKLY;BYDAY=MO,WE", datetime(2026, 3, 23, 9))
    # Monday and Wednesday become Tuesday and Friday.
    new = timed("FREQ=WEEKLY;BYDAY=TU,FR", datetime(2026, 3, 24, 10))
    assert matching(old, new, [first, second, third]) == {
        first: utc(2026, 3, 24, 9),
        second: utc(2026, 3, 27, 9),
        third: utc(2026, 3, 31, 8),
    }
    # Of three a week and two a week, those at the same distance remain.
    more = timed("FREQ=WEEKLY;BYDAY=MO,WE,FR", datetime(2026, 3, 23, 9))
    assert matching(more, old, [first, second, utc(2026, 3, 27, 8)]) == {first: first, second: second}


def test_matching_counts_excluded_instances_as_there_and_leaves_out_what_has_ended() -> None:
    start = datetime(2026, 3, 23, 9)
    old = timed("FREQ=DAILY;COUNT=5", start)
    new = timed("FREQ=DAILY;COUNT=3", start + HOUR, exdates=frozenset({start + HOUR + DAY}))
    originals = [occurrence.start for occurrence in old.occurrences(FAR)]
    assert matching(old, new, originals) == {original: original + HOUR for original in originals[:3]}
    assert matching(old, replace(new, rule=None), originals) == {originals[0]: originals[0] + HOUR}
    assert matching(old, new, []) == {}


def test_what_leaves_the_calendar_is_left_out_or_ends_with_it() -> None:
    end = date(9999, 12, 30)
    series = Series(
        date(9999, 12, 1), date(9999, 12, 2), None, Rule.parse("FREQ=DAILY;UNTIL=99991231"), frozenset({end})
    )
    later = by(series, 10 * DAY)
    assert (later.exdates, later.until) == (frozenset(), date.max)
    assert matching(series, later, [end, date(9999, 12, 5)]) == {date(9999, 12, 5): date(9999, 12, 15)}


def test_two_times_of_a_day_do_not_become_the_same_date() -> None:
    twice = timed("FREQ=DAILY;BYHOUR=9,15", datetime(2026, 3, 23, 9))
    days = moved(twice, date(2026, 3, 23), date(2026, 3, 24), None)
    morning, afternoon = utc(2026, 3, 24, 8), utc(2026, 3, 24, 14)
    assert matching(twice, days, [afternoon, morning]) == {morning: date(2026, 3, 24)}


def test_a_longer_meeting_keeps_the_second_reading_of_its_start() -> None:
    second = utc(2026, 10, 25, 1, 30)
    start = datetime(2026, 10, 25, 2, 30)
    series = Series(start, start + HOUR, BERLIN, Rule.parse("FREQ=DAILY"), start_utc=second)
    assert moved(series, start, start + 2 * HOUR, BERLIN).first_start == second
    assert moved(series, start + HOUR, start + 2 * HOUR, BERLIN).first_start == utc(2026, 10, 25, 2, 30)
