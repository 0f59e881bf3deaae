"""Events and their occurrences."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from app.models.booking import BookingReason, BookingState
from app.models.event import EventStatus, Transparency, Visibility
from app.models.room_policy import RoomRule
from app.schemas.common import (
    DateOrInstant,
    DateOrMoment,
    Input,
    Instant,
    LongLine,
    LongText,
    Output,
    ZoneName,
    example,
    partial_of,
)
from app.schemas.participant import ParticipantRead, ParticipantWrite

RuleText = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class EventWrite(Input):
    """A whole event.

    Times are ISO 8601: with an offset, or wall time that is read in `time_zone`. An all-day event has dates; its
    end is exclusive. Of a series, the times are those of the first occurrence.
    """

    model_config = example(
        title="Планёрка",
        start_time="2027-03-22T09:00:00",
        end_time="2027-03-22T10:00:00",
        time_zone="Europe/Berlin",
        recurrence_rule="FREQ=WEEKLY;BYDAY=MO",
    )

    title: LongLine
    description: LongText | None = None
    start_time: DateOrMoment = Field(examples=["2027-03-22T09:00:00"])
    end_time: DateOrMoment | None = Field(
        None, examples=["2027-03-22T10:00:00"], description="Exclusive. All-day: one day when not sent"
    )
    time_zone: ZoneName | None = Field(
        None, examples=["Europe/Berlin"], description="IANA name. Not sent: your own zone"
    )
    location: LongLine | None = None
    calendar_id: UUID | None = Field(None, description="Not sent: your first calendar, or where the event lies")
    room_id: UUID | None = None
    is_all_day: bool = False
    recurrence_rule: RuleText | None = Field(
        None,
        examples=["FREQ=WEEKLY;BYDAY=MO"],
        description="RRULE of RFC 5545, DAILY to YEARLY, with SKIP of RFC 7529. When the event moves to another day, "
        "the rule that is stored follows",
    )
    exdates: list[DateOrMoment] = Field(
        default_factory=list,
        max_length=5000,
        description="Starts of occurrences that do not take place. Not sent with a change: as they are",
    )
    rdates: list[DateOrMoment] = Field(
        default_factory=list,
        max_length=5000,
        description="Starts of further occurrences. Not sent with a change: as they are",
    )
    status: EventStatus = EventStatus.CONFIRMED
    visibility: Visibility = Field(
        Visibility.DEFAULT,
        description="Who reads the details; for all others the time is busy. private: who may write in the calendar; "
        "confidential: its owner only; and always the organizer and who takes part",
    )
    transparency: Transparency = Field(Transparency.OPAQUE, description="Whether it makes people busy")
    guests_can_see_guests: StrictBool = True
    guests_can_invite: StrictBool = False
    guests_can_change: StrictBool = False
    participants: list[ParticipantWrite] | None = Field(None, max_length=5000, description="Not sent: as they are")


EventPatch = partial_of(EventWrite, "EventPatch")


class EventRead(Output):
    """A single event, a series, or one occurrence of it.

    `series_id` and `original_start` are there for one occurrence: which series it belongs to, and the start by which
    the series knows it, wherever it was moved.
    """

    id: UUID
    series_id: UUID | None
    original_start: DateOrInstant | None
    title: str
    description: str | None
    start_time: DateOrInstant
    end_time: DateOrInstant
    time_zone: str | None
    location: str | None
    calendar_id: UUID
    organizer_id: UUID
    sent_by_id: UUID | None = Field(description="The delegate who made or last changed it for the organizer")
    organizer_email: str | None = Field(description="The organizer elsewhere of an event that was imported")
    organizer_name: str | None
    room_id: UUID | None
    room_state: BookingState | None = Field(
        description="Whether a single event, or one occurrence, has the room that it asks for. Null for a series: its "
        "occurrences may differ, see room-report"
    )
    is_all_day: bool
    is_recurring: bool
    recurrence_rule: str | None
    exdates: list[DateOrInstant]
    rdates: list[DateOrInstant]
    status: EventStatus
    visibility: Visibility
    transparency: Transparency
    guests_can_see_guests: bool
    guests_can_invite: bool
    guests_can_change: bool
    uid: str
    related_to: str | None = Field(description="The uid of the series that this one was split off")
    participants: list[ParticipantRead] = Field(
        description="Where guests do not see each other: yourself and the organizer"
    )
    participants_count: int = Field(description="How many people take part, those of departments included")
    room_report: "RoomReport | None" = Field(
        None, description="What became of the room, occurrence by occurrence: in the answer to a write that booked"
    )
    created_at: Instant
    updated_at: Instant
    version: int


class OccurrenceRoomRead(Output):
    """What one occurrence has of the room that it asks for; `reason` says why it has none."""

    original_start: DateOrInstant
    start_time: DateOrInstant
    end_time: DateOrInstant
    room_id: UUID
    state: BookingState
    reason: BookingReason | None
    request_id: UUID | None = Field(description="The request that an approver decides about")


class BrokenRuleRead(Output):
    """A rule of a room that a booking breaks: what it asks for, and what would be allowed."""

    rule: RoomRule
    room_id: UUID
    original_start: Instant | None = Field(description="Null: all occurrences")
    start_time: Instant | None
    end_time: Instant | None
    value: Any
    allowed: Any


class RoomReport(Output):
    """What became of the rooms of an event: every occurrence, and how many there are in each state."""

    counts: dict[BookingState, int]
    warnings: list[BrokenRuleRead]
    occurrences: list[OccurrenceRoomRead]


class Scope(StrEnum):
    """Which occurrences of a series a change is about."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


class Notify(StrEnum):
    """Who is told of a change (rule 18)."""

    ALL = "all"
    OUTSIDE = "outside"
    NOBODY = "nobody"


class TellQuery(Input):
    """Whether an event is really written, and who is told."""

    dry_run: bool = Field(False, description="Answer what would happen. Nothing is changed, and nobody is told")
    notify: Notify = Field(Notify.ALL, description="Who is told: all, only guests from outside, nobody")


class WriteQuery(TellQuery):
    """How an event is written."""

    room_clashes_percent: int = Field(
        0,
        ge=0,
        le=100,
        description="How many of the occurrences may go without their room where it is taken or a rule forbids it. "
        "0: the room for all or nothing is written; 100: whatever clashes is skipped",
    )


class ChangeQuery(WriteQuery):
    """How an event is changed, and which occurrences of a series."""

    scope: Scope | None = Field(
        None, description="Not sent: this where an occurrence is named, else all. following: this and those after it"
    )
    occurrence: DateOrMoment | None = Field(
        None,
        examples=["2027-03-29T09:00:00"],
        description="The original start of an occurrence; naive times are read in the event's zone",
    )


class OccurrenceQuery(Input):
    """What a list of occurrences is asked for. One model, since each parameter by itself costs the hot list more."""

    start: DateOrMoment = Field(alias="from", examples=["2027-03-22"])
    end: DateOrMoment = Field(alias="to", examples=["2027-03-29"], description="Exclusive")
    time_zone: ZoneName | None = Field(
        None, description="IANA zone of naive times and of all-day dates; yours when not sent"
    )
    calendar_id: UUID | None = None
    room_id: UUID | None = None
    status: list[EventStatus] = Field(
        default_factory=list, max_length=3, description="Repeat it for several. Not sent: confirmed and tentative"
    )
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class OccurrenceRead(Output):
    """One instance in a list. `id` is the event that describes it, `original_start` names it in its series.

    Where you may know only that the time is taken, `is_details_hidden` is true, and the texts and the room are null.
    """

    id: UUID
    series_id: UUID | None = Field(description="The series, of an occurrence of one; to change it, name both")
    title: str | None
    description: str | None
    start_time: DateOrInstant
    end_time: DateOrInstant
    original_start: DateOrInstant
    time_zone: str | None
    location: str | None
    calendar_id: UUID
    organizer_id: UUID
    room_id: UUID | None
    room_state: BookingState | None = Field(
        description="Null without a room, and beyond the horizon up to which rooms are booked"
    )
    is_all_day: bool
    is_recurring: bool
    status: EventStatus
    transparency: Transparency
    is_details_hidden: bool


class ClashRead(Output):
    """A wanted occurrence, and the booking that is in its way. `title` only where you may see that event."""

    room_id: UUID
    original_start: Instant
    start_time: Instant
    end_time: Instant
    booked_from: Instant
    booked_to: Instant
    event_id: UUID | None
    title: str | None
    alternatives: list["FreeRoomRead"] = Field(description="Free then, and most like it: size, equipment, place")


class FreeRoomRead(Output):
    """A room that is free for every wanted occurrence."""

    id: UUID
    name: str
    capacity: int
    location: str | None
