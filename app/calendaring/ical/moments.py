"""Written dates and times with the zone they are in (RFC 5545 §3.3.5)."""

from datetime import date, datetime
from typing import NamedTuple

from app.calendaring.ical.content_lines import ContentLine
from app.calendaring.ical.context import Context
from app.calendaring.ical.foreign_zones import UTC_ZONE, Zone
from app.calendaring.ical.values import Moment, parse_moment


class ZonedMoment(NamedTuple):
    """A date without a zone, or a naive wall time in one."""

    value: date
    zone: Zone | None

    def instant(self) -> datetime:
        """The aware UTC instant; of a date, its midnight in UTC. Raises TimeOutOfRange."""
        if isinstance(self.value, datetime) and self.zone is not None:
            return self.zone.to_utc(self.value)
        return UTC_ZONE.to_utc(datetime(self.value.year, self.value.month, self.value.day))  # noqa: DTZ001


def read_moment(line: ContentLine, context: Context) -> ZonedMoment:
    """The value of a line such as DTSTART. Raises InvalidValue."""
    return in_zone(parse_moment(line.value), line, context)


def in_zone(moment: Moment, line: ContentLine, context: Context) -> ZonedMoment:
    """A moment with the zone that its line names; UTC wins over a TZID, and without a TZID it floats.

    Other times of an event whose start names a zone float with the start.
    """
    if not isinstance(moment.value, datetime):
        return ZonedMoment(moment.value, None)
    if moment.is_utc:
        return ZonedMoment(moment.value, UTC_ZONE)
    tzid = line.parameter("TZID")
    if not tzid:
        return ZonedMoment(moment.value, context.start_zone or context.zones.floating)
    zone = context.zones.resolve(tzid, moment.value.year)
    if zone.is_guess:
        zone = context.start_zone or zone
        context.report("zone_unknown", line.number, zone=tzid[:100], used=zone.name)
    return ZonedMoment(moment.value, zone)
