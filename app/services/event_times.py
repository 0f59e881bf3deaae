"""From what people send to what is stored: wall time and zone, the instants they mean, and the series."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.calendaring.rule import InvalidRule, Rule
from app.calendaring.series import InvalidSeries, Series
from app.calendaring.zones import TZDATA_VERSION, TimeOutOfRange, get_zone, utc_to_wall, wall_to_utc
from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.event import Event
from app.schemas.common import FIRST_YEAR, LAST_YEAR
from app.schemas.event import EventWrite

MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class EventTimes:
    """The columns of an event that say when it takes place. All-day: dates as naive midnights, and no zone."""

    start_wall: datetime
    end_wall: datetime
    start_time: datetime
    end_time: datetime
    time_zone: str | None
    is_all_day: bool
    recurrence_rule: str | None
    exdates: list[datetime]
    rdates: list[datetime]
    nominal_days: int = 0
    tzdata_version: str = TZDATA_VERSION


def resolve_times(data: EventWrite, default_zone: str) -> EventTimes:
    """The times of an event. Wall time is read in `data.time_zone`, or in `default_zone`.

    Raises:
        Invalid: the end is before the start, dates are mixed with times, the rule is not one, or too much is asked.
    """
    if data.is_all_day:
        start, end = _all_day(data)
        zone, zone_name = None, None
        start_time, end_time = _as_instant(start), _as_instant(end)
        if end <= start:
            raise Invalid("end_before_start", field="end_time")
    else:
        zone_name = data.time_zone or default_zone
        zone = get_zone(zone_name)
        start, start_time = _timed(data.start_time, zone, "start_time")
        if data.end_time is None:
            raise Invalid("end_required", field="end_time")
        end, end_time = _timed(data.end_time, zone, "end_time")
        if end_time < start_time:
            raise Invalid("end_before_start", field="end_time")
    limit = get_settings().EVENT_MAX_DAYS
    if end_time - start_time > timedelta(days=limit):
        raise Invalid("event_too_long", field="end_time", days=limit)
    rule = _rule(data)
    if data.exdates and rule is None and not data.rdates:
        raise Invalid("exdates_need_rule", field="exdates")
    return EventTimes(
        start_wall=start,
        end_wall=end,
        start_time=start_time,
        end_time=end_time,
        time_zone=zone_name,
        is_all_day=data.is_all_day,
        recurrence_rule=str(rule) if rule else None,
        exdates=_starts(data.exdates, "exdates", start, zone),
        rdates=_starts(data.rdates, "rdates", start, zone),
    )


def check_rdates(times: EventTimes) -> None:
    """Raises Invalid when one of the further starts that a client sent lies before the start; imports may have such."""
    if any(wall <= times.start_wall for wall in times.rdates):
        raise Invalid("rdate_not_after_start", field="rdates")


def checked_series(times: EventTimes, *, start_must_match: bool = True) -> Series:
    """The series of these times, found affordable.

    Args:
        start_must_match: refuse a start that its rule does not make (rule 5); imported series may have one.

    Raises:
        Invalid: the rule is wrong, or makes more occurrences than SERIES_MAX_OCCURRENCES.
    """
    settings = get_settings()
    try:
        series = series_of(times)
        # A series that began long ago has rows from its first occurrence to the horizon.
        age = max(0, (datetime.now(UTC) - times.start_time).days)
        series.check(
            settings.SERIES_MAX_OCCURRENCES, age + settings.OCCURRENCE_HORIZON_DAYS, start_must_match=start_must_match
        )
    except InvalidRule as error:
        raise _refused(error) from error
    except InvalidSeries as error:
        raise Invalid("end_before_start", field="end_time") from error
    except TimeOutOfRange as error:
        raise out_of_range("start_time") from error
    return series


def series_of(times: EventTimes | Event) -> Series:
    """The pure series of stored or resolved times."""
    rule = Rule.parse(times.recurrence_rule) if times.recurrence_rule else None
    if times.time_zone is None:
        return Series(
            start=times.start_wall.date(),
            end=times.end_wall.date(),
            rule=rule,
            exdates=frozenset(exdate.date() for exdate in times.exdates),
            rdates=frozenset(rdate.date() for rdate in times.rdates),
        )
    return Series(
        start=times.start_wall,
        end=times.end_wall,
        zone=get_zone(times.time_zone),
        rule=rule,
        exdates=frozenset(times.exdates),
        rdates=frozenset(times.rdates),
        nominal_days=times.nominal_days,
        start_utc=times.start_time,
        end_utc=times.end_time,
    )


def as_instant(value: date) -> datetime:
    """The instant under which a start is stored: itself, or an all-day date at 00:00 UTC."""
    return value if isinstance(value, datetime) else _as_instant(datetime.combine(value, MIDNIGHT))


def out_of_range(field: str) -> Invalid:
    return Invalid("time_out_of_range", field=field, first="1901-01-01", last="2199-12-31")


def _refused(error: InvalidRule) -> Invalid:
    return Invalid("rule_" + error.code.removeprefix("rule_"), field="recurrence_rule", **error.params)


def _as_instant(midnight: datetime) -> datetime:
    return midnight.replace(tzinfo=UTC)


def _all_day(data: EventWrite) -> tuple[datetime, datetime]:
    start = _midnight(data.start_time, "start_time")
    end = _midnight(data.end_time, "end_time") if data.end_time is not None else start + timedelta(days=1)
    _check_years("end_time", end)
    return start, end


def _midnight(value: date, field: str) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, MIDNIGHT)
    if value.time() != MIDNIGHT:
        raise Invalid("all_day_needs_dates", field=field)
    return value.replace(tzinfo=None)


def _timed(value: date, zone: ZoneInfo, field: str) -> tuple[datetime, datetime]:
    """Wall time and instant of what was sent; seconds are the finest that calendars know."""
    if not isinstance(value, datetime):
        raise Invalid("timed_needs_times", field=field)
    value = value.replace(microsecond=0)
    try:
        instant = wall_to_utc(value, zone) if value.tzinfo is None else value.astimezone(UTC)
        # A wall time inside a gap names a later one that exists.
        wall = utc_to_wall(instant, zone)
    except (TimeOutOfRange, OverflowError) as error:
        raise out_of_range(field) from error
    _check_years(field, wall, instant)
    return wall, instant


def _check_years(field: str, *values: date) -> None:
    """What is stored must be acceptable when it is sent again, in another zone too."""
    if not all(FIRST_YEAR < value.year < LAST_YEAR for value in values):
        raise out_of_range(field)


def _rule(data: EventWrite) -> Rule | None:
    if data.recurrence_rule is None:
        return None
    try:
        return Rule.parse(data.recurrence_rule)
    except InvalidRule as error:
        raise _refused(error) from error


def _starts(sent: list[date], field: str, start: datetime, zone: ZoneInfo | None) -> list[datetime]:
    """Wall times, sorted, of excluded or further starts; a bare date means that day's occurrence (§3.8.5.1, rule 8)."""
    limit = get_settings().SERIES_MAX_EXDATES
    if len(sent) > limit:
        raise Invalid("too_many_exdates" if field == "exdates" else "too_many_rdates", field=field, limit=limit)
    walls = set()
    for value in sent:
        if zone is None:
            walls.add(datetime.combine(value, MIDNIGHT))
        elif isinstance(value, datetime):
            walls.add(_timed(value, zone, field)[0])
        else:
            walls.add(datetime.combine(value, start.time()))
    return sorted(walls)
