"""What the forms of the public booking pages send."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from app.schemas.common import AwareMoment, Email, Input, Line, LongLine, ZoneName


class HoldForm(Input):
    """A time that was chosen."""

    start: AwareMoment
    minutes: int | None = Field(None, ge=5, le=1440)
    time_zone: ZoneName | None = None


class Step(StrEnum):
    """What a button of an appointment's page does."""

    SUBMIT = "submit"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    MOVE = "move"


class VisitorForm(Input):
    """Who books, and what they answer."""

    name: Line
    email: Email
    answers: dict[str, Any] = Field(default_factory=dict)


class CancelForm(Input):
    reason: LongLine | None = None


class MoveForm(Input):
    start: AwareMoment
