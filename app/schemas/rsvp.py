"""Invitations as whoever has their link sees them."""

from typing import Literal

from app.models.participant import ParticipantResponse
from app.schemas.common import DateOrInstant, Input, Output, Remark


class RsvpWrite(Input):
    """What the form of the page says."""

    response: Literal["accepted", "tentative", "declined"]
    comment: Remark | None = None


class RsvpRead(Output):
    """An invitation, and what its holder has answered. Nothing of other guests is in it."""

    title: str
    start_time: DateOrInstant
    end_time: DateOrInstant
    is_all_day: bool
    time_zone: str
    repeats: str | None
    location: str | None
    room: str | None
    organizer: str
    email: str
    response: ParticipantResponse
    comment: str | None
    occurrence: DateOrInstant | None
