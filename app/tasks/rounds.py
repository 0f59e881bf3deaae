"""Work that goes from company to company: each transaction sees one of them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import Session

from app.core import tenancy
from app.db import SessionLocal
from app.nudger import nudger
from app.services.nudges import take_nudges, take_work

T = TypeVar("T")
log = structlog.get_logger(__name__)


def all_companies() -> list[UUID]:
    """Every company that was not deleted."""
    with SessionLocal.begin() as session:
        return list(session.execute(text("SELECT all_companies()")).scalars())


def companies_with_rooms_due() -> list[UUID]:
    """The companies with holds or requests that have expired, people who wait for rooms, or check-in."""
    with SessionLocal.begin() as session:
        return list(session.execute(text("SELECT companies_with_rooms_due()")).scalars())


@contextmanager
def in_company(company: UUID, task: str, actor: UUID | None = None) -> Iterator[Session]:
    """A transaction inside the company; the record of writes names the task, and for whom it works.

    What services asked for comes after the commit.
    """
    with SessionLocal.begin() as session:
        tenancy.enter(session, company, origin=task, actor=actor)
        yield session
    nudger.nudge(take_nudges(session))
    for work in take_work(session):
        work()


def each_of(companies: Iterable[UUID], work: Callable[[UUID], T], task: str) -> Iterator[T]:
    """Do the work in each company. Where it fails, that is logged, and the others have their turn all the same."""
    for company in companies:
        try:
            result = work(company)
        except Exception as error:
            # The next round of the task tries again.
            log.error("task_failed_in_company", task=task, organization_id=str(company), exc_info=error)
        else:
            yield result


def as_uuid(value: str) -> UUID | None:
    """An id as tasks get it; None for what is none: nothing has it."""
    try:
        return UUID(value)
    except ValueError:
        return None
