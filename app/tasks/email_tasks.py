"""Sending mail."""

from functools import partial
from uuid import UUID

import structlog
from celery import shared_task

from app.core.config import get_settings
from app.core.mail import open_mailer
from app.db import SessionLocal
from app.models.event import Event
from app.models.outbox import OutboxChannel
from app.models.user import User
from app.services import delivery_service, digest_service, notice_service, reminder_sending
from app.services.mail_sending import MailWay
from app.tasks.deliveries import deliver_all
from app.tasks.rounds import all_companies, as_uuid, each_of, in_company

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


@shared_task(name="app.tasks.email_tasks.send_event_reminders")
def send_event_reminders() -> int:
    """Send every reminder that is due, the companies in turns; how many."""
    sent = 0
    with SessionLocal.begin() as session:
        companies = reminder_sending.companies_due(session)
    while companies:
        turns = list(each_of(companies, _remind, "send_event_reminders"))
        sent += sum(count for _, count, _ in turns)
        companies = [company for company, _, has_more in turns if has_more]
    if sent:
        log.info("reminders_sent", count=sent)
    return sent


@shared_task(name="app.tasks.email_tasks.send_event_reminder")
def send_event_reminder(event_id: str) -> int:
    """Send the reminders of one event or series that are due; how many. Asks the companies one by one, as above."""
    found = as_uuid(event_id)
    if found is None:
        return 0
    return sum(
        count for _, count, _ in each_of(all_companies(), partial(_remind, event_id=found), "send_event_reminder")
    )


def _remind(company: UUID, event_id: UUID | None = None) -> tuple[UUID, int, bool]:
    with in_company(company, "send_event_reminders") as session:
        sent, has_more = reminder_sending.send_next(session, company, event_id)
    return company, sent, has_more


@shared_task(name="app.tasks.email_tasks.send_daily_digests")
def send_daily_digests() -> int:
    """Write the daily mails that are due; how many people were looked at."""
    with SessionLocal.begin() as session:
        companies = digest_service.companies_due(session)
    return sum(each_of(companies, _write_digests, "send_daily_digests"))


def _write_digests(company: UUID) -> int:
    total, written = 0, 1
    while written:
        with in_company(company, "send_daily_digests") as session:
            written = digest_service.send_next(session, company)
        total += written
    return total


@shared_task(name="app.tasks.email_tasks.send_outbox")
def send_outbox() -> int:
    """Send the mails that are due, the companies in turns; how many left."""
    with open_mailer(get_settings()) as mailer:
        if mailer is not None:
            return deliver_all(MailWay(mailer))
        with SessionLocal.begin() as session:
            companies = delivery_service.companies_with_messages(session, OutboxChannel.MAIL)
        if companies:
            log.warning("mail_waits_without_server", companies=len(companies))
        return 0
