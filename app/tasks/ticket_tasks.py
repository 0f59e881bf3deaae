"""What the clock does for tickets."""

from uuid import UUID

from celery import shared_task

from app.db import SessionLocal
from app.services import ticket_rounds
from app.tasks.rounds import each_of, in_company


@shared_task(name="app.tasks.ticket_tasks.tend_tickets")
def tend_tickets() -> int:
    """Wake, escalate and close what is due, and count anew what is to be; how many tickets."""
    with SessionLocal.begin() as session:
        companies = ticket_rounds.companies_with_tickets_due(session)

    def work(company: UUID) -> int:
        done, some = 0, 1
        while some:
            with in_company(company, "tend_tickets") as session:
                some = ticket_rounds.tend_next(session, company)
            done += some
        return done

    return sum(each_of(companies, work, "tend_tickets"))
