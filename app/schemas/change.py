"""The change feed."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from app.models.event import EventStatus, Transparency
from app.schemas.calendar import CalendarRead
from app.schemas.common import DateOrInstant, Instant, Output
from app.schemas.event import EventRead

# Departments and walks that are under way stand in the cursor; a chart may be fifty levels deep.
CURSOR_MAX_LENGTH = 8000


class BusyEventRead(Output):
    """An event of which only the time may be known."""

    id: UUID
    series_id: UUID | None
    original_start: DateOrInstant | None
    title: None = None
    calendar_id: UUID
    start_time: DateOrInstant
    end_time: DateOrInstant
    time_zone: str | None
    is_all_day: bool
    is_recurring: bool
    recurrence_rule: str | None
    exdates: list[DateOrInstant]
    rdates: list[DateOrInstant]
    transparency: Transparency
    status: EventStatus


class ChangeRead(Output):
    """A calendar or an event as it is now, or that it is gone for you (`deleted`)."""

    type: Literal["calendar", "event"]
    id: UUID
    deleted: bool = Field(description="Of a calendar: its events are gone with it, but for those that follow")
    calendar_id: UUID | None = Field(None, description="Null where something is deleted")
    version: int | None = Field(None, description="As in the ETag; null where it is deleted or its details are hidden")
    changed_at: Instant
    is_details_hidden: bool = False
    calendar: CalendarRead | None = None
    event: EventRead | BusyEventRead | None = None


class ChangePage(Output):
    """What changed, in order. Keep `cursor` and ask with it the next time; at once if `has_more`."""

    items: list[ChangeRead]
    cursor: str
    has_more: bool
