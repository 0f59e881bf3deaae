"""Parsing, refusing and writing rules (RFC 5545 §3.3.10)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendaring.rule import MAX_TEXT, Frequency, InvalidRule, Rule, Skip, WeekdayNumber
from app.calendaring.rule_parts import MAX_INTERVAL

MONDAY, FRIDAY, SUNDAY = 0, 4, 6


def refused(text: str) -> InvalidRule:
    with pytest.raises(InvalidRule) as caught:
        Rule.parse(text)
    return caught.value


def test_every_part_is_read() -> None:
    rule = Rule.parse(
        "FREQ=YEARLY;UNTIL=20301231T235959Z;INTERVAL=2;BYSECOND=0,60;BYMINUTE=0,59;BYHOUR=0,23;BYDAY=MO,SU;"
        "BYMONTHDAY=1,-31;BYYEARDAY=366,-1;BYWEEKNO=53,-53;BYMONTH=1,12;BYSETPOS=1,-366;WKST=SU"
    )
    assert rule == Rule(
        frequency=Frequency.YEARLY,
        until=datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC),
        interval=2,
        by_second=(0, 60),
        by_minute=(0, 59),
        by_hour=(0, 23),
        by_day=(WeekdayNumber(MONDAY), WeekdayNumber(SUNDAY)),
        by_month_day=(-31, 1),
        by_year_day=(-1, 366),
        by_week_number=(-53, 53),
        by_month=(1, 12),
        by_set_position=(-366, 1),
        week_start=SUNDAY,
    )


def test_ordinals_are_read_with_either_sign() -> None:
    rule = Rule.parse("FREQ=MONTHLY;BYDAY=+1MO,-1FR,SU")
    assert rule.by_day == (WeekdayNumber(MONDAY, 1), WeekdayNumber(FRIDAY, -1), WeekdayNumber(SUNDAY))
    assert str(rule) == "FREQ=MONTHLY;BYDAY=1MO,-1FR,SU"


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("20261231", date(2026, 12, 31)),
        ("20261231T090000", datetime(2026, 12, 31, 9)),
        ("20261231T090000Z", datetime(2026, 12, 31, 9, tzinfo=UTC)),
        ("20161231T235960Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("00011231T000000Z", datetime(1, 12, 31, tzinfo=UTC)),
    ],
)
def test_until_has_three_forms(text: str, until: date) -> None:
    rule = Rule.parse(f"FREQ=DAILY;UNTIL={text}")
    assert rule.until == until
    assert type(rule.until) is type(until)
    assert Rule.parse(str(rule)) == rule


def test_until_with_another_offset_becomes_utc() -> None:
    until = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=3)))
    assert str(Rule(frequency=Frequency.DAILY, until=until)) == "FREQ=DAILY;UNTIL=20251231T220000Z"


@pytest.mark.parametrize("text", ["rrule:freq=daily;count=2", "  FREQ=DAILY;COUNT=2\r\n", "COUNT=2;FREQ=DAILY"])
def test_prefix_case_order_and_white_space_do_not_matter(text: str) -> None:
    assert str(Rule.parse(text)) == "FREQ=DAILY;COUNT=2"


def test_canonical_text_leaves_out_defaults_and_repetitions() -> None:
    text = "FREQ=WEEKLY;INTERVAL=1;WKST=MO;BYDAY=TH,TU,TH;BYHOUR=09,9"
    assert str(Rule.parse(text)) == "FREQ=WEEKLY;BYDAY=TU,TH;BYHOUR=9"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "rule_syntax"),
        ("RRULE:", "rule_syntax"),
        ("FREQ", "rule_syntax"),
        ("FREQ=", "rule_syntax"),
        ("=DAILY", "rule_syntax"),
        ("FREQ=DAILY;", "rule_syntax"),
        ("FREQ=DAILY;;COUNT=2", "rule_syntax"),
        ("FREQ=FORTNIGHTLY", "rule_syntax"),
        ("FREQ=DAILY;COUNT=two", "rule_syntax"),
        ("FREQ=DAILY;COUNT=-1", "rule_syntax"),
        ("FREQ=DAILY;COUNT=1.5", "rule_syntax"),
        ("FREQ=DAILY;COUNT=1_0", "rule_syntax"),
        ("FREQ=DAILY;COUNT= 2", "rule_syntax"),
        ("FREQ=DAILY;COUNT=٣", "rule_syntax"),
        ("FREQ=DAILY;COUNT=²", "rule_syntax"),
        ("FREQ=DAıLY", "rule_syntax"),
        ("FREQ=DAILY\0", "rule_syntax"),
        ("FREQ=DAILY\nCOUNT=2", "rule_syntax"),
        ("FREQ=WEEKLY;BYDAY=MON", "rule_syntax"),
        ("FREQ=WEEKLY;BYDAY=MO,", "rule_syntax"),
        ("FREQ=WEEKLY;BYDAY=1", "rule_syntax"),
        ("FREQ=MONTHLY;BYDAY=100MO", "rule_syntax"),
        ("FREQ=YEARLY;BYMONTH=5L", "rule_syntax"),
        ("FREQ=YEARLY;BYMONTH=-1", "rule_syntax"),
        ("FREQ=DAILY;BYHOUR=+9", "rule_syntax"),
        ("FREQ=DAILY;WKST=1", "rule_syntax"),
        ("FREQ=DAILY;WKST=MO,TU", "rule_syntax"),
        ("FREQ=DAILY;UNTIL=2026-01-01", "rule_syntax"),
        ("FREQ=DAILY;UNTIL=20260101T0900Z", "rule_syntax"),
        ("FREQ=DAILY;UNTIL=20260101Z", "rule_syntax"),
        ("COUNT=2", "frequency_missing"),
        ("FREQ=DAILY;FREQ=WEEKLY", "duplicate_part"),
        ("FREQ=DAILY;BYHOUR=9;BYHOUR=10", "duplicate_part"),
        ("FREQ=DAILY;BYEASTER=0", "unknown_part"),
        ("FREQ=DAILY;X-NAME=1", "unknown_part"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD", "skip_without_rscale"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=OMIT", "skip_without_rscale"),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=SIDEWAYS", "rule_syntax"),
        ("RSCALE=HEBREW;FREQ=MONTHLY;SKIP=FORWARD", "rscale_unsupported"),
        ("RSCALE=GREGORIAN;RSCALE=GREGORIAN;FREQ=MONTHLY", "duplicate_part"),
        ("RSCALE=GREGORIAN;FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;SKIP=FORWARD", "rule_never_matches"),
        ("FREQ=HOURLY", "frequency_too_high"),
        ("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "frequency_too_high"),
        ("FREQ=SECONDLY", "frequency_too_high"),
        ("FREQ=DAILY;INTERVAL=0", "interval_zero"),
        (f"FREQ=DAILY;INTERVAL={MAX_INTERVAL + 1}", "interval_too_large"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "interval_too_large"),
        ("FREQ=DAILY;COUNT=0", "count_zero"),
        ("FREQ=DAILY;COUNT=9999999999", "value_out_of_range"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "until_and_count"),
        ("FREQ=DAILY;UNTIL=20260230", "value_out_of_range"),
        ("FREQ=DAILY;UNTIL=00000101", "value_out_of_range"),
        ("FREQ=DAILY;UNTIL=20260101T250000", "value_out_of_range"),
        ("FREQ=DAILY;BYSECOND=61", "value_out_of_range"),
        ("FREQ=DAILY;BYMINUTE=60", "value_out_of_range"),
        ("FREQ=DAILY;BYHOUR=24", "value_out_of_range"),
        ("FREQ=DAILY;BYMONTH=0", "value_out_of_range"),
        ("FREQ=DAILY;BYMONTH=13", "value_out_of_range"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "value_out_of_range"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "value_out_of_range"),
        ("FREQ=YEARLY;BYYEARDAY=367", "value_out_of_range"),
        ("FREQ=YEARLY;BYWEEKNO=54", "value_out_of_range"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "value_out_of_range"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "value_out_of_range"),
        ("FREQ=MONTHLY;BYDAY=0MO", "value_out_of_range"),
        ("FREQ=YEARLY;BYDAY=54MO", "value_out_of_range"),
        ("FREQ=MONTHLY;BYWEEKNO=20", "part_not_allowed"),
        ("FREQ=DAILY;BYYEARDAY=1", "part_not_allowed"),
        ("FREQ=WEEKLY;BYYEARDAY=1", "part_not_allowed"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "part_not_allowed"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "part_not_allowed"),
        ("FREQ=DAILY;BYDAY=1MO", "ordinal_not_allowed"),
        ("FREQ=WEEKLY;BYDAY=MO,-1TU", "ordinal_not_allowed"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "ordinal_not_allowed"),
        ("FREQ=MONTHLY;BYSETPOS=1", "set_position_alone"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "rule_never_matches"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "rule_never_matches"),
        ("FREQ=MONTHLY;BYMONTH=2,4,6;BYMONTHDAY=31,-31", "rule_never_matches"),
        ("FREQ=MONTHLY;BYDAY=6MO", "rule_never_matches"),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=-6SU", "rule_never_matches"),
    ],
)
def test_refused_with_a_code(text: str, code: str) -> None:
    error = refused(text)
    assert error.code == code
    assert str(error)


def test_a_long_text_is_refused_unread() -> None:
    assert refused("FREQ=DAILY;" * 1_000_000).params == {"maximum": MAX_TEXT}


def test_errors_carry_the_values_for_a_message_and_echo_little() -> None:
    assert refused("FREQ=DAILY;BYHOUR=24").params == {"part": "BYHOUR", "value": 24}
    assert refused("FREQ=HOURLY").params == {"frequency": "HOURLY"}
    assert refused("FREQ=WEEKLY;BYMONTHDAY=1").params == {"part": "BYMONTHDAY", "frequency": "WEEKLY"}
    assert len(str(refused("FREQ=DAILY;COUNT=" + "x" * 900))) < 100
    assert len(str(refused("FREQ=DAILY;" + "X" * 900 + "=1"))) < 100


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYMONTH=2,3;BYMONTHDAY=30",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=MONTHLY;BYDAY=6MO,1TU",
        f"FREQ=DAILY;INTERVAL={MAX_INTERVAL}",
    ],
)
def test_what_can_happen_is_allowed(text: str) -> None:
    assert Rule.parse(text)


def test_a_rule_changed_in_code_is_checked_as_well() -> None:
    rule = Rule.parse("FREQ=DAILY;COUNT=5")
    with pytest.raises(InvalidRule, match="INTERVAL"):
        replace(rule, interval=0)
    with pytest.raises(InvalidRule, match="exclude"):
        replace(rule, until=date(2026, 1, 1))
    with pytest.raises(InvalidRule, match="WKST"):
        replace(rule, week_start=7)


def numbers(low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(low, high).filter(bool), max_size=4).map(tuple)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    frequency = draw(st.sampled_from(Frequency))
    yearly, monthly = frequency is Frequency.YEARLY, frequency is Frequency.MONTHLY
    weeks = draw(numbers(-53, 53)) if yearly else ()
    ordinals = st.integers(-5, 5) if monthly or (yearly and not weeks) else st.just(0)
    by_day = tuple(draw(st.lists(st.builds(WeekdayNumber, st.integers(0, 6), ordinals), max_size=4)))
    until = draw(
        st.none()
        | st.dates()
        | st.datetimes(timezones=st.none() | st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
    )
    return Rule(
        frequency=frequency,
        until=until,
        count=draw(st.none() | st.integers(1, 999)) if until is None else None,
        interval=draw(st.integers(1, MAX_INTERVAL)),
        by_second=draw(numbers(0, 60)),
        by_minute=draw(numbers(0, 59)),
        by_hour=draw(numbers(0, 23)),
        by_day=by_day,
        by_month_day=() if frequency is Frequency.WEEKLY else draw(numbers(-28, 28)),
        by_year_day=draw(numbers(-366, 366)) if yearly else (),
        by_week_number=weeks,
        by_month=draw(numbers(1, 12)),
        by_set_position=draw(numbers(-366, 366)) if by_day else (),
        week_start=draw(st.integers(0, 6)),
        skip=draw(st.sampled_from(Skip)),
    )


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(rule=rules())
def test_text_and_rule_round_trip(rule: Rule) -> None:
    text = str(rule)
    assert Rule.parse(text) == rule
    assert str(Rule.parse(f"rrule:{text.lower()}")) == text


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(text=st.text(alphabet="FREQ=DAILYBMONTHSW;,0123456789-+Z \0é:", max_size=60) | st.text(max_size=60))
def test_no_text_raises_anything_but_invalid_rule(text: str) -> None:
    try:
        rule = Rule.parse(text)
    except InvalidRule:
        return
    assert Rule.parse(str(rule)) == rule
