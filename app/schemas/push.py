"""Browsers that take pushes (Push API, W3C)."""

from uuid import UUID

from pydantic import Field

from app.schemas.common import Address, Input, Instant, Line, Output, example


class SubscriptionKeys(Input):
    """The browser's keys, URL-safe base 64 (RFC 8291)."""

    p256dh: str = Field(max_length=200)
    auth: str = Field(max_length=100)


class SubscriptionWrite(Input):
    """What `PushManager.subscribe()` gives, as JSON."""

    model_config = example(
        endpoint="https://push.example/send/dGhpcw",
        keys={
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
        device="Firefox on the laptop",
    )

    endpoint: Address
    keys: SubscriptionKeys
    expirationTime: int | None = Field(None, description="As browsers send it; not needed")
    device: Line | None = Field(None, description="How I know it again")


class SubscriptionRead(Output):
    id: UUID
    device: str | None
    created_at: Instant
    used_at: Instant | None = Field(description="When its push service last took something")


class SubscriptionsRead(Output):
    subscriptions: list[SubscriptionRead]


class PushKeyRead(Output):
    public_key: str = Field(description="For `applicationServerKey`: URL-safe base 64 without padding")
