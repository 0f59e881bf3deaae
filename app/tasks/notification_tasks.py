"""Telling people in the application."""

from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from sqlalchemy import text

from app.db import SessionLocal
from app.models.notification import NotificationChannel, NotificationReason, NotificationType
from app.services import push_subscriptions
from app.services.announcement_service import Announcement, announce
from app.services.notification_choices import readers_of
from app.services.push_sending import PushWay
from app.tasks.deliveries import deliver_all
from app.tasks.rounds import as_uuid, in_company

log = structlog.get_logger(__name__)

_COMPANY = text("SELECT company_of_user(:person)")


@shared_task(name="app.tasks.notification_tasks.create_notification")
def create_notification(user_id: str, message: str) -> bool:
    """Tell somebody something in the application; whether there is such an active person."""
    person = as_uuid(user_id)
    company = None if person is None else _company_of(person)
    if person is None or company is None:
        log.info("nobody_to_tell", user_id=user_id)
        return False
    with in_company(company, "create_notification") as session:
        addressed = Announcement(
            type=NotificationType.MESSAGE,
            reason=NotificationReason.ADDRESSED,
            people=[person],
            text="message",
            params={"text": message},
            channels=frozenset({NotificationChannel.IN_APP}),
        )
        announce(session, company, [addressed])
    return True


@shared_task(name="app.tasks.notification_tasks.send_push_notification")
def send_push_notification(user_id: str, data: dict[str, Any]) -> int:
    """Send `data` to all browsers that somebody has subscribed; to how many. Values are told as text."""
    person = as_uuid(user_id)
    company = None if person is None else _company_of(person)
    if person is None or company is None:
        log.info("nobody_to_tell", user_id=user_id)
        return 0
    values = {str(name): None if value is None else str(value) for name, value in data.items()}
    with in_company(company, "send_push_notification") as session:
        browsers = push_subscriptions.of_people(session, company, {person}).get(person, [])
        reader = readers_of(session, company, {person})[person]
        push_subscriptions.push_to(session, company, browsers, "message", reader.language, values)
    if browsers:
        send_pushes()
    return len(browsers)


@shared_task(name="app.tasks.notification_tasks.send_pushes")
def send_pushes() -> int:
    """Send the pushes that are due, the companies in turns; how many were taken."""
    return deliver_all(PushWay())


def _company_of(person: UUID) -> UUID | None:
    with SessionLocal.begin() as session:
        company: UUID | None = session.execute(_COMPANY, {"person": person}).scalar_one_or_none()
    return company
