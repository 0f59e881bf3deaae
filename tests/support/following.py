"""Followers of the change feed, in tests that run beside others."""

from collections.abc import Callable
from uuid import UUID

from app.db import SessionLocal
from app.services import change_following
from app.supervisor.waiting import retry_until


def follow_to_the_end(step: Callable[[], object], follower: str, company: UUID) -> None:
    """Take steps until the follower has seen all of the company: transactions of other tests may hold it back."""

    def is_done() -> bool:
        step()
        with SessionLocal.begin() as session:
            return company not in change_following.companies_with_changes(session, follower)

    assert retry_until(is_done, 20), "the follower does not come to the end"
