"""When the first instance of an event takes place: DTSTART, DTEND, DURATION (RFC 5545 §3.8.2)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.calendaring.expansion import day_of
from app.calendaring.ical.content_lines import ContentLine
from app.calendaring.ical.context import Context, Properties, Refused
from app.calendaring.ical.foreign_zones import UTC_ZONE, Zone
from app.calendaring.ical.moments import ZonedMoment, read_moment
from app.calendaring.ical.values import Duration, InvalidValue, parse_duration
from app.calendaring.rule import Rule

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Schedule:
    """The fields of EventData that say when; `wall` is the start as it is written.

    `zone` is where `start` and `end` are, None when all-day. `written` is the zone that the file itself describes, when
    the IANA database has none like it: `zone` is then UTC, and the rule has become `rdates`. `periods` are the ends of
    those RDATEs that have a length of their own.
    """

    start: date
    end: date
    zone: Zone | None
    wall: date
    written: Zone | None = None
    start_utc: datetime | None = None
    end_utc: datetime | None = None
    nominal_days: int = 0
    rule: Rule | None = None
    exdates: tuple[date, ...] = ()
    rdates: tuple[date, ...] = ()
    periods: tuple[tuple[date, date], ...] = ()
    is_floating: bool = False


def read_first_instance(properties: Properties, context: Context) -> Schedule:
    """The schedule of a VEVENT without its recurrence. Raises Refused, InvalidValue, TimeOutOfRange, OverflowError."""
    if "DTSTART" not in properties:
        raise Refused("start_missing", context.line)
    line = properties["DTSTART"][0]
    start = read_moment(line, context)
    context.start_zone = start.zone
    end = _read_end(properties, context)
    if start.zone is None or _is_outlook_all_day(properties, start, end):
        return _all_day(start, end, context, line)
    return _timed(start, start.zone, end, line, context)


def in_schedule(moment: ZonedMoment, schedule: Schedule) -> date:
    """A moment in the kind and zone of a schedule (calendar rule 8); a date takes the schedule's time of day."""
    if schedule.zone is None:
        return day_of(moment.value)
    value, zone = moment
    if zone is None or not isinstance(value, datetime):
        assert isinstance(schedule.wall, datetime)
        value, zone = datetime.combine(value, schedule.wall.time()), schedule.written or schedule.zone
    if zone.written is None and zone.name == schedule.zone.name:
        return value
    return schedule.zone.to_wall(zone.to_utc(value))


def _timed(
    start: ZonedMoment, zone: Zone, end: ZonedMoment | Duration | None, line: ContentLine, context: Context
) -> Schedule:
    assert isinstance(start.value, datetime)
    start_utc = zone.to_utc(start.value)
    if zone.written is None:
        schedule = Schedule(start.value, start.value, zone, start.value, None, start_utc)
    else:
        wall = start_utc.replace(tzinfo=None)
        schedule = Schedule(wall, wall, UTC_ZONE, start.value, zone, start_utc)
        context.report("zone_not_iana", line.number, zone=(line.parameter("TZID") or "")[:100])
    schedule.is_floating = not line.parameter("TZID") and line.value.strip()[-1:] not in "Zz"
    schedule.end_utc = _end_instant(end, schedule, start_utc)
    if schedule.end_utc < start_utc:
        schedule.end_utc = start_utc
        context.report("end_before_start", line.number)
    elif isinstance(end, Duration) and zone.written is None:
        schedule.nominal_days = end.days
    schedule.end = in_schedule(ZonedMoment(schedule.end_utc.replace(tzinfo=None), UTC_ZONE), schedule)
    if isinstance(end, ZonedMoment) and end.zone == schedule.zone and schedule.end_utc > start_utc:
        schedule.end = end.value  # as written, also where the clocks skip it
    return schedule


def _end_instant(end: ZonedMoment | Duration | None, schedule: Schedule, start_utc: datetime) -> datetime:
    zone = schedule.written or schedule.zone
    assert zone is not None
    if end is None:
        return start_utc
    if isinstance(end, Duration):
        assert isinstance(schedule.wall, datetime)
        return (zone.to_utc(schedule.wall + end.days * _DAY) if end.days else start_utc) + end.rest
    if end.zone is None:
        return zone.to_utc(datetime.combine(end.value, time()))
    return end.instant()


def _read_end(properties: Properties, context: Context) -> ZonedMoment | Duration | None:
    for name in ("DTEND", "DURATION"):
        for line in properties.get(name, ())[:1]:
            try:
                return read_moment(line, context) if name == "DTEND" else parse_duration(line.value)
            except InvalidValue:
                context.report("end_unreadable", line.number, value=line.value[:40])
    return None


def _is_outlook_all_day(properties: Properties, start: ZonedMoment, end: ZonedMoment | Duration | None) -> bool:
    """Exchange writes all-day events from midnight to midnight, and says so in a property of its own."""
    flags = properties.get("X-MICROSOFT-CDO-ALLDAYEVENT", ())
    if not flags or flags[0].value.strip().upper() != "TRUE" or not isinstance(end, ZonedMoment):
        return False
    moments = (start.value, end.value)
    return all(isinstance(moment, datetime) and moment.time() == time() for moment in moments) and (
        moments[0] < moments[1] and start.zone == end.zone
    )


def _all_day(start: ZonedMoment, end: ZonedMoment | Duration | None, context: Context, line: ContentLine) -> Schedule:
    first = day_of(start.value)
    if isinstance(end, Duration):
        last = first + end.days * _DAY + -(-end.rest // _DAY) * _DAY
    else:
        last = first + _DAY if end is None else day_of(end.value)
    if last < first:
        context.report("end_before_start", line.number)
    return Schedule(first, max(last, first + _DAY), None, first)
