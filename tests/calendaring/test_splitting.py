"""A series split in two has the instances of the whole, for whatever rule, zone, exdates and rdates."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.calendaring.rule import Rule
from app.calendaring.series import Occurrence, Series
from app.calendaring.splitting import InvalidSplit, split
from app.calendaring.zones import get_zone
from tests.support.rules import STARTS, ZONES, further_dates, rule_parts

DAY = timedelta(days=1)
YEARS = timedelta(days=900)
FREQUENCIES = st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
BERLIN = get_zone("Europe/Berlin")
plainly = settings(derandomize=True, database=None, deadline=None, max_examples=200)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def timed(rule: str | None, start: datetime, **more: object) -> Series:
    end = start + timedelta(hours=1)
    return Series(start, end, BERLIN, Rule.parse(rule) if rule else None, **more)  # type: ignore[arg-type]


def starts(series: Series, before: date) -> list[date]:
    return [occurrence.start for occurrence in series.occurrences(before)]


def check_every_split(data: st.DataObject, whole: Series, bound: date) -> None:
    instances = list(whole.occurrences(bound))
    if len(instances) < 2:
        return
    index = data.draw(st.integers(1, len(instances) - 1))
    at = instances[index].original_start
    before, following = split(whole, at)
    assert list(before.occurrences(bound)) == instances[:index]
    assert list(following.occurrences(bound)) == instances[index:]
    check_form(whole, before, following, instances[index])


def check_form(whole: Series, before: Series, following: Series, first: Occurrence) -> None:
    assert before.rule is None or before.rule.count is None
    assert next(following.occurrences(first.start + (DAY if whole.all_day else timedelta(seconds=1)))) == first
    event("DTSTART is the instance" if following.first_start == first.start else "DTSTART lies elsewhere")
    # As text, in which a series is stored and sent, the rule still says the same.
    for part in (before, following):
        if part.rule is not None:
            again = replace(part, rule=Rule.parse(str(part.rule)))
            later = first.start + YEARS
            assert starts(again, later) == starts(part, later)


@plainly
@given(data=st.data(), start=STARTS, frequency=FREQUENCIES, zone=st.sampled_from(ZONES))
def test_both_parts_of_a_timed_series_make_the_whole(
    data: st.DataObject, start: datetime, frequency: str, zone: str
) -> None:
    rule = Rule.parse(data.draw(rule_parts(frequency, start)).text)
    length = data.draw(st.sampled_from([timedelta(), timedelta(minutes=90), timedelta(hours=30)]))
    whole = Series(
        start,
        start + length,
        get_zone(zone),
        rule,
        exdates=data.draw(further_dates(start)),
        rdates=data.draw(further_dates(start)),
        nominal_days=data.draw(st.sampled_from([0, 1])) if length > DAY else 0,
    )
    check_every_split(data, whole, whole.first_start + YEARS)


@plainly
@given(data=st.data(), start=STARTS, frequency=FREQUENCIES, days=st.integers(1, 3))
def test_both_parts_of_an_all_day_series_make_the_whole(
    data: st.DataObject, start: datetime, frequency: str, days: int
) -> None:
    rule = Rule.parse(data.draw(rule_parts(frequency, start)).text)
    exdates, rdates = data.draw(further_dates(start)), data.draw(further_dates(start))
    first = start.date()
    whole = Series(first, first + days * DAY, None, rule, exdates=exdates, rdates=rdates)
    check_every_split(data, whole, first + YEARS)


@plainly
@given(data=st.data(), start=STARTS, zone=st.sampled_from(ZONES))
def test_both_parts_of_a_series_of_rdates_make_the_whole(data: st.DataObject, start: datetime, zone: str) -> None:
    exdates, rdates = data.draw(further_dates(start, 2)), data.draw(further_dates(start, 8))
    whole = Series(start, start + timedelta(hours=1), get_zone(zone), exdates=exdates, rdates=rdates)
    check_every_split(data, whole, whole.first_start + YEARS)


def code(series: Series, at: date) -> str:
    with pytest.raises(InvalidSplit) as caught:
        split(series, at)
    assert str(caught.value)
    return caught.value.code


def test_what_is_no_instance_is_no_place_to_split() -> None:
    start = datetime(2026, 3, 23, 9)
    excluded = frozenset({datetime(2026, 3, 25, 9)})
    daily = timed("FREQ=DAILY;COUNT=5", start, exdates=excluded)
    assert code(daily, utc(2026, 3, 24, 9)) == "not_an_instance"
    assert code(daily, utc(2026, 3, 25, 8)) == "not_an_instance"  # excluded
    assert code(daily, utc(2026, 3, 28, 8)) == "not_an_instance"  # after the fifth
    assert code(daily, utc(2026, 3, 23, 8)) == "first_instance"
    assert code(timed(None, start), utc(2026, 3, 23, 8)) == "first_instance"


def test_a_part_is_never_empty() -> None:
    # The first two are excluded, so the third is the first that there is.
    excluded = frozenset({date(2026, 3, 23), date(2026, 3, 24)})
    daily = timed("FREQ=DAILY;COUNT=5", datetime(2026, 3, 23, 9), exdates=excluded)
    assert code(daily, utc(2026, 3, 25, 8)) == "first_instance"


def test_a_moved_day_at_the_split_leaves_the_rule_its_own_day() -> None:
    rule = "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"
    whole = Series(date(2026, 1, 31), date(2026, 2, 1), None, Rule.parse(rule))
    _, following = split(whole, date(2026, 2, 28))
    assert str(following.rule) == "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD"
    assert following.start_matches_rule()
    assert starts(following, date(2026, 5, 1)) == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_at_an_rdate_the_rule_names_what_it_took_from_the_start() -> None:
    weekly = timed("FREQ=WEEKLY;COUNT=4", datetime(2026, 3, 23, 9), rdates=frozenset({datetime(2026, 4, 1, 14, 30)}))
    _, following = split(weekly, utc(2026, 4, 1, 12, 30))
    assert following.start == datetime(2026, 4, 1, 14, 30)
    # Two of four are over; the new DTSTART counts as well.
    assert str(following.rule) == "FREQ=WEEKLY;COUNT=3;BYDAY=MO;BYMINUTE=0;BYHOUR=9"
    assert starts(following, utc(2027, 1, 1)) == [utc(2026, 4, 1, 12, 30), utc(2026, 4, 6, 7), utc(2026, 4, 13, 7)]


def test_an_rdate_in_a_week_that_is_left_out_needs_an_earlier_start() -> None:
    rdates = frozenset({datetime(2026, 4, 1, 9)})
    biweekly = timed("FREQ=WEEKLY;INTERVAL=2;COUNT=4", datetime(2026, 3, 23, 9), rdates=rdates)
    _, following = split(biweekly, utc(2026, 4, 1, 7))
    assert (following.start, following.exdates) == (datetime(2026, 3, 23, 9), {utc(2026, 3, 23, 8)})
    assert following.start_matches_rule()
    assert starts(following, utc(2027, 1, 1)) == [
        utc(2026, 4, 1, 7),
        utc(2026, 4, 6, 7),
        utc(2026, 4, 20, 7),
        utc(2026, 5, 4, 7),
    ]


def test_a_moved_day_out_of_step_needs_an_earlier_start() -> None:
    rule = "RSCALE=GREGORIAN;FREQ=MONTHLY;INTERVAL=2;SKIP=FORWARD"
    whole = Series(date(2025, 12, 31), date(2026, 1, 1), None, Rule.parse(rule))
    # The 31st of February, April and June
    assert starts(whole, date(2026, 8, 1)) == [date(2025, 12, 31), date(2026, 3, 1), date(2026, 5, 1), date(2026, 7, 1)]
    _, following = split(whole, date(2026, 5, 1))
    assert (following.start, following.exdates) == (date(2025, 12, 31), {date(2025, 12, 31), date(2026, 3, 1)})
    assert starts(following, date(2026, 9, 1)) == [date(2026, 5, 1), date(2026, 7, 1), date(2026, 8, 31)]


def test_a_series_over_a_dst_change_keeps_lengths_and_the_second_reading() -> None:
    second = utc(2026, 10, 25, 1, 30)
    night = Series(
        datetime(2026, 10, 23, 22), datetime(2026, 10, 24, 6), BERLIN, Rule.parse("FREQ=DAILY"), rdates={second}
    )
    before, following = split(night, second)
    assert [o.end - o.start for o in following.occurrences(utc(2026, 10, 28))] == [timedelta(hours=8)] * 4
    assert following.first_start == second
    assert starts(before, utc(2027, 1, 1)) == [utc(2026, 10, 23, 20), utc(2026, 10, 24, 20)]


def test_a_rule_without_a_future_is_left_out_of_the_second_part() -> None:
    rdates = frozenset({datetime(2027, 3, 1, 9), datetime(2027, 4, 1, 9)})
    for rule in ("FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20260325"):
        whole = timed(rule, datetime(2026, 3, 23, 9), rdates=rdates)
        before, following = split(whole, utc(2027, 3, 1, 8))
        assert following.rule is None
        assert starts(following, utc(2030, 1, 1)) == [utc(2027, 3, 1, 8), utc(2027, 4, 1, 7)]
        assert starts(before, utc(2030, 1, 1)) == [utc(2026, 3, day, 8) for day in (23, 24, 25)]
