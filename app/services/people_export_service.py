"""Export of people as a table, which an import reads back without changing anything."""

from datetime import UTC
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.hot import snapshot
from app.core.tables import csv_text, xlsx_bytes
from app.models.user import User
from app.schemas.people_import import FLAGS, Column, PeopleFormat
from app.schemas.user import UserFilters
from app.services import user_service
from app.services.department_paths import DepartmentPaths
from app.services.people_import_planning import shown_department

_PLAIN = (Column.EMAIL, Column.FULL_NAME, Column.PHONE, Column.POSITION, Column.ROLE, Column.TIME_ZONE)


def export_people(session: Session, actor: Actor, filters: UserFilters, wanted: PeopleFormat) -> bytes:
    """The people whom the filters let through, by name. For administrators of a company.

    Raises:
        Forbidden: the actor belongs to no company.
        Invalid: they are more than EXPORT_MAX_ROWS.
    """
    company, limit = actor.company, get_settings().EXPORT_MAX_ROWS
    manager = aliased(User)
    people = user_service.filtered(user_service.visible_to(actor), filters)
    query = (
        people.outerjoin(manager, col(manager.id) == col(User.manager_id))
        .with_only_columns(
            *(col(getattr(User, name)) for name in (*_PLAIN, *FLAGS, "id", "birthday", "department", "department_id")),
            col(User.created_at),
            col(manager.email).label("manager_email"),
        )
        .order_by(col(User.full_name), col(User.id))
        .limit(limit + 1)
    )
    # Departments that came or went in between would be missing.
    with snapshot(session):
        departments = DepartmentPaths(session, company)
        rows = session.execute(query).mappings().all()
    if len(rows) > limit:
        raise Invalid("export_too_large", limit=limit)
    cells = (_cells(row, departments) for row in rows)
    if wanted is PeopleFormat.XLSX:
        return xlsx_bytes("people", list(Column), cells)
    return csv_text(list(Column), cells).encode()


def _cells(row: Any, departments: DepartmentPaths) -> list[str | None]:
    values = dict(row)
    values["department"] = shown_department(departments, row)
    values["birthday"] = row["birthday"] and row["birthday"].isoformat()
    values["created_at"] = row["created_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values["id"] = str(row["id"])
    for flag in FLAGS:
        values[flag] = "true" if row[flag] else "false"
    return [values[column] for column in Column]
