"""Queues, what they promise and who works them; categories; saved views."""

from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.models.ticket import TicketPriority, TicketState, TicketType
from app.models.ticket_desk import QueueRight, TicketApprover, TicketAssignment, UnknownSenders
from app.schemas.common import AwareMoment, Email, Input, Instant, Line, Output, Remark, ZoneName, example, partial_of
from app.schemas.discussion import Colleague
from app.schemas.organization import Country
from app.schemas.room_policy import OpeningSpan, OpeningSpanRead
from app.schemas.ticket import EXAMPLE_ID, TicketSort, TicketWords

YEAR_MINUTES = 366 * 24 * 60


class NameSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"


class QueueWrite(Input):
    model_config = example(name="IT desk", email="it@romashka.example", assignment="round_robin")

    name: Line
    description: Remark | None = None
    is_default: StrictBool = Field(False, description="For tickets that name neither a queue nor a category with one")
    is_active: StrictBool = Field(True, description="Off: it gets no new tickets")
    is_for_it: StrictBool = Field(True, description="Whether the whole IT desk works it, besides its members")
    assignment: TicketAssignment = TicketAssignment.MANUAL
    email: Email | None = Field(None, description="Mail to this address becomes a ticket")
    unknown_senders: UnknownSenders = Field(UnknownSenders.IGNORE, description="Of mail from no colleague")
    service_hours: list[OpeningSpan] | None = Field(
        None, max_length=50, description="What promises count in; null: the company's working hours"
    )
    time_zone: ZoneName | None = Field(None, description="Of the service hours; null: the company's")
    holiday_country: Country | None = Field(None, description="Whose holidays are kept; null: the company's")
    reopen_days: int = Field(14, strict=True, ge=0, le=366, description="So long a resolved ticket can be reopened")


QueuePatch = partial_of(QueueWrite, "QueuePatch")


class QueueRead(Output):
    id: UUID
    name: str
    description: str | None
    is_default: bool
    is_active: bool
    is_for_it: bool
    assignment: TicketAssignment
    email: str | None
    unknown_senders: UnknownSenders
    service_hours: list[OpeningSpanRead] | None
    time_zone: str | None
    holiday_country: str | None
    reopen_days: int
    my_right: QueueRight | None = Field(description="What you may do in it; null: ask for something")
    created_at: Instant
    updated_at: Instant
    version: int


class MemberWrite(Input):
    user_id: UUID
    right: QueueRight = QueueRight.WORK
    takes_tickets: StrictBool = Field(True, description="Whether new tickets are given to them")

    @model_validator(mode="after")
    def _works(self) -> Self:
        if self.takes_tickets and self.right is QueueRight.READ:
            raise PydanticCustomError("reader_takes_no_tickets", "Who only reads a queue is given no tickets")
        return self


class MembersWrite(Input):
    model_config = example(members=[{"user_id": EXAMPLE_ID, "right": "work", "takes_tickets": True}])

    members: list[MemberWrite] = Field(max_length=10_000, description="All of them; who is not named is none any more")


class MemberRead(Output):
    user: Colleague
    right: QueueRight
    takes_tickets: bool
    last_given_at: Instant | None


class SlaWrite(Input):
    """What is promised for one priority, in minutes of service hours."""

    priority: TicketPriority
    first_answer_minutes: int | None = Field(None, strict=True, ge=1, le=YEAR_MINUTES)
    resolution_minutes: int | None = Field(None, strict=True, ge=1, le=YEAR_MINUTES)
    warn_minutes: int = Field(0, strict=True, ge=0, le=YEAR_MINUTES, description="So long before, people are told")
    again_minutes: int = Field(0, strict=True, ge=0, le=YEAR_MINUTES, description="So long after it was due, again")

    @model_validator(mode="after")
    def _promises(self) -> Self:
        if self.first_answer_minutes is None and self.resolution_minutes is None:
            raise PydanticCustomError("sla_promises_nothing", "Promise a first answer, a resolution or both")
        return self


class SlasWrite(Input):
    model_config = example(
        slas=[{"priority": "urgent", "first_answer_minutes": 30, "resolution_minutes": 240, "warn_minutes": 15}]
    )

    slas: list[SlaWrite] = Field(max_length=len(TicketPriority), description="All of them, each priority once")

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({one.priority for one in self.slas}) < len(self.slas):
            raise PydanticCustomError("sla_priority_twice", "Name each priority once")
        return self


class QueueSlaRead(Output):
    priority: TicketPriority
    first_answer_minutes: int | None
    resolution_minutes: int | None
    warn_minutes: int
    again_minutes: int


class CategoryWrite(Input):
    model_config = example(name="New laptop", type="request", approval="manager")

    name: Line
    description: Remark | None = None
    queue_id: UUID | None = Field(None, description="Where its tickets go; null: to the default queue")
    type: TicketType | None = None
    priority: TicketPriority | None = None
    approval: TicketApprover = Field(
        TicketApprover.NOBODY, description="Who approves its tickets before they are worked"
    )
    approver_id: UUID | None = Field(None, description="The person; with `manager`, for requesters who have none")
    is_active: StrictBool = True

    @model_validator(mode="after")
    def _has_approver(self) -> Self:
        if self.approval is TicketApprover.PERSON and self.approver_id is None:
            raise PydanticCustomError("approver_missing", "Name who approves")
        return self


CategoryPatch = partial_of(CategoryWrite, "CategoryPatch")


class CategoryRead(Output):
    id: UUID
    name: str
    description: str | None
    queue_id: UUID | None
    type: TicketType | None
    priority: TicketPriority | None
    approval: TicketApprover
    approver: Colleague | None
    is_active: bool
    created_at: Instant
    updated_at: Instant
    version: int


class TicketFilters(Input):
    """Which tickets are wanted; all conditions hold together."""

    q: TicketWords | None = Field(None, description="Words in Russian or English, a number, names of people")
    state: list[TicketState] = Field(default_factory=list, max_length=5)
    is_open: bool | None = Field(None, description="New, open or pending")
    type: list[TicketType] = Field(default_factory=list, max_length=3)
    priority: list[TicketPriority] = Field(default_factory=list, max_length=4)
    queue_id: UUID | None = None
    category_id: UUID | None = None
    requester_id: UUID | None = None
    assignee_id: UUID | None = None
    is_assigned: bool | None = None
    watcher_id: UUID | None = Field(None, description="Yourself, or who watches what you see")
    room_id: UUID | None = None
    department_id: UUID | None = None
    is_overdue: bool | None = Field(None, description="Something promised is late")
    is_mine: bool | None = Field(None, description="What you asked for, watch, approve or were given")
    created_from: AwareMoment | None = None
    created_to: AwareMoment | None = Field(None, description="Exclusive")


class ViewWrite(Input):
    model_config = example(name="Mine, late", filters={"is_open": True, "is_overdue": True}, sort="next_due_at")

    name: Line
    filters: TicketFilters
    sort: TicketSort = TicketSort.CREATED_DESC
    is_shared: StrictBool = Field(False, description="Shown to everybody who works tickets; for those who do")


ViewPatch = partial_of(ViewWrite, "ViewPatch")


class ViewRead(Output):
    id: UUID
    name: str
    owner: Colleague
    filters: dict[str, Any]
    sort: TicketSort
    is_shared: bool
    created_at: Instant
    updated_at: Instant
    version: int


class TicketReportBy(StrEnum):
    STATE = "state"
    QUEUE = "queue"
    CATEGORY = "category"
    PRIORITY = "priority"
    AGE = "age"
    SLA = "sla"
    FIRST_ANSWER = "first_answer"
    PERSON = "person"


class ReportFormat(StrEnum):
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    SVG = "svg"


class TicketReportQuery(Input):
    by: TicketReportBy = TicketReportBy.STATE
    created_from: AwareMoment | None = Field(None, alias="from", description="Tickets made since then; not sent: all")
    created_to: AwareMoment | None = Field(None, alias="to", description="Exclusive")
    queue_id: UUID | None = Field(None, description="Only this one; not sent: all that you work")
    format: ReportFormat = ReportFormat.JSON


class TicketReportItem(Output):
    key: str = Field(description="A state, an id, or for `age` and `first_answer` the bucket")
    name: str | None
    count: int
    open: int
    kept: int = Field(description="Resolutions promised and kept; of `first_answer`, first answers")
    broken: int = Field(description="Promised and not kept, or late by now")
    kept_share: float | None
    first_answer_minutes: float | None = Field(description="Minutes of the clock until the first answer, the median")
    resolution_hours: float | None = Field(description="Hours of the clock until it was resolved, the median")


class TicketReportRead(Output):
    by: TicketReportBy
    start: Instant
    end: Instant
    total: int
    items: list[TicketReportItem]


class TicketQuery(TicketFilters):
    """The same, of a saved view, in pages."""

    view_id: UUID | None = Field(None, description="A saved view; what is asked for besides takes the place of its own")
    sort: TicketSort | None = Field(None, description="Not sent: as the view has it, else the newest first")
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class TicketExportQuery(TicketFilters):
    view_id: UUID | None = None
    format: Literal[ReportFormat.CSV, ReportFormat.XLSX] = ReportFormat.CSV
