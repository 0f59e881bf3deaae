"""Telling webhooks what changed: events that the change feed names become deliveries."""

from collections.abc import Collection, Mapping, Sequence
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

CHANGES_A_STEP = 500
_OPEN = (Visibility.DEFAULT, Visibility.PUBLIC)
_TOLD = ("series_id", "calendar_id", "organizer_id", "room_id", "recurrence_rule", "time_zone", "is_all_day", "status")


def follow_next(session: Session, company: UUID) -> bool:
    """Go on in the change feed of the entered company; whether there is more to look at."""
    step = change_following.step(session, company, FOLLOWER, CHANGES_A_STEP)
    if step is None:
        return False
    query = select(Webhook).where(col(Webhook.organization_id) == company, col(Webhook.is_active))
    webhooks = list(session.execute(query.order_by(col(Webhook.id))).scalars())
    if webhooks:
        outbox_service.enqueue(session, company, _deliveries(session, company, webhooks, step))
    return step.has_more


def _deliveries(session: Session, company: UUID, webhooks: Sequence[Webhook], step: Step) -> list[Delivery]:
    created = _created(session, company, step)
    events = _events(session, company, created.union(step.events))
    deliveries = []
    for event_id in sorted(created.union(step.events)):
        kind, data, thread = _told(event_id, events.get(event_id), is_new=event_id in created)
        body = payload(company, kind, data)
        deliveries += [Delivery(webhook.id, kind, body, thread=thread) for webhook in webhooks if kind in webhook.types]
    return deliveries


def _created(session: Session, company: UUID, step: Step) -> set[UUID]:
    """What these transactions made and is still there, whatever has changed it since: so it is told once as new."""
    made_by = Event.__table__.c.created_xid  # type: ignore[attr-defined]
    query = select(col(Event.id)).where(
        col(Event.organization_id) == company, made_by >= step.since, made_by <= step.until
    )
    return set(session.execute(query).scalars())


def _events(session: Session, company: UUID, ids: Collection[UUID]) -> Mapping[UUID, tuple[Event, bool]]:
    """What is there of these now, and whether everybody in the company may read it."""
    query = (
        select(Event, col(Calendar.is_public))
        .join(Calendar, col(Calendar.id) == col(Event.calendar_id))
        .where(col(Calendar.organization_id) == company)
        .where(col(Event.organization_id) == company, col(Event.id) == func.any(list(ids)))
    )
    return {event.id: (event, is_public and event.visibility in _OPEN) for event, is_public in session.execute(query)}


def _told(event_id: UUID, found: tuple[Event, bool] | None, *, is_new: bool) -> tuple[str, dict[str, Any], UUID]:
    """The kind of a message, its data, and in whose order it stands."""
    if found is None:
        return WebhookEvent.EVENT_DELETED, {"id": str(event_id)}, event_id
    event, is_open = found
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
    kind = WebhookEvent.EVENT_CREATED if is_new else WebhookEvent.EVENT_UPDATED
    return kind, {name: _plain(value) for name, value in data.items()}, event.series_id or event.id


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
