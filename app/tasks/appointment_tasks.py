"""What the clock does for appointments."""

from uuid import UUID

from celery import shared_task

from app.db import SessionLocal
from app.services import appointment_rounds
from app.tasks.rounds import all_companies, each_of, in_company


@shared_task(name="app.tasks.appointment_tasks.tend_appointments")
def tend_appointments() -> int:
    """Let go of what has expired, and remind whoever booked; how many appointments."""
    with SessionLocal.begin() as session:
        companies = appointment_rounds.companies_with_appointments_due(session)

    def work(company: UUID) -> int:
        done, more = 0, True
        while more:
            with in_company(company, "tend_appointments") as session:
                more = appointment_rounds.tend_next(session, company)
            done += more
        return done

    return sum(each_of(companies, work, "tend_appointments"))


@shared_task(name="app.tasks.appointment_tasks.forget_old_appointments")
def forget_old_appointments() -> int:
    """Forget who booked what, long after it took place; how many slots."""

    def work(company: UUID) -> int:
        gone, some = 0, 1
        while some:
            with in_company(company, "forget_old_appointments") as session:
                some = appointment_rounds.forget_old(session, company)
            gone += some
        return gone

    return sum(each_of(all_companies(), work, "forget_old_appointments"))
