"""Sending mail."""

from uuid import UUID

import structlog
from celery import shared_task

from app.core.config import get_settings
from app.core.mail import open_mailer
from app.db import SessionLocal
from app.models.event import Event
from app.models.user import User
from app.services import delivery_service, notice_service
from app.services.mail_sending import MailWay
from app.tasks.deliveries import deliver_all
from app.tasks.rounds import all_companies, as_uuid, in_company

log = structlog.get_logger(__name__)


@shared_task(name="app.tasks.email_tasks.send_event_invitation")
def send_event_invitation(event_id: str, recipient_email: str) -> bool:
    """Invite somebody who takes part in an event once more; whether there is such an event and such a participant.

    An event says nothing of its company to anybody outside of it, so the companies are asked one by one.
    """
    found = as_uuid(event_id)
    is_invited = found is not None and any(_invite(company, found, recipient_email) for company in all_companies())
    if is_invited:
        send_outbox()
    else:
        log.info("nobody_to_invite", event_id=event_id)
    return is_invited


def _invite(company: UUID, event_id: UUID, email: str) -> bool:
    with in_company(company, "send_event_invitation") as session:
        event = session.get(Event, (company, event_id))
        notices = [] if event is None else notice_service.note_invited(session, event, email)
        if event is not None and notices:
            host = session.get_one(User, event.organizer_id)
            notice_service.tell_in_name_of(session, company, host.full_name or host.email, notices)
    return bool(notices)


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
