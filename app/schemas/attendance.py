"""What participants answer and set for themselves, and where people are invited to a series."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.models.event import Transparency
from app.models.participant import ParticipantResponse
from app.schemas.common import DateOrMoment, Email, Input, Remark, example
from app.schemas.event import WriteQuery


class AnswerWrite(Input):
    """An answer to an invitation, with a comment and another time if that suits better."""

    model_config = example(
        response="tentative",
        comment="Лучше после обеда",
        proposed_start="2027-03-22T15:00:00",
        proposed_end="2027-03-22T16:00:00",
    )

    response: ParticipantResponse
    comment: Remark | None = None
    proposed_start: DateOrMoment | None = Field(
        None, description="Wall time is read in the event's zone. Of an all-day event, a date"
    )
    proposed_end: DateOrMoment | None = Field(None, description="Exclusive")

    @model_validator(mode="after")
    def _proposal_is_whole(self) -> Self:
        if (self.proposed_start is None) != (self.proposed_end is None):
            raise PydanticCustomError("proposal_is_whole", "Send proposed_start and proposed_end together")
        return self


class OwnWrite(Input):
    """What a participant sets for themselves only."""

    model_config = example(transparency="transparent")

    transparency: Transparency | None = Field(description="Whether this event makes me busy; null: as the event says")


class AnswerQuery(WriteQuery):
    """What is answered: an event, a whole series, or with `occurrence` one of it."""

    occurrence: DateOrMoment | None = Field(
        None,
        examples=["2027-03-29T09:00:00"],
        description="The original start of an occurrence; naive times are read in the event's zone",
    )


class OccurrenceScope(StrEnum):
    """Which occurrences of a series people are invited to, or taken out of."""

    THIS = "this"
    ALL = "all"


class GuestsQuery(AnswerQuery):
    """Which occurrences of a series people are invited to, or taken out of."""

    scope: OccurrenceScope | None = Field(None, description="Not sent: this where an occurrence is named, else all")


class OutsideAnswerQuery(AnswerQuery):
    """Whose proposal it is, and for which occurrence."""

    email: Email = Field(description="The address of a guest from outside", examples=["guest@firm.example"])


class OutsideGuestQuery(GuestsQuery):
    email: Email = Field(description="The address of a guest from outside", examples=["guest@firm.example"])
