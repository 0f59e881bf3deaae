"""Telling people in the application."""

import structlog
from celery import shared_task
from sqlalchemy import text

from app.db import SessionLocal
from app.models.notification import NotificationChannel, NotificationReason, NotificationType
from app.services.announcement_service import Announcement, announce
from app.tasks.rounds import as_uuid, in_company

log = structlog.get_logger(__name__)

_COMPANY = text("SELECT company_of_user(:person)")


@shared_task(name="app.tasks.notification_tasks.create_notification")
def create_notification(user_id: str, message: str) -> bool:
    """Tell somebody something in the application; whether there is such an active person."""
    person = as_uuid(user_id)
    with SessionLocal.begin() as session:
        company = session.execute(_COMPANY, {"person": person}).scalar_one_or_none()
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
