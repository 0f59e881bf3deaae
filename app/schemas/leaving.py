"""What people leave behind when they go, and who takes it over."""

from typing import Generic, TypeVar
from uuid import UUID

from pydantic import Field, StrictBool

from app.schemas.common import Input, Instant, Output, example

Item = TypeVar("Item")


class LeavingWrite(Input):
    model_config = example(successor_id="0190a0d8-0000-7000-8000-000000000000", dry_run=True)

    successor_id: UUID | None = Field(
        description="An active colleague; null only where the preview says that none is needed"
    )
    dry_run: StrictBool = Field(False, description="Do everything, answer the same, keep nothing")


class Left(Output, Generic[Item]):
    """How many there are, and the first of them."""

    count: int
    items: list[Item]


class CalendarLeft(Output):
    id: UUID
    name: str | None = Field(description="Null unless you see the calendar")
    is_public: bool


class CalendarsLeft(Left[CalendarLeft]):
    public: int = Field(description="How many of the count the company sees")


class MeetingLeft(Output):
    id: UUID
    title: str | None = Field(description="Null unless you see the event")
    next_start: Instant | None = Field(description="Of the next occurrence; an all-day one at 00:00 UTC of its date")
    is_all_day: bool
    is_recurring: bool
    room_id: UUID | None


class MeetingsLeft(Left[MeetingLeft]):
    series: int = Field(description="How many of the count are series")


class RoomLeft(Output):
    id: UUID
    name: str
    bookings: int = Field(description="Ahead, in this room, for meetings that the person organizes")


class RoomsLeft(Left[RoomLeft]):
    bookings: int


class DepartmentLeft(Output):
    id: UUID
    name: str


class ReportLeft(Output):
    id: UUID
    full_name: str | None
    email: str


class InvitationLeft(Output):
    id: UUID
    email: str


class TicketLeft(Output):
    id: UUID
    number: int
    title: str


class AppointmentKindLeft(Output):
    id: UUID
    name: str


class LeavingPreview(Output):
    user_id: UUID
    is_active: bool
    calendars: CalendarsLeft
    meetings: MeetingsLeft = Field(description="That they organize and that are not over; a series counts once")
    rooms: RoomsLeft
    departments: Left[DepartmentLeft] = Field(description="That they head")
    reports: Left[ReportLeft] = Field(description="Active people who report to them directly")
    tickets: Left[TicketLeft] = Field(description="Open ones that they work")
    appointment_kinds: Left[AppointmentKindLeft] = Field(
        description="That they offer. Who hosts them stays; whoever left cannot be booked"
    )
    invitations: Left[InvitationLeft] = Field(description="Open ones; they stay good")
    delegations: int = Field(description="Given and got; nobody acts by them until an undo brings the person back")
    needs_successor: bool = Field(description="Others depend on a meeting, department, report or public calendar")


class HandoverRead(Output):
    """One leaving. The numbers are of things that changed hands."""

    id: UUID | None = Field(description="Null after a dry run")
    user_id: UUID
    successor_id: UUID | None
    made_by: UUID | None
    created_at: Instant
    undone_at: Instant | None = None
    dry_run: bool = False
    calendars: int = 0
    meetings: int = 0
    departments: int = 0
    reports: int = Field(0, description="People who got another manager")
    tickets: int = 0
    appointment_kinds: int = 0


class ChangedItem(Output):
    """Something of a handover that is no longer as the handover left it."""

    object_type: str
    object_id: UUID
    field: str
    is_deleted: bool
