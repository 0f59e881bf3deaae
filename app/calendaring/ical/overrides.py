"""Overrides: which instance each replaces, and those that other properties imply (RFC 5545 §3.8.4.4)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from app.calendaring.expansion import day_of
from app.calendaring.ical.as_read import mark
from app.calendaring.ical.content_lines import ContentLine
from app.calendaring.ical.context import Context, Refused
from app.calendaring.ical.model import EventData
from app.calendaring.ical.moments import read_moment
from app.calendaring.ical.schedule_reading import Schedule
from app.calendaring.ical.values import InvalidValue
from app.calendaring.rule import Rule
from app.calendaring.series import InvalidSeries, Series
from app.calendaring.zones import TimeOutOfRange, get_zone, utc_to_wall, wall_to_utc

_LENGTH_OF_A_RANGE = timedelta(days=3660)
_MAX_INSTANCES = 10_000
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def read_recurrence_id(line: ContentLine, master: EventData | None, context: Context) -> date:
    """The original start of the instance: an aware UTC instant, or a date when the master is all-day (rule 10).

    What has another type than the master's start is coerced. Raises Refused.
    """
    try:
        moment = read_moment(line, context)
        if master is None:
            return moment.instant() if isinstance(moment.value, datetime) else moment.value
        if master.zone is None:
            if isinstance(moment.value, datetime) and moment.value.time() != time() and line.value.strip()[-1] in "Zz":
                return context.zones.floating.to_wall(moment.instant()).date()
            return day_of(moment.value)
        assert isinstance(master.start, datetime)
        zone = get_zone(master.zone)
        if not isinstance(moment.value, datetime):
            return wall_to_utc(datetime.combine(moment.value, master.start.time()), zone)
        is_floating = line.parameter("TZID") is None and line.value.strip()[-1] not in "Zz"
        return wall_to_utc(moment.value, zone) if is_floating else moment.instant()
    except InvalidValue:
        raise Refused("recurrence_id_unreadable", line.number, value=line.value[:40]) from None
    except (TimeOutOfRange, OverflowError):
        raise Refused("time_out_of_range", line.number) from None


def from_periods(master: EventData, schedule: Schedule) -> Iterator[EventData]:
    """An override for each RDATE that has a length of its own (§3.8.5.2)."""
    for start, end in schedule.periods:
        if schedule.zone is None or not isinstance(start, datetime) or not isinstance(end, datetime):
            continue
        start_utc, end_utc = schedule.zone.to_utc(start), schedule.zone.to_utc(end)
        yield _derived(
            replace(*(master,), start=start, end=end, start_utc=start_utc, end_utc=end_utc, recurrence_id=start_utc)
        )


def from_range(master: EventData, first: EventData, until: date | None) -> Iterator[EventData]:
    """The overrides that one with RANGE=THISANDFUTURE implies for the instances after it (§3.2.13).

    They are moved by as much as the first and are as long as it; `until` is where the next such range takes over. They
    end after ten years. A first that turned timed or all-day stands for itself only.
    """
    if first.recurrence_id is None or first.all_day is not master.all_day:
        return
    for original in _instances_after(master, first.recurrence_id, until):
        moved = _moved(first, original)
        if moved is not None:
            yield _derived(moved)


def _derived(data: EventData) -> EventData:
    data = replace(data, rule=None, exdates=(), rdates=(), nominal_days=0, ical=None)
    text = f"BEGIN:VEVENT\n{mark(data, derived=True)}\nEND:VEVENT"
    return replace(data, ical=text)


def _instances_after(master: EventData, after: date, until: date | None) -> Iterator[date]:
    """The original starts behind `after`, before `until`, in order: aware instants or dates."""
    try:
        series = Series(
            master.start,
            master.end,
            zone=None if master.zone is None else get_zone(master.zone),
            rule=None if master.rule is None else Rule.parse(master.rule),
            exdates=frozenset(master.exdates),
            rdates=frozenset(master.rdates),
            start_utc=master.start_utc,
            end_utc=master.end_utc,
        )
    except (InvalidSeries, TimeOutOfRange):
        return
    for occurrence in islice(series.occurrences_between(after, _earlier(until, after)), _MAX_INSTANCES):
        if occurrence.original_start > after:
            yield occurrence.original_start


def _earlier(until: date | None, after: date) -> date:
    """Where the instances that are looked at end: before the next range, and within the years of a range."""
    try:
        bound = after + _LENGTH_OF_A_RANGE
    except OverflowError:
        return _END_OF_TIME if isinstance(after, datetime) else date.max
    return bound if until is None else min(until, bound)


def _moved(first: EventData, original: date) -> EventData | None:
    identifier = first.recurrence_id
    assert identifier is not None
    try:
        if first.zone is None:
            by = first.start - identifier
            return replace(
                first, start=original + by, end=original + by + (first.end - first.start), recurrence_id=original
            )
        assert isinstance(original, datetime)
        assert isinstance(identifier, datetime)
        assert first.start_utc is not None
        assert first.end_utc is not None
        zone = get_zone(first.zone)
        start = utc_to_wall(original, zone) + (first.start - utc_to_wall(identifier, zone))
        start_utc = wall_to_utc(start, zone)
        end_utc = start_utc + (first.end_utc - first.start_utc)
        return replace(
            first,
            start=start,
            end=utc_to_wall(end_utc, zone),
            start_utc=start_utc,
            end_utc=end_utc,
            recurrence_id=original,
        )
    except (OverflowError, TimeOutOfRange):
        return None


def newest(versions: Mapping[date, list[EventData]]) -> list[EventData]:
    """One override an instance: the one with the highest SEQUENCE, then DTSTAMP, then the last in the file."""
    return [max(reversed(found), key=revision) for found in versions.values()]


def revision(data: EventData) -> tuple[int, datetime]:
    """What orders versions of one component (RFC 5546 §2.1.5)."""
    return data.sequence, data.stamp or datetime.min.replace(tzinfo=UTC)
