"""Work that goes from company to company: each transaction sees one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.core import tenancy
from app.db import SessionLocal
from app.services.nudges import take_work


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
    for work in take_work(session):
        work()


def as_uuid(value: str) -> UUID | None:
    """An id as tasks get it; None for what is none: nothing has it."""
    try:
        return UUID(value)
    except ValueError:
        return None
