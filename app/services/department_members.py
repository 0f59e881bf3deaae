"""Who is in a department or below it, for whole departments that take part in events."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

# Each of :departments with itself and all below it. Begins a WITH.
BELOW_SQL = """
    RECURSIVE below AS (
        SELECT d.id AS root, d.id FROM departments d
        WHERE d.organization_id = :organization_id AND d.id = ANY(:departments ::uuid[])
        UNION
        SELECT b.root, d.id FROM below b
        JOIN departments d ON d.organization_id = :organization_id AND d.parent_id = b.id
    )
"""
_COUNT = text(f"""
    WITH {BELOW_SQL}
    SELECT count(*) FROM (
        SELECT unnest(:people ::uuid[])
        UNION
        SELECT u.id FROM users u
        WHERE u.organization_id = :organization_id AND u.is_active AND u.department_id IN (SELECT id FROM below)
    ) everybody
""")


def count_people(session: Session, company: UUID, people: Iterable[UUID], departments: Iterable[UUID]) -> int:
    """How many these people and the active ones of these departments are together, each counted once."""
    values = {"organization_id": company, "people": list(people), "departments": list(departments)}
    number: int = session.execute(_COUNT, values).scalar_one()
    return number
