"""What leaves the company, and what was given up."""

from uuid import UUID

from pydantic import Field

from app.models.outbox import OutboxChannel
from app.schemas.common import Input, Instant, Output


class DeadLetterQuery(Input):
    channel: OutboxChannel | None = None
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class RetryQuery(Input):
    """Which are meant."""

    channel: OutboxChannel | None = None


class DeadLetterRead(Output):
    """A message that was given up. What it says is not shown."""

    id: UUID
    channel: OutboxChannel
    kind: str = Field(description="Which mail, or what a push or delivery was about")
    recipient: str = Field(description="An address; of a push or delivery the id of the subscription or webhook")
    attempts: int
    error: str | None = Field(description="What the last attempt met")
    can_retry: bool = Field(description="False of what held a link for signing in: such mails are made anew")
    created_at: Instant
    failed_at: Instant


class RetriedRead(Output):
    count: int = Field(description="How many are tried again; ask once more while it is not 0")


class OutboxChannelRead(Output):
    channel: OutboxChannel
    waiting: int = Field(description="Not sent yet")
    oldest_due_at: Instant | None = Field(description="Since when the oldest of those has been due")
    failed: int = Field(description="Given up")


class OutboxStatusRead(Output):
    channels: list[OutboxChannelRead]
