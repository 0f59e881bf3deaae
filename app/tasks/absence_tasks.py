"""What absences do for those who are away."""

from uuid import UUID

from celery import shared_task

from app.db import SessionLocal
from app.services import absence_answering, change_following
from app.tasks.rounds import all_companies, each_of, in_company


@shared_task(name="app.tasks.absence_tasks.answer_invitations")
def answer_invitations() -> int:
    """Answer invitations to what lies in absences: of new absences all, of others what changed; how many companies."""
    with SessionLocal.begin() as session:
        companies = set(change_following.companies_with_changes(session, absence_answering.FOLLOWER))
        companies |= set(absence_answering.companies_to_answer(session))

    def work(company: UUID) -> int:
        for go_on in (absence_answering.follow_next, absence_answering.answer_next):
            more = True
            while more:
                with in_company(company, "answer_invitations") as session:
                    more = go_on(session, company)
        return 1

    return sum(each_of(sorted(companies), work, "answer_invitations"))


@shared_task(name="app.tasks.absence_tasks.look_at_invitations_again")
def look_at_invitations_again() -> int:
    """Once a day, since series are extended: have all absences that are not over look at what they cover."""

    def work(company: UUID) -> None:
        with in_company(company, "look_at_invitations_again") as session:
            absence_answering.look_again(session, company)

    for _ in each_of(all_companies(), work, "look_at_invitations_again"):
        pass
    answered: int = answer_invitations()
    return answered
