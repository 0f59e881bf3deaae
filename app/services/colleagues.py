"""Names of people, for lists that tell who did what."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.models.user import User
from app.schemas.discussion import Colleague


def colleagues(session: Session, organization_id: UUID, ids: Iterable[UUID]) -> dict[UUID, Colleague]:
    """The names of people of a company by their ids, also of those who left."""
    query = select(col(User.id), col(User.full_name), col(User.email)).where(
        col(User.organization_id) == organization_id, col(User.id).in_(set(ids))
    )
    return {row.id: Colleague.model_validate(row) for row in session.execute(query)}
