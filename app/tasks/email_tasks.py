"""Sending mail."""

import structlog
from celery import shared_task

from app.core.config import get_settings
from app.core.mail import open_mailer
from app.db import SessionLocal
from app.services import delivery_service
from app.services.mail_sending import MailWay
from app.tasks.deliveries import deliver_all

log = structlog.get_logger(__name__)


@shared_task(name="app.tasks.email_tasks.send_outbox")
def send_outbox() -> int:
    """Send the mails that are due, the companies in turns; how many left."""
    with open_mailer(get_settings()) as mailer:
        if mailer is not None:
            return deliver_all(MailWay(mailer))
        with SessionLocal.begin() as session:
            companies = delivery_service.companies_with_mail(session)
        if companies:
            log.warning("mail_waits_without_server", companies=len(companies))
        return 0
