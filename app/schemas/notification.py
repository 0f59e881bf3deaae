"""What people are told in the application."""

from uuid import UUID

from pydantic import Field

from app.models.notification import NotificationReason, NotificationType
from app.schemas.common import AwareMoment, Input, Instant, Output


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
