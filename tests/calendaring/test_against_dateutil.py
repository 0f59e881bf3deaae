"""dateutil as a second witness, where RFC 5545 leaves no doubt that it is right.

Left out, because dateutil reads them otherwise than §3.3.10: numbered beside plain weekdays in one BYDAY,
BYWEEKNO without BYDAY, and WEEKLY with BYSETPOS unless DTSTART opens a week. The dates lie late because
dateutil, UNTIL or not, searches to the year 9999 for the next match of a rule.
"""

from datetime import date, datetime, timedelta
from itertools import takewhile

from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendaring.expansion import expand
from app.calendaring.rule import Rule

WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAYS = timedelta(days=1_500)


def some(values: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.lists(values, max_size=3).map(lambda items: ",".join(map(str, items)))


def signed(high: int) -> st.SearchStrategy[int]:
    return st.integers(-high, high).filter(bool)


@st.composite
def rule_texts(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    weekdays = st.sampled_from(WEEKDAYS)
    parts = {
        "FREQ": frequency,
        "INTERVAL": str(draw(st.integers(1, 4))),
        "WKST": draw(weekdays),
        "BYMONTH": draw(some(st.integers(1, 12))),
        "BYHOUR": draw(some(st.integers(0, 23))),
        "BYDAY": draw(some(weekdays)),
    }
    if frequency != "WEEKLY":
        parts["BYMONTHDAY"] = draw(some(signed(28)))
    if frequency == "MONTHLY" and draw(st.booleans()):
        parts["BYDAY"] = draw(some(st.builds("{}{}".format, signed(5), weekdays)))
    if frequency == "YEARLY":
        parts["BYYEARDAY"] = draw(some(signed(366)))
        if parts["BYDAY"]:
            parts["BYWEEKNO"] = draw(some(st.integers(1, 53) | st.just(-1)))
    if parts["BYDAY"] and frequency != "WEEKLY":
        parts["BYSETPOS"] = draw(some(signed(3)))
    return ";".join(f"{name}={value}" for name, value in parts.items() if value)


@settings(derandomize=True, database=None, deadline=None, max_examples=150)
@given(text=rule_texts(), day=st.dates(date(9970, 1, 1), date(9990, 1, 1)))
def test_dateutil_agrees(text: str, day: date) -> None:
    start, last_day = datetime(day.year, day.month, day.day, 9), day + DAYS
    expected = takewhile(lambda moment: moment.date() <= last_day, rrulestr(text, dtstart=start))
    assert list(expand(Rule.parse(text), start, day, last_day)) == list(expected)
