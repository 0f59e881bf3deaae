"""Removing the rows of companies that were deleted."""

from uuid import UUID

from sqlalchemy import CursorResult, Table, func, select, text, update
from sqlmodel import Session, col

from app.models import metadata
from app.models.audit import AuditEntry
from app.models.department import Department
from app.models.organization import Organization
from app.models.user import User

# The record of writes is its owner's; `forget_company` takes it away.
_KEPT_APART = frozenset({AuditEntry.__tablename__})
# The chart and the record of a large company go in one statement each.
_STATEMENT_MILLISECONDS = 500_000


def deleted_companies(session: Session) -> list[UUID]:
    """The companies whose rows are to go."""
    return list(session.execute(text("SELECT deleted_companies()")).scalars())


def purge_next(session: Session, company: UUID, *, batch: int = 2000) -> bool:
    """Remove up to `batch` rows of a deleted company, which the session has entered; whether there is more to do.

    Whatever is in the company goes with its tables, so that a new table needs no line here: those that refer to
    others first, events with what hangs on them long before people. Last of all the company itself.
    """
    session.execute(select(func.set_config("statement_timeout", str(_STATEMENT_MILLISECONDS), True)))
    query = select(Organization).where(col(Organization.id) == company, col(Organization.deleted_at).is_not(None))
    if session.execute(query.with_for_update(skip_locked=True)).first() is None:
        return False
    _untie_charts(session, company)
    for table in reversed(metadata.sorted_tables):
        is_owned = "organization_id" in table.columns and table.name not in _KEPT_APART
        if is_owned and _delete_some(session, table, company, batch):
            return True
    session.execute(select(func.forget_company(company)))
    session.execute(text("DELETE FROM organizations WHERE id = :company"), {"company": company})
    return False


def _untie_charts(session: Session, company: UUID) -> None:
    """People and departments refer to each other and to their own kind, so no order of deleting would do."""
    for row, values in (
        (Department, {"head_id": None, "parent_id": None}),
        (User, {"manager_id": None, "department_id": None}),
    ):
        tied = [col(getattr(row, name)).is_not(None) for name in values]
        session.execute(update(row).where(col(row.organization_id) == company, tied[0] | tied[1]).values(**values))


def _delete_some(session: Session, table: Table, company: UUID, batch: int) -> int:
    statement = text(
        f"DELETE FROM {table.name} WHERE ctid = ANY(ARRAY("
        f" SELECT ctid FROM {table.name} WHERE organization_id = :company LIMIT :batch))"
    )
    result = session.execute(statement, {"company": company, "batch": batch})
    assert isinstance(result, CursorResult)
    return result.rowcount
