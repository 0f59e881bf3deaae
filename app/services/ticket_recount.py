"""Having the clock count tickets anew, when hours, holidays or promises change. The next round does it, in batches."""

from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session, col

from app.models.base import now
from app.models.ticket import Ticket
from app.services.nudges import TICKETS, nudge


def of_company(session: Session, company: UUID, queue_id: UUID | None = None) -> None:
    """Mark what is open in a company, or in one of its queues."""
    conditions = [col(Ticket.organization_id) == company, Ticket.is_open]
    if queue_id is not None:
        conditions.append(col(Ticket.queue_id) == queue_id)
    # In the order in which others lock several, so that nobody waits in a circle.
    locked = select(col(Ticket.id)).where(*conditions).order_by(col(Ticket.id)).with_for_update(key_share=True)
    session.execute(
        update(Ticket)
        .where(col(Ticket.organization_id) == company, col(Ticket.id).in_(locked.subquery().select()))
        # Nobody edited them.
        .values(act_at=now(), updated_at=col(Ticket.updated_at))
        .execution_options(synchronize_session=False)
    )
    nudge(session, TICKETS)
