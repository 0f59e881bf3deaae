"""Who takes part in an event."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.models.participant import ParticipantResponse, ParticipantRole
from app.schemas.common import Email, Input, Line, Output


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


class ParticipantRead(Output):
    user_id: UUID | None
    department_id: UUID | None
    email: str | None
    name: str | None
    role: ParticipantRole
    response: ParticipantResponse
    comment: str | None
