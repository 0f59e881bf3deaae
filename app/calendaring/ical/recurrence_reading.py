"""How an event recurs: RRULE, EXDATE, RDATE (RFC 5545 §3.8.5)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from app.calendaring.expansion import day_of, expand, times_per_day
from app.calendaring.ical.content_lines import ContentLine
from app.calendaring.ical.context import Context, Properties, Refused
from app.calendaring.ical.foreign_zones import Zone
from app.calendaring.ical.moments import ZonedMoment, in_zone
from app.calendaring.ical.schedule_reading import Schedule, in_schedule, read_first_instance
from app.calendaring.ical.values import Duration, InvalidValue, Moment, list_items, parse_period
from app.calendaring.rule import InvalidRule, Rule
from app.calendaring.zones import TimeOutOfRange

_DAY = timedelta(days=1)
_DAYS_OF_AN_EXPANSION = 3660


def read_schedule(properties: Properties, context: Context) -> Schedule:
    """When a VEVENT takes place. Raises Refused when its start cannot be read."""
    try:
        schedule = read_first_instance(properties, context)
        _read_recurrence(schedule, properties, context)
    except InvalidValue as error:
        line = properties["DTSTART"][0].number
        raise Refused("start_unreadable", line, value=str(error)[:40]) from None
    except (TimeOutOfRange, OverflowError):
        raise Refused("time_out_of_range", context.line) from None
    return schedule


def _read_recurrence(schedule: Schedule, properties: Properties, context: Context) -> None:
    rules = properties.get("RRULE", ())
    if len(rules) > 1:
        context.report("more_than_one_rule", rules[1].number)
    for line in properties.get("EXRULE", ())[:1]:
        context.report("exrule_unsupported", line.number)
    for line in rules[:1]:
        schedule.rule = _read_rule(line, schedule, context)
    schedule.exdates = _read_exdates(properties.get("EXDATE", ()), schedule, context)
    _read_rdates(properties.get("RDATE", ()), schedule, context)
    if schedule.written is not None and schedule.rule is not None:
        _expand(schedule, schedule.written, schedule.rule, context)


def _read_rule(line: ContentLine, schedule: Schedule, context: Context) -> Rule | None:
    """The rule, its UNTIL in the form that §3.3.10 asks for; None for one that is refused, which is reported."""
    value = "".join(line.value.split())
    text = ";".join(part for part in value.split(";") if part and not part.endswith("="))
    try:
        rule = Rule.parse(text)
        return rule if rule.until is None else replace(rule, until=_normalised(rule.until, schedule, context))
    except InvalidRule as error:
        context.report(error.code, line.number, **error.params)
    except (TimeOutOfRange, OverflowError):
        context.report("value_out_of_range", line.number, part="UNTIL", value=value[:40])
    return None


def _normalised(until: date, schedule: Schedule, context: Context) -> date:
    if schedule.zone is None:
        # Some write the local midnight of an all-day event's last day as an instant.
        if isinstance(until, datetime) and until.tzinfo is not None and until.time() not in (time(), time(23, 59, 59)):
            return context.zones.floating.to_wall(until).date()
        return day_of(until)
    zone = schedule.written or schedule.zone
    if not isinstance(until, datetime):
        until = datetime.combine(until, time(23, 59, 59))
    return zone.to_utc(until) if until.tzinfo is None else until.astimezone(UTC)


def _read_exdates(lines: Sequence[ContentLine], schedule: Schedule, context: Context) -> tuple[date, ...]:
    found: set[date] = set()
    for _, moment, _ in _listed(lines, context, "exdates", context.limits.exdates):
        found.add(in_schedule(moment, schedule))
    return tuple(sorted(found))


def _read_rdates(lines: Sequence[ContentLine], schedule: Schedule, context: Context) -> None:
    found: set[date] = set()
    periods: dict[date, date] = {}
    for line, moment, end in _listed(lines, context, "rdates", context.limits.rdates):
        start = in_schedule(moment, schedule)
        found.add(start)
        if end is not None and schedule.zone is not None and moment.zone is not None:
            ends = _end_of_period(line, moment, end, context)
            assert schedule.start_utc is not None
            assert schedule.end_utc is not None
            if ends > moment.instant() and ends - moment.instant() != schedule.end_utc - schedule.start_utc:
                periods[start] = schedule.zone.to_wall(ends)
    found.discard(schedule.start)
    schedule.rdates = tuple(sorted(found))
    schedule.periods = tuple(sorted(periods.items()))


def _end_of_period(line: ContentLine, start: ZonedMoment, end: Moment | Duration, context: Context) -> datetime:
    if not isinstance(end, Duration):
        return in_zone(end, line, context).instant()
    assert isinstance(start.value, datetime)
    return ZonedMoment(start.value + end.days * _DAY, start.zone).instant() + end.rest


def _listed(
    lines: Sequence[ContentLine], context: Context, what: str, maximum: int
) -> Iterator[tuple[ContentLine, ZonedMoment, Moment | Duration | None]]:
    """The values of EXDATE or RDATE lines, up to a maximum; what cannot be read is reported."""
    count = 0
    for line in lines:
        for item in list_items(line.value):
            count += 1
            if count > maximum:
                context.report(f"too_many_{what}", line.number, maximum=maximum)
                return
            try:
                start, end = parse_period(item)
                moment = in_zone(start, line, context)
                moment.instant()  # raises for what has no UTC
            except (InvalidValue, TimeOutOfRange, OverflowError):
                context.report("date_unreadable", line.number, property=line.name, value=item[:40])
                continue
            yield line, moment, end


def _expand(schedule: Schedule, written: Zone, rule: Rule, context: Context) -> None:
    """Turns the rule of a zone that only the file knows into dates: as a rule it would follow another zone's clock."""
    work = context.zones.work
    maximum = min(context.limits.rdates, work.instants)
    start = schedule.wall
    instants: list[datetime] = []
    schedule.rule = None
    context.report("rule_expanded", maximum=maximum, days=_DAYS_OF_AN_EXPANSION)
    if not isinstance(start, datetime) or times_per_day(rule) > maximum:
        return
    last_day = min(day_of(start), date.max - _DAYS_OF_AN_EXPANSION * _DAY) + _DAYS_OF_AN_EXPANSION * _DAY
    count = maximum if rule.count is None else min(rule.count, maximum)
    for wall in islice(expand(rule, start, day_of(start), last_day), count):
        assert isinstance(wall, datetime)
        instant = written.to_utc(wall)
        if isinstance(rule.until, datetime) and instant > rule.until:
            break
        instants.append(instant)
    work.instants -= len(instants)
    assert schedule.zone is not None
    found = {schedule.zone.to_wall(instant) for instant in instants} | set(schedule.rdates)
    schedule.rdates = tuple(sorted(found - {schedule.start}))
