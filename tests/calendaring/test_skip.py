"""Days that a month or year does not have: RFC 7529 §4.1 and its examples."""

from datetime import date, datetime, timedelta

import pytest

from app.calendaring.rule import InvalidRule, Rule, Skip
from app.calendaring.series import Series
from app.calendaring.zones import get_zone, utc_to_wall

DAY = timedelta(days=1)
BERLIN = get_zone("Europe/Berlin")


def days(rule: str, start: date, before: date) -> list[str]:
    """The instances as "month-day" of an all-day series; those of several years with the year."""
    series = Series(start, start + DAY, None, Rule.parse(f"RSCALE=GREGORIAN;{rule}"))
    assert series.start_matches_rule()
    form = "%m-%d" if before <= date(start.year + 1, 1, 1) else "%y-%m-%d"
    return [occurrence.start.strftime(form) for occurrence in series.occurrences(before)]


@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        ("OMIT", "01-31 03-31 05-31"),
        ("BACKWARD", "01-31 02-28 03-31 04-30 05-31"),
        ("FORWARD", "01-31 03-01 03-31 05-01 05-31"),
    ],
)
def test_the_31st_of_every_month(skip: str, expected: str) -> None:
    start, before = date(2014, 1, 31), date(2014, 6, 1)
    assert days(f"FREQ=MONTHLY;SKIP={skip}", start, before) == expected.split()
    assert days(f"FREQ=MONTHLY;BYMONTHDAY=31;SKIP={skip}", start, before) == expected.split()


@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        ("OMIT", "16-02-29 20-02-29"),
        ("BACKWARD", "16-02-29 17-02-28 18-02-28 19-02-28 20-02-29"),
        ("FORWARD", "16-02-29 17-03-01 18-03-01 19-03-01 20-02-29"),
    ],
)
def test_29_february_of_every_year(skip: str, expected: str) -> None:
    start, before = date(2016, 2, 29), date(2020, 12, 31)
    assert days(f"FREQ=YEARLY;SKIP={skip}", start, before) == expected.split()
    assert days(f"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;SKIP={skip}", start, before) == expected.split()


def test_a_day_that_no_year_has_may_be_moved() -> None:
    rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;SKIP="
    assert days(rule + "BACKWARD", date(2026, 2, 28), date(2029, 1, 1)) == ["26-02-28", "27-02-28", "28-02-29"]
    assert days(rule + "FORWARD", date(2026, 3, 1), date(2029, 1, 1)) == ["26-03-01", "27-03-01", "28-03-01"]
    with pytest.raises(InvalidRule, match="none of these months"):
        Rule.parse(f"RSCALE=GREGORIAN;{rule}OMIT")
    with pytest.raises(InvalidRule, match="none of these months"):  # a day must be of the week, too
        Rule.parse(f"RSCALE=GREGORIAN;{rule}FORWARD;BYWEEKNO=9")


def test_a_moved_day_that_is_there_already_counts_once() -> None:
    # 30 and 31 February become one day, and so do 1 March and what moves there.
    rule = "FREQ=MONTHLY;BYMONTHDAY=1,30,31;SKIP="
    assert days(rule + "BACKWARD", date(2026, 2, 1), date(2026, 4, 1)) == ["02-01", "02-28", "03-01", "03-30", "03-31"]
    assert days(rule + "FORWARD", date(2026, 2, 1), date(2026, 4, 1)) == ["02-01", "03-01", "03-30", "03-31"]
    counted = days(rule + "FORWARD;COUNT=3", date(2026, 2, 1), date(2027, 1, 1))
    assert counted == ["02-01", "03-01", "03-30"]


def test_the_weekday_is_that_of_the_moved_day() -> None:
    # SKIP comes before BYDAY: 30 February 2026 moves to Sunday 1 March, the 30th of March is a Monday.
    rule = "FREQ=MONTHLY;BYMONTHDAY=30;BYDAY=SU;SKIP=FORWARD"
    assert days(rule, date(2026, 3, 1), date(2026, 12, 31)) == ["03-01", "08-30"]


def test_positions_are_counted_after_the_move_in_the_interval_it_came_from() -> None:
    rule = "FREQ=MONTHLY;BYMONTHDAY=15,31;BYSETPOS=-1;SKIP=FORWARD"
    assert days(rule, date(2026, 1, 31), date(2026, 5, 2)) == ["01-31", "03-01", "03-31", "05-01"]


def test_an_interval_counts_the_month_that_a_day_moved_from() -> None:
    rule = "FREQ=MONTHLY;INTERVAL=2;SKIP=FORWARD"
    assert days(rule, date(2025, 12, 31), date(2026, 9, 1)) == [
        "25-12-31",
        "26-03-01",
        "26-05-01",
        "26-07-01",
        "26-08-31",
    ]


def test_a_day_counted_from_the_end_moves_around_the_beginning() -> None:
    rule = "FREQ=MONTHLY;BYMONTHDAY=-31;SKIP="
    assert days(rule + "FORWARD", date(2026, 3, 1), date(2026, 5, 31)) == ["03-01", "04-01", "05-01"]
    assert days(rule + "BACKWARD", date(2026, 3, 1), date(2026, 5, 31)) == ["03-01", "03-31", "05-01"]


def test_day_366_of_other_years() -> None:
    rule = "FREQ=YEARLY;BYYEARDAY=366;SKIP="
    assert days(rule + "BACKWARD", date(2024, 12, 31), date(2027, 1, 2)) == ["24-12-31", "25-12-31", "26-12-31"]
    assert days(rule + "FORWARD", date(2024, 12, 31), date(2027, 1, 2)) == ["24-12-31", "26-01-01", "27-01-01"]


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYMONTHDAY=31", "FREQ=WEEKLY;BYMONTH=2"])
def test_days_and_weeks_have_nothing_to_move(rule: str) -> None:
    start, before = date(2024, 2, 2), date(2026, 1, 1)
    every = {
        skip: list(
            Series(start, start + DAY, None, Rule.parse(f"RSCALE=GREGORIAN;{rule};SKIP={skip}")).occurrences(before)
        )
        for skip in Skip
    }
    assert every[Skip.FORWARD] == every[Skip.BACKWARD] == every[Skip.OMIT]


def test_windows_find_what_moved_into_them() -> None:
    start = datetime(2026, 1, 31, 9)
    series = Series(start, start + timedelta(hours=1), BERLIN, Rule.parse("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD"))
    midnight = datetime(2026, 3, 1, tzinfo=BERLIN)
    found = [utc_to_wall(o.start, BERLIN) for o in series.occurrences_between(midnight, midnight + DAY)]
    assert found == [datetime(2026, 3, 1, 9)]


def test_the_ends_of_the_calendar() -> None:
    last = Series(date(9999, 1, 31), date(9999, 2, 1), None, Rule.parse("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD"))
    assert len(list(last.occurrences(date.max))) == 11  # all but 31 December itself, the bound
    rule = Rule.parse("RSCALE=GREGORIAN;FREQ=YEARLY;BYYEARDAY=366,-366;SKIP=BACKWARD")
    first = Series(date(1, 12, 31), date(2, 1, 1), None, rule)
    assert first.start_matches_rule()
    assert [o.start for o in first.occurrences(date(3, 1, 1))] == [date(1, 12, 31), date(2, 12, 31)]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("FREQ=MONTHLY;SKIP=BACKWARD;RSCALE=gregorian", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT", "FREQ=MONTHLY"),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY", "FREQ=MONTHLY"),
    ],
)
def test_the_text_of_a_rule(text: str, canonical: str) -> None:
    rule = Rule.parse(text)
    assert str(rule) == canonical
    assert Rule.parse(canonical) == rule
