"""Series: the corners that the numbered rules leave."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.calendaring.rule import Rule
from app.calendaring.series import InvalidSeries, Occurrence, Series
from app.calendaring.zones import TimeOutOfRange, get_zone

BERLIN = get_zone("Europe/Berlin")
HOUR = timedelta(hours=1)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def series(rule: str | None, start: datetime, zone: str = "Europe/Berlin", length: timedelta = HOUR) -> Series:
    return Series(start, start + length, get_zone(zone), Rule.parse(rule) if rule else None)


def starts(of: Series, before: date = FAR) -> list[date]:
    return [occurrence.start for occurrence in of.occurrences(before)]


def test_without_a_rule_there_is_one_instance() -> None:
    single = series(None, datetime(2026, 3, 23, 9))
    only = Occurrence(utc(2026, 3, 23, 8), utc(2026, 3, 23, 8), utc(2026, 3, 23, 9))
    assert list(single.occurrences(FAR)) == [only]
    assert list(single.occurrences(utc(2026, 3, 23, 8))) == []
    assert single.is_exhausted_by(utc(2026, 3, 23, 8, 1))
    assert not single.is_exhausted_by(utc(2026, 3, 23, 8))
    assert single.start_matches_rule()
    single.check(limit_occurrences=1, horizon_days=1)


def test_an_excluded_single_instance_is_gone() -> None:
    start = datetime(2026, 3, 23, 9)
    assert starts(Series(start, start + HOUR, BERLIN, exdates=frozenset({start}))) == []


def test_start_utc_chooses_the_second_reading() -> None:
    start = datetime(2026, 10, 25, 2, 30)
    second = utc(2026, 10, 25, 1, 30)
    daily = Series(
        start, start + HOUR, BERLIN, Rule.parse("FREQ=DAILY;COUNT=2"), start_utc=second, end_utc=second + HOUR
    )
    assert starts(daily) == [second, utc(2026, 10, 26, 1, 30)]
    within_fold = Series(start, start, BERLIN, start_utc=second - HOUR, end_utc=second)
    assert list(within_fold.occurrences(FAR)) == [Occurrence(second - HOUR, second - HOUR, second)]


def test_start_utc_of_an_older_tzdata_gives_way_to_the_wall_time() -> None:
    start = datetime(2026, 7, 1, 9)
    stale = Series(start, start + HOUR, BERLIN, start_utc=utc(2026, 7, 1, 8), end_utc=utc(2026, 7, 1, 9))
    assert next(stale.occurrences(FAR)) == Occurrence(utc(2026, 7, 1, 7), utc(2026, 7, 1, 7), utc(2026, 7, 1, 8))


def test_instants_before_an_explicit_start_are_not_instances() -> None:
    # 02:30 in the gap means 01:30Z, which clocks show as 03:30: the rule's own 03:00 and 03:30 are not later.
    rule = Rule.parse("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;COUNT=2")
    from_gap = Series(datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 4), BERLIN, rule)
    assert starts(from_gap) == [utc(2026, 3, 29, 1, 30), utc(2026, 3, 30, 0, 0)]


def test_a_day_that_a_zone_skipped_has_no_timed_instance() -> None:
    apia = series("FREQ=DAILY;COUNT=3", datetime(2011, 12, 29, 9), "Pacific/Apia")
    assert starts(apia) == [utc(2011, 12, 29, 19), utc(2011, 12, 30, 19), utc(2011, 12, 31, 19)]
    days = Series(date(2011, 12, 29), date(2011, 12, 30), None, Rule.parse("FREQ=DAILY;COUNT=3"))
    assert starts(days, date.max) == [date(2011, 12, 29), date(2011, 12, 30), date(2011, 12, 31)]


def test_times_of_day_of_a_date_are_ignored() -> None:
    rule = Rule.parse("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0;BYSECOND=0;COUNT=2")
    assert starts(Series(date(2026, 1, 1), date(2026, 1, 2), None, rule), date.max) == [
        date(2026, 1, 1),
        date(2026, 1, 2),
    ]


def test_a_leap_second_is_the_second_before_and_counts_once() -> None:
    leap = series("FREQ=DAILY;BYSECOND=59,60;COUNT=2", datetime(2026, 1, 1, 9, 0, 59), "UTC")
    assert starts(leap) == [utc(2026, 1, 1, 9, 0, 59), utc(2026, 1, 2, 9, 0, 59)]


def test_bounds_may_have_any_offset_and_are_exclusive() -> None:
    daily = series("FREQ=DAILY", datetime(2026, 7, 1, 9), "Pacific/Kiritimati")
    bound = utc(2026, 7, 3, 19)
    assert starts(daily, bound) == [utc(2026, 6, 30, 19), utc(2026, 7, 1, 19), utc(2026, 7, 2, 19)]
    assert starts(daily, bound.astimezone(get_zone("Pacific/Midway"))) == starts(daily, bound)
    assert len(starts(daily, bound + timedelta(seconds=1))) == 4


def test_bounds_of_the_wrong_kind_are_refused() -> None:
    timed = series("FREQ=DAILY", datetime(2026, 7, 1, 9))
    days = Series(date(2026, 7, 1), date(2026, 7, 2))
    with pytest.raises(TypeError):
        timed.occurrences(date(2026, 8, 1))
    with pytest.raises(TypeError):
        days.occurrences(utc(2026, 8, 1))
    with pytest.raises(ValueError, match="offset"):
        timed.occurrences(datetime(2026, 8, 1))


def test_long_instances_that_began_before_the_window_are_found() -> None:
    monthly = series("FREQ=MONTHLY", datetime(2020, 1, 1, 9), length=timedelta(days=45))
    found = monthly.occurrences_between(utc(2026, 3, 10), utc(2026, 3, 11))
    assert [occurrence.start for occurrence in found] == [utc(2026, 2, 1, 8), utc(2026, 3, 1, 8)]


def test_long_nominal_instances_are_found_too() -> None:
    start = datetime(2020, 1, 1, 9)
    monthly = Series(start, start + timedelta(days=45), BERLIN, Rule.parse("FREQ=MONTHLY"), nominal_days=45)
    found = list(monthly.occurrences_between(utc(2026, 4, 15, 6, 59), utc(2026, 4, 15, 7)))
    # From 1 March, 09:00 winter time, to 15 April, 09:00 summer time
    assert found[0] == Occurrence(utc(2026, 3, 1, 8), utc(2026, 3, 1, 8), utc(2026, 4, 15, 7))


def test_count_before_counts_excluded_instances() -> None:
    start = datetime(2026, 3, 23, 9)
    excluded = frozenset({start, date(2026, 3, 25)})
    daily = Series(start, start + HOUR, BERLIN, Rule.parse("FREQ=DAILY;COUNT=5"), exdates=excluded)
    assert len(starts(daily)) == 3
    assert daily.count_before(utc(2026, 3, 26)) == 3
    assert daily.count_before(FAR) == 5


def test_a_series_knows_whether_it_has_ended() -> None:
    start = datetime(2026, 3, 23, 9)
    counted = series("FREQ=DAILY;COUNT=3", start)
    assert not counted.is_exhausted_by(utc(2026, 3, 25, 8))
    assert counted.is_exhausted_by(utc(2026, 3, 25, 8, 0, 1))
    until = series("FREQ=DAILY;UNTIL=20260325T080000Z", start)
    assert not until.is_exhausted_by(utc(2026, 3, 25, 8))
    assert until.is_exhausted_by(utc(2026, 3, 25, 8, 0, 1))
    assert not series("FREQ=DAILY", start).is_exhausted_by(FAR)
    days = Series(date(2026, 1, 1), date(2026, 1, 2), None, Rule.parse("FREQ=DAILY;UNTIL=20260105"))
    assert not days.is_exhausted_by(date(2026, 1, 5))
    assert days.is_exhausted_by(date(2026, 1, 6))


def test_the_calendar_ends_quietly() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    new_york = series("FREQ=DAILY", datetime(9999, 12, 29, 20), "America/New_York")
    assert starts(new_york, last) == [utc(9999, 12, 30, 1), utc(9999, 12, 31, 1)]
    long = series("FREQ=DAILY", datetime(9999, 12, 29, 20), "UTC", timedelta(days=2))
    assert len(starts(long, last)) == 1
    days = Series(date(9999, 12, 29), date(9999, 12, 30), None, Rule.parse("FREQ=WEEKLY;BYDAY=WE,TH,FR;WKST=FR"))
    assert len(starts(days, date.max)) == 2
    days.check(limit_occurrences=10, horizon_days=1_000_000, start_must_match=True)
    new_york.check(limit_occurrences=10, horizon_days=1_000_000)
    far_until = series("FREQ=DAILY;UNTIL=99991231", datetime(2026, 1, 1, 9), "America/New_York")
    assert far_until.until == last
    first = Series(date(1, 1, 1), date(1, 1, 2), None, Rule.parse("FREQ=WEEKLY;WKST=SU;COUNT=2"))
    assert starts(first, date.max) == [date(1, 1, 1), date(1, 1, 8)]
    assert list(first.occurrences_between(date.min, date(1, 1, 2))) == list(first.occurrences(date(1, 1, 2)))


def test_what_does_not_fit_together_is_refused() -> None:
    start = datetime(2026, 3, 23, 9)

    def code(first: date, last: date, **more: int) -> str:
        with pytest.raises(InvalidSeries) as caught:
            Series(first, last, BERLIN, **more)  # type: ignore[arg-type]
        return caught.value.code

    assert code(start, start - HOUR) == "end_before_start"
    assert code(date(2026, 1, 1), date(2026, 1, 1)) == "end_before_start"
    assert code(start, start + HOUR, nominal_days=1) == "end_before_start"
    assert code(start, start + HOUR, nominal_days=-1) == "end_before_start"
    assert code(start, date(2026, 3, 24)) == "mixed_types"
    assert code(date(2026, 3, 23), start) == "mixed_types"
    # In the gap, 02:30 means 01:30Z and 03:00 means 01:00Z.
    assert code(datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 3)) == "end_before_start"
    with pytest.raises(InvalidSeries, match="zone"):
        Series(start, start + HOUR)
    with pytest.raises(TimeOutOfRange):
        Series(datetime.min, datetime.min + HOUR, BERLIN)
    with pytest.raises(TimeOutOfRange):
        Series(start, start + HOUR, BERLIN, nominal_days=10_000_000)
    with pytest.raises(ValueError, match="no offset"):
        Series(utc(2026, 1, 1), utc(2026, 1, 2), BERLIN)


def test_a_series_is_a_value() -> None:
    daily = series("FREQ=DAILY", datetime(2026, 3, 23, 9))
    assert daily == series("rrule:freq=daily", datetime(2026, 3, 23, 9))
    assert hash(daily) == hash(series("FREQ=DAILY", datetime(2026, 3, 23, 9)))
    later = replace(daily, start=datetime(2026, 3, 24, 9), end=datetime(2026, 3, 24, 10))
    assert starts(later)[0] == utc(2026, 3, 24, 8)


def test_a_series_of_rdates_recurs_without_a_rule() -> None:
    start = datetime(2026, 3, 23, 9)
    further = frozenset({datetime(2026, 4, 1, 14), datetime(2026, 3, 20, 9)})
    listed = Series(start, start + HOUR, BERLIN, rdates=further)
    # One lies before DTSTART, which keeps its place.
    assert starts(listed) == [utc(2026, 3, 20, 8), utc(2026, 3, 23, 8), utc(2026, 4, 1, 12)]
    assert (listed.first_start, listed.earliest_start) == (utc(2026, 3, 23, 8), utc(2026, 3, 20, 8))
    assert listed.recurs
    assert not series(None, start).recurs
    assert not listed.is_exhausted_by(utc(2026, 4, 1, 12))
    assert listed.is_exhausted_by(utc(2026, 4, 1, 12, 1))
    assert listed.count_before(FAR) == 1
    assert [o.start for o in listed.occurrences_between(utc(2026, 3, 20, 8, 30), utc(2026, 3, 23))] == [
        utc(2026, 3, 20, 8)
    ]
    assert starts(listed, utc(2026, 3, 22)) == [utc(2026, 3, 20, 8)]


def test_an_rdate_may_be_the_second_reading_or_written_twice() -> None:
    second = utc(2026, 10, 25, 1, 30)
    further = frozenset({second, datetime(2026, 10, 25, 2, 30), utc(2026, 10, 25, 0, 30)})
    listed = Series(datetime(2026, 10, 24, 9), datetime(2026, 10, 24, 10), BERLIN, rdates=further)
    assert starts(listed)[1:] == [utc(2026, 10, 25, 0, 30), second]


def test_an_rdate_outside_the_calendar_is_refused() -> None:
    start = datetime(2026, 3, 23, 9)
    with pytest.raises(TimeOutOfRange):
        Series(start, start + HOUR, BERLIN, rdates=frozenset({datetime.min}))
    # An exdate there takes out nothing.
    assert len(starts(Series(start, start + HOUR, BERLIN, exdates=frozenset({datetime.min})))) == 1
    assert series("FREQ=DAILY", start).starts_at(datetime.max.replace(tzinfo=UTC)) is None
    assert Series(start.date(), start.date() + timedelta(1)).starts_at(date.max) is None
