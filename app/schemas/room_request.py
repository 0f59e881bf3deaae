"""Requests for rooms, which approvers decide about."""

from enum import StrEnum
from uuid import UUID

from app.models.booking import BookingReason, BookingState, RequestState
from app.schemas.common import Input, Instant, Output, Remark, example
from app.schemas.event import BrokenRuleRead
from app.schemas.event_preview import Listed


class RequestBox(StrEnum):
    """Whose requests are listed."""

    TO_DECIDE = "to_decide"
    MINE = "mine"


class RequestSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class DecisionWrite(Input):
    model_config = example(comment="Please take the small room for two people")

    comment: Remark | None = None


class RequestedRoomRead(Output):
    id: UUID
    name: str


class RequesterRead(Output):
    id: UUID
    name: str | None


class RequestedEventRead(Output):
    id: UUID
    title: str


class RequestedTimeRead(Output):
    """One occurrence for which the room is asked, and what has become of it."""

    start_time: Instant
    end_time: Instant
    state: BookingState
    reason: BookingReason | None


class RoomRequestRead(Output):
    """What somebody asks of a room's approvers: the room for one occurrence of an event, or for many."""

    id: UUID
    state: RequestState
    room: RequestedRoomRead
    requested_by: RequesterRead
    # Only for those who read the event.
    event: RequestedEventRead | None
    # The first and the number of those that still belong to the request; null when the event has let go of them all.
    start_time: Instant | None
    end_time: Instant | None
    occurrences_count: int
    broken: Listed[BrokenRuleRead]
    created_at: Instant
    expires_at: Instant
    decided_by_id: UUID | None
    decided_at: Instant | None
    comment: str | None
    version: int


class RoomRequestDetails(RoomRequestRead):
    """A request with its occurrences, in order of time. `dry_run`: what a decision would make of it."""

    dry_run: bool = False
    occurrences: Listed[RequestedTimeRead]
