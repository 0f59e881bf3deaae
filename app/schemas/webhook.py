"""Webhooks, and what was sent to them."""

from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool

from app.models.outbox import OutboxMessage
from app.models.webhook import WebhookEvent
from app.schemas.common import Address, Input, Instant, Line, Output, example, partial_of


def _without_ping(types: list[WebhookEvent]) -> list[WebhookEvent]:
    return sorted(set(types) - {WebhookEvent.PING})


WebhookTypes = Annotated[list[WebhookEvent], Field(min_length=1, max_length=20), AfterValidator(_without_ping)]


class WebhookSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class WebhookWrite(Input):
    model_config = example(
        name="Door system", url="https://doors.example/planner", types=["event.created", "event.deleted"]
    )

    name: Line
    url: Address = Field(description="https; plain http only into networks that the installation allows")
    types: WebhookTypes = Field(description="What it is told of; a ping comes whatever is chosen")
    is_active: StrictBool = Field(True, description="Switching on again forgives past failures")


WebhookPatch = partial_of(WebhookWrite, "WebhookPatch")


class WebhookRead(Output):
    id: UUID
    name: str
    url: str
    types: list[WebhookEvent]
    is_active: bool
    failing_since: Instant | None = Field(description="Since when nothing has come through")
    paused_until: Instant | None = Field(description="After a failure nothing is tried until then")
    disabled_at: Instant | None = Field(description="When it was switched off for failing too long")
    created_at: Instant
    updated_at: Instant
    version: int


class WebhookSecretRead(WebhookRead):
    secret: str = Field(description="To check signatures with; told this once")


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class DeliveryRead(Output):
    """One message to a webhook. `message_id` is the one inside, the same for every time it is told."""

    id: UUID
    message_id: UUID
    type: WebhookEvent
    state: DeliveryState
    attempts: int
    error: str | None = Field(description="What the last attempt met")
    created_at: Instant
    next_attempt_at: Instant | None
    sent_at: Instant | None
    failed_at: Instant | None

    @classmethod
    def of(cls, row: OutboxMessage) -> Self:
        return cls(**_told(row))


class DeliveryDetails(DeliveryRead):
    payload: dict[str, Any] = Field(description="The body that was or will be sent")

    @classmethod
    def of(cls, row: OutboxMessage) -> Self:
        return cls(**_told(row), payload=row.values)


def _told(row: OutboxMessage) -> dict[str, Any]:
    is_over = row.sent_at is not None or row.failed_at is not None
    state = DeliveryState.SENT if row.sent_at else DeliveryState.FAILED if row.failed_at else DeliveryState.WAITING
    return {
        **row.model_dump(include={"id", "attempts", "error", "created_at", "sent_at", "failed_at"}),
        "message_id": row.values["id"],
        "type": row.template,
        "state": state,
        "next_attempt_at": None if is_over else row.due_at,
    }
