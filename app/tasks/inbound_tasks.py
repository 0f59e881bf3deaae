"""Fetching mail."""

import structlog
from celery import shared_task
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError

from app.core.config import get_settings
from app.db import SessionLocal
from app.services import inbound_mail_service
from app.services.mailbox import Mailbox, MailboxError, open_mailbox

log = structlog.get_logger(__name__)

MAILS_A_ROUND = 200
# Keeps two workers from reading the mailbox at once. The transaction writes nothing, so nobody waits for it.
_LOCK = text("""
    SELECT pg_try_advisory_xact_lock(hashtext('planner:mailbox')),
           set_config('idle_in_transaction_session_timeout', '0', true)
""")


@shared_task(name="app.tasks.inbound_tasks.fetch_mail")
def fetch_mail() -> int:
    """Take in what is unread in the mailbox of IMAP_HOST, one message a transaction; how many were looked at.

    A message is marked as read once its transaction is over: after a crash in between it is taken in again, which
    changes nothing. While the database cannot be reached or waits too long, messages stay unread for the next round.
    """
    settings = get_settings()
    if not settings.IMAP_HOST:
        return 0
    with SessionLocal.begin() as guard:
        if not guard.execute(_LOCK).one()[0]:
            return 0
        try:
            with open_mailbox(settings) as mailbox:
                uids = mailbox.unread(MAILS_A_ROUND)
                for uid in uids:
                    _take_in(mailbox, uid)
                return len(uids)
        except MailboxError as error:
            log.warning("mailbox_not_read", error=str(error))
            return 0


def _take_in(mailbox: Mailbox, uid: str) -> None:
    size = mailbox.size(uid)
    if size is not None and size > get_settings().INBOUND_MAIL_MAX_BYTES:
        log.info("mail_left_alone", reason="too_large", size=size)
    elif (content := mailbox.fetch(uid)) is not None:
        try:
            with SessionLocal.begin() as session:
                inbound_mail_service.take_in(session, content)
        except (OperationalError, InterfaceError) as error:
            log.warning("mail_waits_for_database", uid=uid, error=type(error).__name__)
            return
        except Exception as error:
            # One bad mail must not keep those behind it from being read.
            log.error("mail_not_taken_in", uid=uid, exc_info=error)
    mailbox.mark_read(uid)
