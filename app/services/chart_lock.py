"""The lock under which a company's charts change: who reports to whom, and which department lies below which.

PostgreSQL's trigger against circles takes the same lock, but late, when a change already holds rows. Taken first, two
changes wait for each other in a queue instead of in a deadlock. Who needs both takes that of users first.
"""

from typing import Literal
from uuid import UUID

from sqlmodel import Session

from app.services.turns import take_turn

Chart = Literal["users", "departments"]


def lock_chart(session: Session, organization_id: UUID, chart: Chart) -> None:
    """Keep every other change of the company's chart out until the commit. Call it before any row is locked."""
    take_turn(session, chart, organization_id)
