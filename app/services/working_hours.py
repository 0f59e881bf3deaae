"""When people work: the company's working days and hours, in each person's own zone."""

from datetime import datetime

from app.calendaring.free_busy import Span, merged
from app.calendaring.periods import working_time
from app.calendaring.zones import get_zone
from app.models.organization import Organization


def working_spans(organization: Organization, zone: str, start: datetime, end: datetime) -> tuple[Span, ...]:
    """The working time of somebody in `zone` within [start, end), UTC: merged, in seconds since 1970."""
    weekdays = frozenset(organization.working_days)
    hours = working_time(start, end, get_zone(zone), weekdays, organization.workday_start, organization.workday_end)
    return tuple(merged((int(opens.timestamp()), int(closes.timestamp())) for opens, closes in hours))
