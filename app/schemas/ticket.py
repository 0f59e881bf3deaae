"""Tickets as clients send and see them."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from app.models.ticket import (
    TicketApproval,
    TicketLinkKind,
    TicketPriority,
    TicketSource,
    TicketState,
    TicketType,
)
from app.schemas.common import (
    AwareMoment,
    Input,
    Instant,
    Line,
    LongLine,
    LongText,
    Output,
    Remark,
    example,
    partial_of,
)
from app.schemas.discussion import Colleague

Reason = Annotated[Remark | None, Field(description="Why; it stands in the history, for everybody who sees the ticket")]
EXAMPLE_ID = "01998f3e-6a00-7c4e-9d2b-5f1c3a7e8b90"


class TicketSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"
    UPDATED = "updated_at"
    UPDATED_DESC = "-updated_at"
    DUE = "next_due_at"
    PRIORITY_DESC = "-priority"


class TicketCreate(Input):
    """A ticket. What is not said, its category says, or the queue."""

    model_config = example(title="The projector shows no picture", type="incident", room_id=EXAMPLE_ID)

    title: Line
    body: LongText = ""
    type: TicketType | None = Field(None, description="Not sent: as the category says, else a request")
    priority: TicketPriority | None = Field(None, description="Not sent: as the category says, else normal")
    category_id: UUID | None = None
    queue_id: UUID | None = Field(None, description="Not sent: the category's queue, else the company's default one")
    requester_id: UUID | None = Field(None, description="For whom; only those who work the queue name somebody else")
    room_id: UUID | None = None
    equipment_id: UUID | None = Field(
        None, description="A thing in the room. Of an incident, one counts as out of order"
    )
    event_id: UUID | None = Field(None, description="An event that you see")
    department_id: UUID | None = Field(None, description="Not sent: the requester's")


class TicketChanges(Input):
    """Those who work the ticket change all; its requester only the state."""

    model_config = example(state="pending", pending_reason="The lamp is ordered", pending_until="2027-03-22T09:00:00Z")

    title: Line
    body: LongText
    type: TicketType
    priority: TicketPriority
    category_id: UUID | None
    queue_id: UUID
    assignee_id: UUID | None
    requester_id: UUID
    room_id: UUID | None
    equipment_id: UUID | None
    event_id: UUID | None
    department_id: UUID | None
    state: TicketState
    pending_reason: LongLine = Field(description="What a pending ticket waits for")
    pending_until: AwareMoment = Field(description="When it wakes up by itself")
    reason: Reason


TicketPatch = partial_of(TicketChanges, "TicketPatch")


class TicketBulk(Input):
    """The same change of several tickets."""

    model_config = example(ticket_ids=[EXAMPLE_ID], changes={"assignee_id": EXAMPLE_ID, "reason": "Shift change"})

    ticket_ids: list[UUID] = Field(min_length=1, max_length=1000)
    changes: TicketPatch  # type: ignore[valid-type]


class BulkItem(Output):
    ticket_id: UUID
    outcome: Literal["changed", "refused"]
    code: str | None = Field(None, description="Why it was refused, a constant for programs")
    detail: str | None = None


class BulkRead(Output):
    """What became of each: those that were refused are as they were."""

    items: list[BulkItem]
    dry_run: bool


class TicketMerge(Input):
    model_config = example(into_id=EXAMPLE_ID)

    into_id: UUID = Field(description="The ticket that goes on")
    reason: Reason = None


class TicketDecision(Input):
    model_config = example(is_approved=True)

    is_approved: StrictBool
    reason: Reason = None


class TicketLinkWrite(Input):
    model_config = example(kind="blocks", ticket_id=EXAMPLE_ID)

    kind: TicketLinkKind = Field(description="What this ticket is to the other one")
    ticket_id: UUID


class Named(Output):
    id: UUID
    name: str


class Requester(Output):
    """A colleague, or somebody outside, who has no id."""

    id: UUID | None
    full_name: str | None
    email: str


class TicketItem(Output):
    """A ticket in a list."""

    id: UUID
    number: int
    title: str
    type: TicketType
    priority: TicketPriority
    state: TicketState
    queue: Named
    category: Named | None
    requester: Requester
    assignee: Colleague | None
    room_id: UUID | None
    department_id: UUID | None
    pending_until: Instant | None
    approval: TicketApproval | None
    first_answered_at: Instant | None
    first_answer_due_at: Instant | None
    resolution_due_at: Instant | None
    resolved_at: Instant | None
    created_at: Instant
    updated_at: Instant
    version: int


class TicketRead(TicketItem):
    body: str
    folded: str | None = Field(description="What its mail quoted below itself, and the signature")
    source: TicketSource
    equipment_id: UUID | None
    event_id: UUID | None
    pending_reason: str | None
    approver: Colleague | None
    closed_at: Instant | None
    reopened_count: int
    merged_into_id: UUID | None
    watchers: list[Colleague]
    may_work: bool = Field(description="Whether you work it; else you are its requester, approver or watcher")


class TicketChangeRead(Output):
    id: UUID
    field: str
    before: str | None
    after: str | None
    actor: Colleague | None = Field(description="Null: the system, for the cause, or somebody outside")
    cause: str | None
    reason: str | None
    created_at: Instant


class LinkedTicket(Output):
    id: UUID
    kind: TicketLinkKind
    is_outgoing: bool = Field(description="Whether this ticket is that to the other; false: the other is that to it")
    ticket: TicketItem


class BoardColumn(Output):
    state: TicketState
    count: int = Field(description="All in this state; beyond 1000 it says 1000")
    items: list[TicketItem]
    has_more: bool


class BoardRead(Output):
    columns: list[BoardColumn]


class PausedTime(Output):
    state: TicketState
    start: Instant
    end: Instant | None


class SkippedDay(Output):
    day: str
    name: str


class PromiseRead(Output):
    """One promise: how long, by when, and how it stands."""

    minutes: int | None = Field(description="Promised, in service hours; null: nothing is")
    state: Literal["none", "running", "paused", "kept", "broken", "breached"] = Field(
        description="`breached`: still not done, and late; `broken`: done too late"
    )
    due_at: Instant | None = Field(description="Null while the clock stands, unless it was late before")
    done_at: Instant | None
    left_minutes: int | None = Field(description="Service minutes that are left, below zero beyond the promise")


class SlaRead(Output):
    """What is due when, and why: the hours that count, the days that do not, and when the clock stood."""

    queue: Named
    priority: TicketPriority
    time_zone: str
    first_answer: PromiseRead
    resolution: PromiseRead
    served_minutes: int = Field(description="Service minutes that have counted so far")
    service_hours: list[dict[str, Any]]
    days_off: list[SkippedDay]
    days_worked: list[SkippedDay]
    pauses: list[PausedTime]


class OtherRoom(Output):
    """A room that has what is out of order, free at the time of a meeting."""

    id: UUID
    name: str


class TouchedMeeting(Output):
    event_id: UUID
    title: str | None = Field(description="Null where you do not read its details")
    start_time: Instant
    end_time: Instant
    rooms: list[OtherRoom]


TicketWords = Annotated[str, StringConstraints(min_length=1, max_length=200)]
