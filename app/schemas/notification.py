"""What people are told in the application, and how they want to be told."""

from typing import Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.models.notification import NotificationChannel, NotificationReason, NotificationType
from app.schemas.common import AwareMoment, Input, Instant, Output, example
from app.schemas.organization import TimeOfDay, WorkingDays


class NotificationQuery(Input):
    """Which notifications; all filters together."""

    unread: bool = Field(False, description="Only those that are not read")
    type: NotificationType | None = None
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class NotificationRead(Output):
    """One thing that I was told, in my language and zone at that time, and why."""

    id: UUID
    type: NotificationType
    reason: NotificationReason
    title: str
    body: str | None
    reason_text: str
    event_id: UUID | None = Field(description="The event or occurrence that it is about, which may be gone")
    calendar_id: UUID | None
    original_start: Instant | None = Field(description="Of an occurrence of a series")
    ticket_id: UUID | None
    url: str | None
    created_at: Instant
    read_at: Instant | None


class UnreadRead(Output):
    """How many notifications are not read. `count` ends at `limit`: there may be more."""

    count: int
    limit: int


class ReadAllQuery(Input):
    """Which are meant."""

    up_to: AwareMoment | None = Field(
        None, description="Only what was told until then, so that what arrives meanwhile stays"
    )


class ChoiceWrite(Input):
    """Whether to be told of something by a channel: everywhere, or in one calendar."""

    type: NotificationType
    channel: NotificationChannel
    calendar_id: UUID | None = Field(None, description="Only of events in this calendar")
    is_on: StrictBool


class ChoicesWrite(Input):
    """All that I have chosen. What is not named is as it is for everybody."""

    model_config = example(choices=[{"type": "answer", "channel": "mail", "is_on": False}])

    choices: list[ChoiceWrite] = Field(max_length=5000)


class ChoiceRead(Output):
    type: NotificationType
    channel: NotificationChannel
    calendar_id: UUID | None
    is_on: bool
    is_default: bool = Field(description="Whether it is as it is for everybody who has chosen nothing")


class ChoicesRead(Output):
    """What holds for each type and channel, then what was chosen for single calendars."""

    choices: list[ChoiceRead]


class QuietHoursWrite(Input):
    """When mail waits, on my clock. Hours that end before they begin end on the next day."""

    model_config = example(start="22:00", end="07:00", days=[1, 2, 3, 4, 5])

    start: TimeOfDay | None = Field(description="null: no quiet hours")
    end: TimeOfDay | None
    days: WorkingDays = Field([1, 2, 3, 4, 5, 6, 7], description="On which they begin; ISO weekdays, 1 for Monday")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.start is None) != (self.end is None) or (self.start is not None and self.start == self.end):
            raise PydanticCustomError("quiet_hours_are_whole", "Send a start and an end that differ, or null for both")
        return self


class QuietHoursRead(Output):
    start: TimeOfDay | None
    end: TimeOfDay | None
    days: list[int]


class DigestWrite(Input):
    """When I get a daily mail of what is on and what I have not read."""

    model_config = example(at="08:00", days=[1, 2, 3, 4, 5])

    at: TimeOfDay | None = Field(description="On my clock; null: no such mail")
    days: WorkingDays = Field([1, 2, 3, 4, 5], description="ISO weekdays, 1 for Monday")


class DigestRead(Output):
    at: TimeOfDay | None
    days: list[int]
