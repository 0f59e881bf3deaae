"""Search in events."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.models.event import EventStatus
from app.schemas.common import DateOrInstant, DateOrMoment, Input, Output, ZoneName


class EventSearchQuery(Input):
    """What is searched for: all words, the last one also as a beginning; words in quotes next to each other."""

    q: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(examples=['планёрка "third floor"'])
    start: DateOrMoment | None = Field(None, alias="from", description="Only what takes place from here on")
    end: DateOrMoment | None = Field(None, alias="to", description="Exclusive")
    time_zone: ZoneName | None = Field(
        None, description="IANA zone of naive times and of all-day dates; yours when not sent"
    )
    calendar_id: UUID | None = None
    organizer_id: UUID | None = None
    participant_id: UUID | None = Field(None, description="Invited, alone or with a department")
    room_id: UUID | None = None
    has_attachments: bool | None = None
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class EventHitRead(Output):
    """An event or a series, once, with its next occurrence from now on, or the last one.

    `id` is the row that fits best: the event, the series, or an instance that differs, whose series is `series_id`.
    `rank` is higher for what fits better and lies nearer in time; `snippet` is plain text.
    """

    id: UUID
    series_id: UUID | None
    title: str
    snippet: str | None
    location: str | None
    start_time: DateOrInstant
    end_time: DateOrInstant
    time_zone: str | None
    is_all_day: bool
    is_recurring: bool
    status: EventStatus
    calendar_id: UUID
    organizer_id: UUID
    room_id: UUID | None
    rank: int
