"""Who takes part in an event."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.models.event import Transparency
from app.models.participant import ParticipantResponse, ParticipantRole
from app.schemas.common import DateOrInstant, Email, Input, Line, Output


class ParticipantWrite(Input):
    """A colleague, a whole department, or a guest from outside by e-mail: exactly one of them."""

    user_id: UUID | None = None
    department_id: UUID | None = Field(None, description="Whoever is in it or below it")
    email: Email | None = Field(None, description="A guest from outside; a colleague's address means the colleague")
    name: Line | None = Field(None, description="What a guest from outside is called")
    role: ParticipantRole = ParticipantRole.REQUIRED

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if sum(value is not None for value in (self.user_id, self.department_id, self.email)) != 1:
            raise PydanticCustomError("one_participant", "Name one of user_id, department_id and email")
        return self


class AnswerRead(Output):
    """What somebody answered. Another time that they propose is shown to the host and to themselves."""

    response: ParticipantResponse
    comment: str | None
    proposed_start: DateOrInstant | None
    proposed_end: DateOrInstant | None


class MemberRead(AnswerRead):
    """Somebody who takes part with their department."""

    user_id: UUID
    full_name: str | None
    email: str


class ParticipantRead(AnswerRead):
    """A colleague, a department, or a guest from outside.

    Of a department `members` are who is in it or below it now, without those who are invited by name; who answered
    comes first. `members_count` is how many there are; not all may be listed.
    """

    user_id: UUID | None
    department_id: UUID | None
    email: str | None = Field(description="Of a colleague or a guest from outside")
    full_name: str | None = Field(description="Of a colleague")
    name: str | None = Field(description="What a department or a guest from outside is called")
    role: ParticipantRole
    transparency: Transparency | None = Field(
        description="Of yourself: whether this event makes you busy; null: as the event says"
    )
    members: list[MemberRead] | None
    members_count: int | None
