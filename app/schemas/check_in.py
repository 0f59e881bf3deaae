"""Check-in: what is sent to use a room, give it back or keep it, and the figures of rooms that nobody came to."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.models.booking import BookingState
from app.schemas.common import DateOrMoment, Input, Instant, Output, example

RoomCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class CheckInWrite(Input):
    """Who takes part in the meeting needs no code; any other colleague sends the one on the panel at the door."""

    model_config = example(code="493027")

    code: RoomCode | None = Field(None, description="From the panel at the door; it changes every few minutes")


class ExtendWrite(CheckInWrite):
    model_config = example(minutes=15)

    minutes: int = Field(ge=1, le=24 * 60, description="How much longer than until now")


class RoomUseRead(Output):
    """A booking of a room, and how the room is really used."""

    id: UUID
    room_id: UUID
    state: BookingState
    start_time: Instant = Field(validation_alias="starts_at")
    end_time: Instant = Field(validation_alias="ends_at", description="As it was booked")
    used_until: Instant | None = Field(description="Where the meeting ended early, or stays longer than it was booked")
    checked_in_at: Instant | None


class NoShowsQuery(Input):
    """Whose bookings, and when."""

    start: DateOrMoment = Field(alias="from", examples=["2027-03-01"], description="In the company's time zone")
    end: DateOrMoment = Field(alias="to", examples=["2027-04-01"], description="Exclusive")
    department_id: UUID | None = Field(None, description="Organizers of it and of all departments below it")
    limit: int = Field(100, ge=1, le=1000, description="Organizers at most, those with most unused bookings")


class NoShowsItem(Output):
    """Of one organizer."""

    user_id: UUID
    name: str
    bookings: int = Field(description="That needed check-in and have begun")
    no_shows: int = Field(description="Of these, released because nobody checked in")
    share: float = Field(description="Of no-shows in bookings, 0 to 1")


class NoShowsReport(Output):
    model_config = ConfigDict(
        from_attributes=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    time_zone: str
    total: int = Field(description="Organizers, also those beyond `limit`")
    items: list[NoShowsItem]
