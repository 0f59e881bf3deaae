"""The numbered calendar rules that concern zones and series, with the rules page's own examples."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.calendaring.moving import CannotMove, matching, moved
from app.calendaring.rule import InvalidRule, Rule
from app.calendaring.series import Occurrence, Series
from app.calendaring.splitting import InvalidSplit, split
from app.calendaring.zones import get_zone, utc_to_wall, wall_to_utc

BERLIN = get_zone("Europe/Berlin")
NEW_YORK = get_zone("America/New_York")
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def timed(rule: str, start: datetime, hours: float = 1, **more: object) -> Series:
    end = start + timedelta(hours=hours)
    zone = more.pop("zone", BERLIN)
    return Series(start, end, zone, Rule.parse(rule), **more)  # type: ignore[arg-type]


def all_day(rule: str, start: date, days: int = 1, **more: object) -> Series:
    return Series(start, start + timedelta(days=days), None, Rule.parse(rule), **more)  # type: ignore[arg-type]


def starts(series: Series, before: date = FAR) -> list[date]:
    return [occurrence.start for occurrence in series.occurrences(before)]


def refusal(series: Series, **more: bool) -> str:
    with pytest.raises(InvalidRule) as caught:
        series.check(limit_occurrences=1_000, horizon_days=730, **more)
    return caught.value.code


def test_rule_01_wall_clock_wins() -> None:
    weekly = timed("FREQ=WEEKLY", datetime(2026, 3, 23, 9))
    assert starts(weekly, utc(2026, 4, 7)) == [utc(2026, 3, 23, 8), utc(2026, 3, 30, 7), utc(2026, 4, 6, 7)]


def test_rule_02_gap_and_fold() -> None:
    assert wall_to_utc(datetime(2026, 3, 29, 2, 30), BERLIN) == utc(2026, 3, 29, 1, 30)
    assert wall_to_utc(datetime(2026, 10, 25, 2, 30), BERLIN) == utc(2026, 10, 25, 0, 30)

    # A recurring instance in the gap is skipped and not counted …
    daily = timed("FREQ=DAILY;COUNT=3", datetime(2026, 3, 28, 2, 30))
    assert starts(daily) == [utc(2026, 3, 28, 1, 30), utc(2026, 3, 30, 0, 30), utc(2026, 3, 31, 0, 30)]

    # … but DTSTART is explicit, and stays the first instance.
    from_gap = timed("FREQ=DAILY;COUNT=2", datetime(2026, 3, 29, 2, 30))
    assert starts(from_gap) == [utc(2026, 3, 29, 1, 30), utc(2026, 3, 30, 0, 30)]

    ambiguous = timed("FREQ=DAILY;COUNT=2", datetime(2026, 10, 24, 2, 30))
    assert starts(ambiguous) == [utc(2026, 10, 24, 0, 30), utc(2026, 10, 25, 0, 30)]


def test_rule_03_duration_is_exact() -> None:
    night_shift = timed("FREQ=DAILY;COUNT=3", datetime(2026, 3, 27, 22), hours=8)
    ends = [occurrence.end for occurrence in night_shift.occurrences(FAR)]
    assert [utc_to_wall(end, BERLIN).hour for end in ends] == [6, 7, 6]
    assert {o.end - o.start for o in night_shift.occurrences(FAR)} == {timedelta(hours=8)}

    # The first night over the change: its wall times are nine hours apart, its length is eight.
    over_the_change = Series(
        datetime(2026, 3, 28, 22), datetime(2026, 3, 29, 7), BERLIN, Rule.parse("FREQ=DAILY;COUNT=2")
    )
    assert [o.end - o.start for o in over_the_change.occurrences(FAR)] == [timedelta(hours=8)] * 2


def test_rule_03_a_duration_in_days_is_nominal() -> None:
    start, end = datetime(2026, 3, 27, 12), datetime(2026, 3, 28, 12)
    rule = Rule.parse("FREQ=DAILY;COUNT=2")
    exact = Series(start, end, BERLIN, rule)
    nominal = Series(start, end, BERLIN, rule, nominal_days=1)
    assert [utc_to_wall(o.end, BERLIN).hour for o in exact.occurrences(FAR)] == [12, 13]
    assert [utc_to_wall(o.end, BERLIN).hour for o in nominal.occurrences(FAR)] == [12, 12]


@pytest.mark.parametrize(
    ("until", "days"),
    [
        ("20260325T080000Z", [23, 24, 25]),  # inclusive
        ("20260325T075959Z", [23, 24]),
        ("20260325T090000", [23, 24, 25]),  # local time, in the zone of the series
        ("20260325T085959", [23, 24]),
        ("20260325", [23, 24, 25]),  # a date, up to the end of that local day
    ],
)
def test_rule_04_until_is_inclusive_and_normalised(until: str, days: list[int]) -> None:
    daily = timed(f"FREQ=DAILY;UNTIL={until}", datetime(2026, 3, 23, 9))
    assert [start.day for start in starts(daily)] == days
    assert isinstance(daily.until, datetime)
    assert daily.until.tzinfo is UTC


def test_rule_04_a_date_means_the_local_day() -> None:
    late = timed("FREQ=DAILY;UNTIL=20260325", datetime(2026, 3, 23, 23, 30), zone=NEW_YORK)
    assert len(starts(late)) == 3  # the last is 2026-03-26T03:30Z
    assert late.until == utc(2026, 3, 26, 3, 59, 59, 999_999)


@pytest.mark.parametrize("until", ["20260325", "20260325T000000Z", "20260325T235959Z", "20260325T120000"])
def test_rule_04_until_of_all_day_series_is_a_date(until: str) -> None:
    series = all_day(f"FREQ=DAILY;UNTIL={until}", date(2026, 3, 23))
    assert starts(series, date.max) == [date(2026, 3, 23), date(2026, 3, 24), date(2026, 3, 25)]
    assert series.until == date(2026, 3, 25)


def test_rule_05_start_must_match_its_own_rule() -> None:
    # Monday, in a series of Tuesdays
    series = timed("FREQ=WEEKLY;BYDAY=TU;COUNT=3", datetime(2026, 3, 23, 9))
    assert not series.start_matches_rule()
    assert refusal(series) == "start_not_in_rule"
    # An import keeps it as the first instance, and it counts.
    series.check(limit_occurrences=1_000, horizon_days=730, start_must_match=False)
    assert [start.day for start in starts(series)] == [23, 24, 31]


def test_rule_06_short_months() -> None:
    monthly = all_day("FREQ=MONTHLY;COUNT=7", date(2026, 1, 31))
    assert [start.month for start in starts(monthly, date.max)] == [1, 3, 5, 7, 8, 10, 12]


@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        ("BACKWARD", [(1, 31), (2, 28), (3, 31), (4, 30)]),
        ("FORWARD", [(1, 31), (3, 1), (3, 31), (5, 1)]),
        ("OMIT", [(1, 31), (3, 31), (5, 31), (7, 31)]),
    ],
)
def test_rule_06_skip_is_offered_for_short_months(skip: str, expected: list[tuple[int, int]]) -> None:
    monthly = all_day(f"RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=4;SKIP={skip}", date(2026, 1, 31))
    assert [(start.month, start.day) for start in starts(monthly, date.max)] == expected


@pytest.mark.parametrize(("week_start", "days"), [("MO", [5, 10, 19, 24]), ("SU", [5, 17, 19, 31])])
def test_rule_06_week_start(week_start: str, days: list[int]) -> None:
    rule = f"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={week_start}"
    series = timed(rule, datetime(1997, 8, 5, 9), zone=NEW_YORK)
    assert [(start.month, start.day) for start in starts(series)] == [(8, day) for day in days]


def test_rule_07_all_day_is_a_date() -> None:
    series = all_day("FREQ=DAILY;COUNT=2", date(2026, 3, 28), days=2)
    first, second = series.occurrences(date.max)
    assert first == Occurrence(date(2026, 3, 28), date(2026, 3, 28), date(2026, 3, 30))
    assert second == Occurrence(date(2026, 3, 29), date(2026, 3, 29), date(2026, 3, 31))
    assert type(first.start) is date
    # The end is exclusive: on the 30th only the second one is left, on the 31st none.
    assert list(series.occurrences_between(date(2026, 3, 30), date(2026, 3, 31))) == [second]
    assert list(series.occurrences_between(date(2026, 3, 31), date(2026, 4, 1))) == []
    # Instants would need a zone that an all-day event does not have: the caller passes the viewer's dates.
    with pytest.raises(TypeError):
        list(series.occurrences_between(utc(2026, 3, 30), utc(2026, 3, 31)))


@pytest.mark.parametrize(
    "exdate",
    [
        datetime(2026, 3, 30, 9),
        date(2026, 3, 30),
        utc(2026, 3, 30, 7),
        utc(2026, 3, 30, 7).astimezone(NEW_YORK),
    ],
)
def test_rule_08_exdate_of_a_timed_series_is_coerced(exdate: date) -> None:
    weekly = timed("FREQ=WEEKLY;COUNT=3", datetime(2026, 3, 23, 9), exdates=frozenset({exdate}))
    assert starts(weekly) == [utc(2026, 3, 23, 8), utc(2026, 4, 6, 7)]  # the excluded one was counted


@pytest.mark.parametrize("exdate", [date(2026, 3, 24), datetime(2026, 3, 24), utc(2026, 3, 24)])
def test_rule_08_exdate_of_an_all_day_series_is_coerced(exdate: date) -> None:
    series = all_day("FREQ=DAILY;COUNT=3", date(2026, 3, 23), exdates=frozenset({exdate}))
    assert starts(series, date.max) == [date(2026, 3, 23), date(2026, 3, 25)]


def test_rule_08_excluding_the_first_instance_keeps_the_start() -> None:
    start = datetime(2026, 3, 23, 9)
    weekly = timed("FREQ=WEEKLY;INTERVAL=2;COUNT=3", start, exdates=frozenset({start}))
    assert starts(weekly) == [utc(2026, 4, 6, 7), utc(2026, 4, 20, 7)]
    assert weekly.start == start
    assert weekly.first_start == utc(2026, 3, 23, 8)


@pytest.mark.parametrize(
    "rdate",
    [
        datetime(2026, 4, 1, 9),
        date(2026, 4, 1),  # at the time of the start
        utc(2026, 4, 1, 7),
        utc(2026, 4, 1, 7).astimezone(NEW_YORK),
    ],
)
def test_rule_08_rdate_of_a_timed_series_is_coerced(rdate: date) -> None:
    weekly = timed("FREQ=WEEKLY;COUNT=3", datetime(2026, 3, 23, 9), rdates=frozenset({rdate}))
    # In its place, beside the three that COUNT counts
    assert starts(weekly) == [utc(2026, 3, 23, 8), utc(2026, 3, 30, 7), utc(2026, 4, 1, 7), utc(2026, 4, 6, 7)]


@pytest.mark.parametrize("rdate", [date(2026, 3, 30), datetime(2026, 3, 30), utc(2026, 3, 30)])
def test_rule_08_rdate_of_an_all_day_series_is_coerced(rdate: date) -> None:
    series = all_day("FREQ=DAILY;COUNT=2", date(2026, 3, 23), days=2, rdates=frozenset({rdate}))
    assert starts(series, date.max) == [date(2026, 3, 23), date(2026, 3, 24), date(2026, 3, 30)]
    *_, last = series.occurrences(date.max)
    assert last.end == date(2026, 4, 1)


def test_rule_08_an_rdate_counts_once_is_explicit_and_yields_to_an_exdate() -> None:
    start = datetime(2026, 3, 28, 2, 30)
    daily = timed("FREQ=DAILY;COUNT=3", start, rdates=frozenset({utc(2026, 3, 30, 0, 30)}))
    assert starts(daily) == [utc(2026, 3, 28, 1, 30), utc(2026, 3, 30, 0, 30), utc(2026, 3, 31, 0, 30)]
    # The rule skips the gap of 29 March; who writes the time out means 01:30Z.
    in_gap = timed("FREQ=DAILY;COUNT=2", start, rdates=frozenset({datetime(2026, 3, 29, 2, 30)}))
    assert starts(in_gap) == [utc(2026, 3, 28, 1, 30), utc(2026, 3, 29, 1, 30), utc(2026, 3, 30, 0, 30)]
    for exdate in (date(2026, 4, 5), datetime(2026, 4, 5, 10), utc(2026, 4, 5, 8)):
        gone = timed("FREQ=DAILY;COUNT=1", start, rdates={datetime(2026, 4, 5, 10)}, exdates={exdate})
        assert starts(gone) == [utc(2026, 3, 28, 1, 30)]


def test_rule_10_an_instance_is_found_by_its_original_start() -> None:
    weekly = timed(
        "FREQ=WEEKLY", datetime(2026, 3, 23, 9), exdates={date(2026, 4, 6)}, rdates={datetime(2026, 4, 1, 14)}
    )
    found = weekly.starts_at(utc(2026, 3, 30, 7).astimezone(NEW_YORK))  # an instant, however it is written
    assert found == Occurrence(utc(2026, 3, 30, 7), utc(2026, 3, 30, 7), utc(2026, 3, 30, 8))
    assert weekly.starts_at(utc(2026, 4, 1, 12)) is not None
    assert weekly.starts_at(utc(2026, 3, 30, 8)) is None
    assert weekly.starts_at(utc(2026, 4, 6, 7)) is None
    days = all_day("FREQ=DAILY;COUNT=2", date(2026, 3, 23))
    assert days.starts_at(date(2026, 3, 24)) is not None
    assert days.starts_at(date(2026, 3, 25)) is None


def test_rule_11_ranges_are_half_open() -> None:
    daily = timed("FREQ=DAILY", datetime(2026, 1, 1, 10), zone=get_zone("UTC"))

    def between(start: datetime, end: datetime) -> list[int]:
        return [occurrence.start.day for occurrence in daily.occurrences_between(start, end)]

    assert between(utc(2026, 1, 5), utc(2026, 1, 7)) == [5, 6]
    assert between(utc(2026, 1, 5, 11), utc(2026, 1, 6, 10)) == []
    assert between(utc(2026, 1, 5, 10, 59), utc(2026, 1, 6, 10, 1)) == [5, 6]
    assert between(utc(2026, 1, 5, 10, 15), utc(2026, 1, 5, 10, 30)) == [5]
    assert between(utc(2026, 1, 5, 10, 15), utc(2026, 1, 5, 10, 15)) == []
    assert between(utc(2026, 1, 6), utc(2026, 1, 4)) == []


def test_rule_11_no_length_matches_from_start_up_to_end() -> None:
    moment = timed("FREQ=DAILY", datetime(2026, 1, 1, 10), hours=0, zone=get_zone("UTC"))
    assert len(list(moment.occurrences_between(utc(2026, 1, 5, 10), utc(2026, 1, 5, 11)))) == 1
    assert len(list(moment.occurrences_between(utc(2026, 1, 5, 9), utc(2026, 1, 5, 10)))) == 0


def test_rule_12_the_old_part_ends_just_before_the_new_one() -> None:
    weekly = timed("FREQ=WEEKLY;COUNT=5", datetime(2026, 3, 23, 9))
    before, following = split(weekly, utc(2026, 4, 6, 7))
    assert str(before.rule) == "FREQ=WEEKLY;UNTIL=20260406T065959Z"
    assert (str(following.rule), following.start) == ("FREQ=WEEKLY;COUNT=3", datetime(2026, 4, 6, 9))
    assert starts(before) + starts(following) == starts(weekly)

    days = all_day("FREQ=DAILY", date(2026, 3, 23), days=2)
    before, following = split(days, date(2026, 3, 25))
    assert str(before.rule) == "FREQ=DAILY;UNTIL=20260324"
    assert (str(following.rule), following.start, following.end) == ("FREQ=DAILY", date(2026, 3, 25), date(2026, 3, 27))


def test_rule_12_editing_the_fifth_of_five_leaves_five() -> None:
    weekly = timed("FREQ=WEEKLY;COUNT=5", datetime(2026, 3, 23, 9))
    *_, fifth = starts(weekly)
    before, following = split(weekly, fifth)
    later = moved(following, datetime(2026, 4, 20, 11), datetime(2026, 4, 20, 12), BERLIN)
    assert [len(starts(part)) for part in (before, following, later)] == [4, 1, 1]
    assert starts(later) == [utc(2026, 4, 20, 9)]


def test_rule_12_exdates_and_rdates_are_shared_out() -> None:
    gone, coming = datetime(2026, 3, 30, 9), datetime(2026, 4, 20, 9)
    more, extra = datetime(2026, 3, 26, 15), datetime(2026, 4, 16, 15)
    weekly = timed("FREQ=WEEKLY;COUNT=6", datetime(2026, 3, 23, 9), exdates={gone, coming}, rdates={more, extra})
    before, following = split(weekly, utc(2026, 4, 6, 7))
    assert (before.exdates, before.rdates) == ({gone}, {utc(2026, 3, 26, 14)})
    assert (following.exdates, following.rdates) == ({coming}, {utc(2026, 4, 16, 13)})
    assert str(following.rule) == "FREQ=WEEKLY;COUNT=4"  # the excluded ones count
    assert starts(before) + starts(following) == starts(weekly)


def test_rule_12_intervals_and_weeks_stay_in_step() -> None:
    rule = "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU"
    series = timed(rule, datetime(1997, 8, 5, 9), zone=NEW_YORK)
    before, following = split(series, starts(series)[1])
    assert [start.day for start in starts(before)] == [5]
    assert [start.day for start in starts(following)] == [17, 19, 31]


def test_rule_13_a_split_at_the_first_instance_is_none() -> None:
    weekly = timed("FREQ=WEEKLY", datetime(2026, 3, 23, 9))
    with pytest.raises(InvalidSplit) as caught:
        split(weekly, weekly.first_start)
    assert caught.value.code == "first_instance"


def test_rule_13_another_weekday_rewrites_byday() -> None:
    weekly = timed("FREQ=WEEKLY;BYDAY=MO,WE", datetime(2026, 3, 23, 9), exdates={datetime(2026, 3, 25, 9)})
    later = moved(weekly, datetime(2026, 3, 24, 9), datetime(2026, 3, 24, 10), BERLIN)
    assert str(later.rule) == "FREQ=WEEKLY;BYDAY=TU,TH"
    assert later.exdates == {datetime(2026, 3, 26, 9)}
    monday, wednesday = utc(2026, 3, 30, 7), utc(2026, 4, 1, 7)
    assert matching(weekly, later, [monday, wednesday]) == {
        monday: monday + timedelta(days=1),
        wednesday: wednesday + timedelta(days=1),
    }


def test_rule_13_an_exdate_follows_its_instance_where_months_differ() -> None:
    # The second Monday and Tuesday of September 2026 are the 14th and the 8th.
    monthly = timed("FREQ=MONTHLY;BYDAY=2MO;UNTIL=20261012T070000Z", datetime(2026, 6, 8, 9))
    monthly = replace(monthly, exdates=frozenset({datetime(2026, 9, 14, 9)}))
    later = moved(monthly, datetime(2026, 6, 9, 9), datetime(2026, 6, 9, 10), BERLIN)
    assert [(start.month, start.day) for start in starts(later)] == [(6, 9), (7, 14), (8, 11), (10, 13)]


def test_rule_13_what_no_rule_can_say_is_refused() -> None:
    monthly = timed("FREQ=MONTHLY;BYMONTHDAY=15,28", datetime(2026, 3, 28, 9))
    with pytest.raises(CannotMove) as caught:
        moved(monthly, datetime(2026, 3, 29, 9), datetime(2026, 3, 29, 10), BERLIN)
    assert caught.value.code == "pattern_cannot_move"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=SECONDLY", "frequency_too_high"),
        ("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "frequency_too_high"),
        ("FREQ=HOURLY", "frequency_too_high"),
        ("FREQ=DAILY;INTERVAL=0", "interval_zero"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "rule_never_matches"),
        ("FREQ=YEARLY;BYMONTH=2,4;BYMONTHDAY=31", "rule_never_matches"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2", "start_not_in_rule"),
        ("FREQ=YEARLY;BYYEARDAY=1;BYMONTH=2", "start_not_in_rule"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=4", "start_not_in_rule"),
        ("FREQ=DAILY;COUNT=1001", "too_many_occurrences"),
        ("FREQ=DAILY;BYHOUR=9,10", "too_many_occurrences"),
        ("FREQ=DAILY;BYMINUTE=0,15,30,45;BYSECOND=0,20", "too_many_occurrences"),
        ("FREQ=YEARLY;UNTIL=20260322", "until_before_start"),
    ],
)
def test_rule_25_bounds(rule: str, code: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        timed(rule, datetime(2026, 3, 23, 9)).check(limit_occurrences=1_000, horizon_days=730)
    assert caught.value.code == code
    assert str(caught.value)


def test_rule_25_the_limit_itself_is_allowed() -> None:
    start = datetime(2026, 3, 23, 9)
    timed("FREQ=DAILY;COUNT=1000", start).check(limit_occurrences=1_000, horizon_days=730)
    timed("FREQ=DAILY", start).check(limit_occurrences=730, horizon_days=730)
    with pytest.raises(InvalidRule) as caught:
        timed("FREQ=DAILY", start).check(limit_occurrences=729, horizon_days=730)
    assert caught.value.params == {"limit": 729, "horizon_days": 730}


def test_rule_25_rdates_are_bounded_with_the_rest() -> None:
    start = datetime(2026, 3, 23, 9)
    more = frozenset(start + timedelta(days=number, hours=1) for number in range(10))
    only = Series(start, start + timedelta(hours=1), BERLIN, rdates=more)
    only.check(limit_occurrences=11, horizon_days=730)
    timed("FREQ=DAILY;COUNT=5", start, rdates=more).check(limit_occurrences=15, horizon_days=730)
    for series, limit in ((only, 10), (timed("FREQ=DAILY;COUNT=5", start, rdates=more), 14)):
        with pytest.raises(InvalidRule) as caught:
            series.check(limit_occurrences=limit, horizon_days=730)
        assert caught.value.code == "too_many_occurrences"
    endless = timed("FREQ=DAILY", start, rdates=more)
    endless.check(limit_occurrences=740, horizon_days=730)
    with pytest.raises(InvalidRule):
        endless.check(limit_occurrences=739, horizon_days=730)
