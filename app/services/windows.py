"""Windows of time that people ask about, and the bounds of what may be asked."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from app.calendaring.zones import TimeOutOfRange, get_zone, utc_to_wall, wall_to_utc
from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.base import now
from app.models.event import EventStatus
from app.services.event_times import out_of_range

TAKING_PLACE = (EventStatus.CONFIRMED, EventStatus.TENTATIVE)


@dataclass(frozen=True, slots=True)
class Window:
    """Which occurrences are asked for: those that overlap [start, end), both UTC.

    All-day occurrences are compared with the dates that the window covers in `zone`, the viewer's (rule 7).
    """

    start: datetime
    end: datetime
    zone: str
    calendar_id: UUID | None = None
    room_id: UUID | None = None
    statuses: tuple[EventStatus, ...] = field(default=TAKING_PLACE)

    @property
    def start_day(self) -> datetime:
        return utc_to_wall(self.start, get_zone(self.zone)).replace(tzinfo=UTC)

    @property
    def end_day(self) -> datetime:
        return utc_to_wall(self.end, get_zone(self.zone)).replace(tzinfo=UTC)


def resolve_moment(value: date, zone_name: str, field_name: str) -> datetime:
    """The instant that a bound of a window means: as sent, or wall time or midnight in the zone.

    Raises:
        Invalid: it lies outside what can be represented.
    """
    try:
        if not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - wall time, read in the zone
        if value.tzinfo is None:
            return wall_to_utc(value, get_zone(zone_name))
        return value.astimezone(UTC)
    except (TimeOutOfRange, OverflowError) as error:
        raise out_of_range(field_name) from error


def check_window(start: datetime, end: datetime) -> None:
    """Raises Invalid when the window is empty, or wider than EVENTS_WINDOW_MAX_DAYS."""
    if end <= start:
        raise Invalid("window_needs_order", field="from")
    days = get_settings().EVENTS_WINDOW_MAX_DAYS
    if end - start > timedelta(days=days):
        raise Invalid("window_too_wide", field="to", days=days)


def check_bookable(start: datetime, field_name: str) -> None:
    """Raises Invalid when a booking from `start` on lies beyond what can be booked ahead."""
    if start >= horizon():
        raise Invalid("room_beyond_horizon", field=field_name, days=get_settings().OCCURRENCE_HORIZON_DAYS)


def horizon() -> datetime:
    """Up to where occurrences have rows and rooms can be booked: OCCURRENCE_HORIZON_DAYS from now.

    Midnight UTC, so that the bound of an all-day series, a date, is exactly the same.
    """
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=get_settings().OCCURRENCE_HORIZON_DAYS)
