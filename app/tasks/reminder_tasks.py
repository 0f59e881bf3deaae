"""Planning reminders, and planning them anew as things change. `email_tasks` sends them."""

from collections.abc import Callable, Iterable
from uuid import UUID

from celery import shared_task
from sqlmodel import Session

from app.db import SessionLocal
from app.services import change_following, reminder_planning
from app.tasks.rounds import each_of, in_company


@shared_task(name="app.tasks.reminder_tasks.plan_reminders")
def plan_reminders() -> int:
    """Plan what becomes due within the next hour; of how many companies."""
    with SessionLocal.begin() as session:
        companies = reminder_planning.companies_to_plan(session)
    return _go_through(companies, reminder_planning.plan_next, "plan_reminders")


@shared_task(name="app.tasks.reminder_tasks.replan_reminders")
def replan_reminders() -> int:
    """Plan anew what has changed, and for whom it has; in how many companies."""
    with SessionLocal.begin() as session:
        changed = change_following.companies_with_changes(session, reminder_planning.FOLLOWER)
        wanting = reminder_planning.companies_to_replan(session)
    return _go_through(changed, reminder_planning.follow_next, "replan_reminders") + _go_through(
        wanting, reminder_planning.replan_next, "replan_reminders"
    )


def _go_through(companies: Iterable[UUID], step: Callable[[Session, UUID], bool], task: str) -> int:
    """Take steps in each company until there is no more to do."""

    def work(company: UUID) -> int:
        more = True
        while more:
            with in_company(company, task) as session:
                more = step(session, company)
        return 1

    return sum(each_of(companies, work, task))
