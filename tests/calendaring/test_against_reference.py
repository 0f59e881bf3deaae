"""Expansion against a slow, plain reference, which asks of every day whether §3.3.10 makes it an instance.

SKIP (RFC 7529) is asked of every number of a day, whether the month or year has it.

The reference shares nothing with the application: it reads the rule's parts as text, lists months, years and
weeks day by day to find a position in them, and finds UTC by trying the offsets a zone has around a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo

from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.calendaring.rule import Rule
from app.calendaring.series import Series
from app.calendaring.zones import get_zone
from tests.support.rules import NAMES, STARTS, ZONES, Parts, further_dates, rule_parts

DAY = timedelta(days=1)


# --- The reference: days ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """All days of a week, month or year."""

    days: tuple[date, ...]

    def positions(self, chosen: Callable[[date], bool], day: date) -> set[int]:
        """The place of a day among the chosen ones, counted from either end."""
        among = [other for other in self.days if chosen(other)]
        return {among.index(day) + 1, among.index(day) - len(among)}


@cache
def month_of(year: int, month: int) -> Period:
    return Period(tuple(day for day in year_of(year).days if day.month == month))


@cache
def year_of(year: int) -> Period:
    first = date(year, 1, 1)
    return Period(tuple(first + n * DAY for n in range(366) if (first + n * DAY).year == year))


def first_of_week(day: date, week_start: str) -> date:
    while NAMES[day.weekday()] != week_start:
        day -= DAY
    return day


@cache
def weeks_of(year: int, week_start: str) -> list[date]:
    """The first days of the year's weeks: of those with at least four days in it."""
    around = [date(year - 1, 12, 20) + n * DAY for n in range(390)]
    beginnings = [day for day in around if NAMES[day.weekday()] == week_start]
    return [day for day in beginnings if sum((day + n * DAY).year == year for n in range(7)) >= 4]


@cache
def week_positions(day: date, week_start: str) -> set[int]:
    monday = first_of_week(day, week_start)
    for year in (day.year - 1, day.year, day.year + 1):
        weeks = weeks_of(year, week_start)
        if monday in weeks:
            return {weeks.index(monday) + 1, weeks.index(monday) - len(weeks)}
    raise AssertionError("every week belongs to a year")


@cache
def weekday_positions(day: date, within_month: bool) -> set[int]:
    period = month_of(day.year, day.month) if within_month else year_of(day.year)
    return period.positions(lambda other: other.weekday() == day.weekday(), day)


def filled_from(parts: Parts, start: date) -> Parts:
    """Takes from DTSTART what the rule leaves open."""
    parts = Parts(parts)
    if not any(name in parts for name in ("BYDAY", "BYMONTHDAY", "BYYEARDAY")):
        if parts["FREQ"] == "WEEKLY" or "BYWEEKNO" in parts:
            parts["BYDAY"] = NAMES[start.weekday()]
        elif parts["FREQ"] != "DAILY":
            parts["BYMONTHDAY"] = str(start.day)
            if parts["FREQ"] == "YEARLY":
                parts.setdefault("BYMONTH", str(start.month))
    return parts


def is_named(parts: Parts, day: date) -> bool:
    if "BYMONTH" in parts and day.month not in parts.numbers("BYMONTH"):
        return False
    if "BYMONTHDAY" in parts:
        days = month_of(day.year, day.month).positions(lambda _: True, day)
        if not days & parts.numbers("BYMONTHDAY"):
            return False
    if "BYYEARDAY" in parts and not year_of(day.year).positions(lambda _: True, day) & parts.numbers("BYYEARDAY"):
        return False
    if "BYWEEKNO" in parts and not week_positions(day, parts["WKST"]) & parts.numbers("BYWEEKNO"):
        return False
    return "BYDAY" not in parts or any_weekday(parts, day)


def is_weekday(parts: Parts, item: str, day: date) -> bool:
    number, name = item[:-2], item[-2:]
    if NAMES[day.weekday()] != name:
        return False
    within_month = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
    return not number or int(number) in weekday_positions(day, within_month)


def moved_days(parts: Parts, last: date) -> set[date]:
    """Where SKIP moves the days that the month or year of a day does not have."""
    if {"BYWEEKNO", "BYYEARDAY"} & parts.keys() and {"BYMONTH", "BYMONTHDAY", "BYWEEKNO"} & parts.keys():
        return set()
    periods, wanted = [], parts.numbers("BYYEARDAY") or parts.numbers("BYMONTHDAY")
    if "BYYEARDAY" in parts:
        periods = [year_of(last.year)]
    elif parts["FREQ"] == "MONTHLY":
        periods = [month_of(last.year, last.month)]
    else:
        periods = [month_of(last.year, month) for month in range(1, 13)]
    if "BYMONTH" in parts:
        periods = [period for period in periods if period.days[0].month in parts.numbers("BYMONTH")]
    moved = set()
    for period in periods:
        there = set(range(1, len(period.days) + 1)) | set(range(-len(period.days), 0))
        for number in wanted - there:
            around = (period.days[-1], period.days[-1] + DAY) if number > 0 else (period.days[0] - DAY, period.days[0])
            moved.add(around[parts["SKIP"] == "FORWARD"])
    return {day for day in moved if "BYDAY" not in parts or any_weekday(parts, day)}


def any_weekday(parts: Parts, day: date) -> bool:
    return any(is_weekday(parts, item, day) for item in parts["BYDAY"].split(","))


def interval_number(parts: Parts, start: date, day: date) -> int:
    """How many days, weeks, months or years after the one of DTSTART a day lies."""
    match parts["FREQ"]:
        case "DAILY":
            return (day - start).days
        case "WEEKLY":
            return (first_of_week(day, parts["WKST"]) - first_of_week(start, parts["WKST"])).days // 7
        case "MONTHLY":
            return (day.year - start.year) * 12 + day.month - start.month
        case _:
            return day.year - start.year


def wall_times(parts: Parts, start: datetime, last: date) -> Iterator[datetime]:
    """The local times of a rule in order, from those of DTSTART's interval to those of the last day's."""
    parts = filled_from(parts, start.date())
    skips = parts.get("SKIP", "OMIT") != "OMIT"
    hours = sorted(parts.numbers("BYHOUR") or {start.hour})
    minutes = sorted(parts.numbers("BYMINUTE") or {start.minute})
    times = [time(hour, minute, start.second) for hour in hours for minute in minutes]
    begin, end = date(start.year - skips, 1, 1) - 7 * DAY, date(last.year + skips, 12, 31) + 7 * DAY
    days = [begin + n * DAY for n in range((end - begin).days + 1)]
    for number, members in groupby(days, lambda day: interval_number(parts, start.date(), day)):
        if number >= -skips and number % int(parts["INTERVAL"]) == 0:
            whole = list(members)
            named = {day for day in whole if is_named(parts, day)}
            if skips and parts["FREQ"] in ("MONTHLY", "YEARLY"):
                named |= moved_days(parts, whole[-1])
            found = [datetime.combine(day, at) for day in sorted(named) for at in times]
            positions = parts.numbers("BYSETPOS")
            yield from (
                moment
                for index, moment in enumerate(found)
                if not positions or positions & {index + 1, index - len(found)}
            )


# --- The reference: instants ------------------------------------------------------------------------------


def readings(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which clocks in the zone show a wall time: none, one or two."""
    near = wall.replace(tzinfo=UTC)
    offsets = {(near + timedelta(hours=n)).astimezone(zone).utcoffset() for n in range(-48, 49, 6)}
    instants = [near - offset for offset in offsets if offset is not None]
    return sorted(at for at in instants if at.astimezone(zone).replace(tzinfo=None) == wall)


def explicit(wall: datetime, zone: ZoneInfo) -> datetime:
    before_the_gap = (wall.replace(tzinfo=UTC) - 2 * DAY).astimezone(zone).utcoffset()
    assert before_the_gap is not None
    return (readings(wall, zone) or [wall.replace(tzinfo=UTC) - before_the_gap])[0]


def explicit_rdate(rdate: date, start: datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(rdate, datetime):
        rdate = datetime.combine(rdate, start.time())
    return explicit(rdate, zone) if rdate.tzinfo is None else rdate


def is_before_end(parts: Parts, wall: datetime, instant: datetime, zone: ZoneInfo) -> bool:
    until = parts.get("UNTIL", "")
    if until.endswith("Z"):
        return f"{instant:%Y%m%dT%H%M%SZ}" <= until
    if "T" in until:
        return instant <= explicit(datetime.strptime(until, "%Y%m%dT%H%M%S"), zone)
    return not until or f"{wall:%Y%m%d}" <= until


def reference(parts: Parts, start: datetime, zone: ZoneInfo, last: date) -> list[datetime]:
    """The instants of a series up to the end of a local day."""
    first = explicit(start, zone)
    instants = [first]
    for wall in sorted(set(wall_times(parts, start, last))):
        if wall.date() <= last and wall > start:
            at = readings(wall, zone)[:1]
            instants += [instant for instant in at if instant > first and is_before_end(parts, wall, instant, zone)]
    return instants[: int(parts.get("COUNT", len(instants)))]


# --- The comparison ----------------------------------------------------------------------------------------


def check(data: st.DataObject, frequency: str, days: int) -> None:
    start = data.draw(STARTS)
    zone = get_zone(data.draw(st.sampled_from(ZONES)))
    parts = data.draw(rule_parts(frequency, start))
    rule = Rule.parse(parts.text)
    rdates = data.draw(further_dates(start) | st.just(frozenset()))
    series = Series(start, start + timedelta(minutes=90), zone, rule, rdates=rdates)
    last = start.date() + timedelta(days=days)
    counted = reference(parts, start, zone, last)
    added = {explicit_rdate(rdate, start, zone) for rdate in rdates}
    expected = sorted({*counted, *added})
    bound = explicit(datetime.combine(last + DAY, time()), zone)
    found = [occurrence.start for occurrence in series.occurrences(bound)]
    event("some" if len(found) > 1 else "only the first")
    assert found == [instant for instant in expected if instant < bound]
    assert Rule.parse(str(rule)) == rule

    low = bound - timedelta(days=data.draw(st.integers(1, days)), hours=data.draw(st.integers(0, 23)))
    high = low + timedelta(days=data.draw(st.integers(0, 60)), minutes=90)
    within = [occurrence.start for occurrence in series.occurrences_between(low, min(high, bound))]
    assert within == [
        instant for instant in found if instant < min(high, bound) and instant + timedelta(minutes=90) > low
    ]
    for instant in data.draw(st.lists(st.sampled_from(found), max_size=3)):
        assert series.starts_at(instant) is not None
        following = instant + timedelta(minutes=1)
        assert (series.starts_at(following) is not None) == (following in found)

    number = sum(instant < bound for instant in counted)
    assert series.count_before(bound) == number
    assert series.is_exhausted_by(bound) == (
        (number == rule.count or (series.until is not None and series.until < bound))
        and all(instant < bound for instant in added)
    )


plainly = settings(derandomize=True, database=None, deadline=None, max_examples=100)


@plainly
@given(data=st.data())
def test_daily_rules(data: st.DataObject) -> None:
    check(data, "DAILY", days=500)


@plainly
@given(data=st.data())
def test_weekly_rules(data: st.DataObject) -> None:
    check(data, "WEEKLY", days=600)


@plainly
@given(data=st.data())
def test_monthly_rules(data: st.DataObject) -> None:
    check(data, "MONTHLY", days=800)


@plainly
@given(data=st.data())
def test_yearly_rules(data: st.DataObject) -> None:
    check(data, "YEARLY", days=2_000)


@plainly
@given(day=st.dates(date(2009, 1, 1), date(2028, 1, 1)), data=st.data())
def test_all_day_rules(day: date, data: st.DataObject) -> None:
    midnight = datetime.combine(day, time())
    parts = data.draw(rule_parts(data.draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])), midnight))
    rule = Rule.parse(parts.text)
    for name in ("BYHOUR", "BYMINUTE"):  # "MUST be ignored" with a date
        parts.pop(name, None)
    if "UNTIL" in parts:
        parts["UNTIL"] = parts["UNTIL"][:8]
    last = day + timedelta(days=600)
    expected = [instant.date() for instant in reference(parts, midnight, get_zone("UTC"), last)]
    series = Series(day, day + DAY, None, rule)
    assert [occurrence.start for occurrence in series.occurrences(last + DAY)] == expected


def test_the_hours_of_every_change_of_the_clocks() -> None:
    parts = Parts(FREQ="DAILY", INTERVAL="1", WKST="MO", BYHOUR="0,1,2,3,23", BYMINUTE="0,30")
    for name in ZONES:
        for start in (
            datetime(2011, 10, 20),
            datetime(2014, 10, 20),
            datetime(2026, 3, 1),
            datetime(2026, 9, 25),
        ):
            last = start.date() + timedelta(days=75)
            series = Series(start, start + timedelta(minutes=5), get_zone(name), Rule.parse(parts.text))
            bound = explicit(datetime.combine(last + DAY, time()), get_zone(name))
            found = [occurrence.start for occurrence in series.occurrences(bound)]
            assert found == [at for at in reference(parts, start, get_zone(name), last) if at < bound]
