"""What a change of an event would do: the answer to dry_run."""

from enum import StrEnum
from typing import Generic, Literal, TypeVar
from uuid import UUID

from app.schemas.common import DateOrInstant, Instant, Output
from app.schemas.event import EventRead

Item = TypeVar("Item")


class Listed(Output, Generic[Item]):
    """How many there are, and the first of them."""

    count: int
    items: list[Item]


class OccurrenceTimes(Output):
    original_start: DateOrInstant
    start_time: DateOrInstant
    end_time: DateOrInstant


class MovedOccurrence(OccurrenceTimes):
    """An occurrence at its new time, and where it was."""

    old_start_time: DateOrInstant
    old_end_time: DateOrInstant


class RoomTime(Output):
    """A room for one occurrence, buffers included."""

    room_id: UUID
    booked_from: Instant
    booked_to: Instant


class ResetResponse(Output):
    """Somebody who had answered and is asked again: for the whole series, or for one occurrence."""

    original_start: DateOrInstant | None
    user_id: UUID | None
    department_id: UUID | None
    email: str | None


class Why(StrEnum):
    """Why somebody is told."""

    INVITED = "invited"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    # A participant answered: for the organizer.
    ANSWERED = "answered"
    # The host declined the time that this participant had proposed.
    PROPOSAL_DECLINED = "proposal_declined"


class PersonTold(Output):
    """Somebody who is told: a colleague, or a guest from outside."""

    why: Why
    user_id: UUID | None
    email: str
    name: str | None


class ChangesRead(Output):
    """What would happen. `event` is what the answer to the real request would be; null when it is deleted."""

    dry_run: Literal[True] = True
    event: EventRead | None
    occurrences_added: Listed[OccurrenceTimes]
    occurrences_moved: Listed[MovedOccurrence]
    occurrences_removed: Listed[OccurrenceTimes]
    rooms_won: Listed[RoomTime]
    rooms_lost: Listed[RoomTime]
    responses_reset: Listed[ResetResponse]
    people_told: Listed[PersonTold]
