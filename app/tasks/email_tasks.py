"""Sending mail."""

from uuid import UUID

import structlog
from celery import shared_task

from app.core.config import get_settings
from app.core.mail import Mailer, open_mailer
from app.db import SessionLocal
from app.services import delivery_service
from app.services.delivery_service import Delivery
from app.tasks.rounds import in_company

log = structlog.get_logger(__name__)

# So that a company with thousands of mails does not keep the others waiting.
MAILS_A_TURN = 20


@shared_task(name="app.tasks.email_tasks.send_outbox")
def send_outbox() -> int:
    """Send what is due, a transaction each, the companies in turns; how many left.

    Ends early when the server takes no mail: each mail would only wait for the same silence.
    """
    sent = 0
    with open_mailer(get_settings()) as mailer:
        with SessionLocal.begin() as session:
            companies = delivery_service.companies_with_mail(session)
        if mailer is None:
            if companies:
                log.warning("mail_waits_without_server", companies=len(companies))
            return 0
        while companies:
            still_busy = []
            for company in companies:
                outcomes = _turn(company, mailer)
                sent += outcomes.count(Delivery.SENT)
                if Delivery.SERVER_DOWN in outcomes:
                    log.warning("mail_server_down", sent=sent)
                    return sent
                if len(outcomes) == MAILS_A_TURN:
                    still_busy.append(company)
            companies = still_busy
    return sent


def _turn(company: UUID, mailer: Mailer) -> list[Delivery]:
    outcomes: list[Delivery] = []
    while len(outcomes) < MAILS_A_TURN:
        with in_company(company, "send_outbox") as session:
            outcome = delivery_service.send_next(session, company, mailer)
        if outcome is None:
            break
        outcomes.append(outcome)
        if outcome == Delivery.SERVER_DOWN:
            break
    return outcomes
