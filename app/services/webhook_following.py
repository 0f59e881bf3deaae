"""Telling webhooks what changed: events that the change feed names become deliveries."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.models.calendar import Calendar
from app.models.event import Event, Visibility
from app.models.webhook import Webhook, WebhookEvent
from app.services import change_following, outbox_service
from app.services.change_following import Step
from app.services.event_reading import shown_times
from app.services.outbox_service import Delivery
from app.services.webhook_service import FOLLOWER, payload

EVENTS_A_STEP = 500
_OPEN = (Visibility.DEFAULT, Visibility.PUBLIC)
_TOLD = ("series_id", "calendar_id", "organizer_id", "room_id", "recurrence_rule", "time_zone", "is_all_day", "status")


def follow_next(session: Session, company: UUID) -> bool:
    """Go on in the change feed of the entered company; whether there is more to look at."""
    step = change_following.step(session, company, FOLLOWER, EVENTS_A_STEP)
    if step is None:
        return False
    if step.events:
        outbox_service.enqueue(session, company, _deliveries(session, company, step))
    return step.has_more


def _deliveries(session: Session, company: UUID, step: Step) -> Iterable[Delivery]:
    query = select(Webhook).where(col(Webhook.organization_id) == company, col(Webhook.is_active))
    webhooks = list(session.execute(query.order_by(col(Webhook.id))).scalars())
    if not webhooks:
        return []
    events = _events(session, company, step.events)
    deliveries = []
    for event_id in sorted(step.events):
        kind, data, thread = _told(event_id, events.get(event_id), step)
        body = payload(company, kind, data)
        deliveries += [Delivery(webhook.id, kind, body, thread=thread) for webhook in webhooks if kind in webhook.types]
    return deliveries


def _events(session: Session, company: UUID, ids: Collection[UUID]) -> Mapping[UUID, tuple[Event, bool, int]]:
    """What is there of these now; whether everybody in the company may read it, and which transaction made it."""
    query = (
        select(Event, col(Calendar.is_public), Event.__table__.c.created_xid)  # type: ignore[attr-defined]
        .join(
            Calendar,
            (col(Calendar.organization_id) == col(Event.organization_id))
            & (col(Calendar.id) == col(Event.calendar_id)),
        )
        .where(col(Event.organization_id) == company, col(Event.id) == func.any(list(ids)))
    )
    return {
        event.id: (event, is_public and event.visibility in _OPEN, created)
        for event, is_public, created in session.execute(query)
    }


def _told(event_id: UUID, found: tuple[Event, bool, int] | None, step: Step) -> tuple[str, dict[str, Any], UUID]:
    """The kind of a message, its data, and in whose order it stands."""
    if found is None:
        return WebhookEvent.EVENT_DELETED, {"id": str(event_id)}, event_id
    event, is_open, created = found
    kind = WebhookEvent.EVENT_CREATED if step.since <= created <= step.until else WebhookEvent.EVENT_UPDATED
    times = shown_times(event)
    data = {
        "id": event.id,
        "version": event.version,
        "is_details_hidden": not is_open,
        "title": event.title if is_open else None,
        "location": event.location if is_open else None,
        **{name: getattr(event, name) for name in _TOLD},
        **{name: times[name] for name in ("start_time", "end_time", "original_start")},
    }
    return kind, {name: _plain(value) for name, value in data.items()}, event.series_id or event.id


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
