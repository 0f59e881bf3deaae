"""What an import would do to the people of a company: who is new, who changes, and which lines cannot be.

Nothing is written here. The caller has locked the charts of the company, so what is read stays as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, String, and_, any_, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.ids import new_id
from app.core.security import NO_PASSWORD
from app.models.base import now
from app.models.user import Role, User
from app.schemas.people_import import Column, ImportOutcome
from app.schemas.user import Phone
from app.services.department_paths import DepartmentPaths
from app.services.people_import_reading import SHOWN, FileLine
from app.services.user_profile import normal_phone, phone_region

# What an import may set, as PostgreSQL knows it.
COLUMN_TYPES = {
    "full_name": "text",
    "phone": "text",
    "position": "text",
    "department": "text",
    "department_id": "uuid",
    "manager_id": "uuid",
    "birthday": "date",
    "role": "text",
    "time_zone": "text",
    "is_active": "boolean",
    "access_org_structure": "boolean",
    "access_tickets": "boolean",
    "access_availability_slots": "boolean",
    "show_local_time": "boolean",
    "show_moscow_time": "boolean",
    "deactivated_at": "timestamptz",
}
_PHONE: TypeAdapter[str] = TypeAdapter(Phone)
_STORED = ("id", "email", *COLUMN_TYPES)
_TAKEN = text("""
    SELECT address FROM unnest(CAST(:addresses AS text[])) address CROSS JOIN find_account(address)
    WHERE person IS NOT NULL
""")
_ABOVE = text("""
    WITH RECURSIVE above AS (
        SELECT id, manager_id FROM users WHERE organization_id = :company AND id = ANY(:people)
        UNION
        SELECT u.id, u.manager_id FROM above JOIN users u ON u.organization_id = :company AND u.id = above.manager_id
    )
    SELECT id, manager_id FROM above
""")


@dataclass
class PlannedLine:
    """A line, whom it is about, and what they will be."""

    line: FileLine
    person_id: UUID
    # As stored; of somebody new, nothing.
    stored: dict[str, Any] | None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> set[str]:
        """The fields of a stored person that will be others."""
        stored = self.stored
        return set() if stored is None else {name for name, value in self.values.items() if stored[name] != value}

    @property
    def outcome(self) -> ImportOutcome:
        if self.line.problems:
            return ImportOutcome.ERROR
        if self.stored is None:
            return ImportOutcome.CREATED
        return ImportOutcome.UPDATED if self.changed else ImportOutcome.UNCHANGED


@dataclass
class _Company:
    """What lines are compared with."""

    id: UUID
    by_email: dict[str, dict[str, Any]]
    departments: DepartmentPaths
    phone_region: str
    # Active, and able to sign in.
    admins: set[UUID]


@dataclass
class Plan:
    lines: list[PlannedLine]
    departments: DepartmentPaths


def plan_import(session: Session, company_id: UUID, lines: list[FileLine], *, create_departments: bool) -> Plan:
    """Compare each line with who is stored; problems are added to the lines."""
    company = _load(session, company_id, lines)
    planned = [_of_whom(company, line) for line in lines]
    by_email = {item.line.email: item.person_id for item in reversed(planned) if item.line.email}
    for item in planned:
        for problem in _apply(company, item, by_email, create_departments=create_departments):
            item.line.problems.append(problem)
    _tell_taken_addresses(session, planned)
    _tell_circles(session, company, planned)
    _tell_lost_admins(company, planned)
    return Plan(planned, company.departments)


def _load(session: Session, company_id: UUID, lines: list[FileLine]) -> _Company:
    """Lock, administrators first as everywhere, and read the people whom the file names."""
    admins = session.execute(
        select(col(User.id), _can_sign_in().label("can_sign_in"))
        .where(col(User.organization_id) == company_id, col(User.role) == Role.ADMIN)
        .order_by(col(User.id))
        .with_for_update(key_share=True)
    ).all()
    emails = {line.email for line in lines if line.email}
    by_email = _people(session, company_id, emails, lock=True)
    managers = {line.values[Column.MANAGER] for line in lines if line.values.get(Column.MANAGER)}
    by_email.update(_people(session, company_id, managers - by_email.keys(), lock=False))
    return _Company(
        company_id,
        by_email,
        DepartmentPaths(session, company_id),
        phone_region(session, company_id),
        {row.id for row in admins if row.can_sign_in},
    )


def _can_sign_in() -> ColumnElement[bool]:
    return and_(col(User.is_active), col(User.hashed_password) != NO_PASSWORD)


def _people(session: Session, company_id: UUID, emails: set[str], *, lock: bool) -> dict[str, dict[str, Any]]:
    """The people of the company with these e-mails, as stored."""
    columns = [col(getattr(User, name)) for name in _STORED]
    query = (
        select(*columns, (col(User.hashed_password) != NO_PASSWORD).label("has_password"))
        .where(col(User.organization_id) == company_id, col(User.email) == any_(literal(sorted(emails), ARRAY(String))))
        .order_by(col(User.id))
    )
    if lock:
        query = query.with_for_update(key_share=True)
    return {row["email"]: dict(row) for row in session.execute(query).mappings()}


def _of_whom(company: _Company, line: FileLine) -> PlannedLine:
    stored = company.by_email.get(line.email) if line.email else None
    return PlannedLine(line, stored["id"] if stored else new_id(), stored)


def _apply(
    company: _Company, item: PlannedLine, by_email: dict[str, UUID], *, create_departments: bool
) -> Iterator[Invalid]:
    """Set the values of a line; the problems that come up."""
    stored = item.stored or {}
    for column, value in item.line.values.items():
        try:
            match column:
                case Column.PHONE:
                    # What was stored before numbers had one form may be sent back as it is.
                    is_new = value is not None and value != stored.get("phone")
                    item.values["phone"] = _phone(value, company.phone_region) if is_new else value
                case Column.DEPARTMENT:
                    _set_department(company, item, value, create=create_departments)
                case Column.MANAGER:
                    item.values["manager_id"] = _manager(company, by_email, value)
                case _:
                    item.values[column] = value
        except Invalid as problem:
            yield problem
    is_active = item.values.get(Column.IS_ACTIVE, True)
    if is_active != stored.get("is_active", True):
        item.values["deactivated_at"] = None if is_active else now()


def _phone(written: str, region: str) -> str:
    try:
        return normal_phone(_PHONE.validate_python(written), region)
    except ValidationError as error:
        raise Invalid("phone_invalid", field=Column.PHONE, phone=written[:SHOWN]) from error


def _set_department(company: _Company, item: PlannedLine, written: str | None, *, create: bool) -> None:
    stored = item.stored
    if stored is not None and written == shown_department(company.departments, stored):
        return
    found = company.departments.find(written, create=create) if written else None
    item.values["department_id"] = found
    item.values["department"] = company.departments.name_of(found) if found else None


def shown_department(departments: DepartmentPaths, person: Any) -> str | None:
    """What stands in a person's cell: the path of the department, or the text of somebody who is in none."""
    department_id, name = person["department_id"], person["department"]
    return departments.path_of(department_id) if department_id else name


def _manager(company: _Company, by_email: dict[str, UUID], email: str | None) -> UUID | None:
    if email is None:
        return None
    stored = company.by_email.get(email)
    manager_id = by_email.get(email) or (stored["id"] if stored else None)
    if manager_id is None:
        raise Invalid("manager_unknown", field=Column.MANAGER, email=email)
    return manager_id


def _new(planned: Iterable[PlannedLine]) -> list[PlannedLine]:
    return [item for item in planned if item.stored is None and item.line.email]


def _tell_taken_addresses(session: Session, planned: list[PlannedLine]) -> None:
    """E-mails are unique in the installation. Whose one is, is not told."""
    addresses = [item.line.email for item in _new(planned)]
    taken = set(session.execute(_TAKEN, {"addresses": addresses}).scalars()) if addresses else set()
    tell_taken(planned, taken)


def tell_taken(planned: list[PlannedLine], taken: set[str]) -> None:
    """Note on the lines of new people that others have these e-mails."""
    for item in _new(planned):
        if item.line.email in taken:
            item.line.problems.append(Invalid("email_taken", field=Column.EMAIL, email=item.line.email))


def _tell_circles(session: Session, company: _Company, planned: list[PlannedLine]) -> None:
    """Follow the managers of everybody who gets another one, as all lines together leave them."""
    moved = [
        item
        for item in planned
        if item.values.get("manager_id") and (item.stored is None or "manager_id" in item.changed)
    ]
    if not moved:
        return
    known = [person["id"] for person in company.by_email.values()]
    rows = session.execute(_ABOVE, {"company": company.id, "people": known}).all()
    manager_of: dict[UUID, UUID | None] = {row.id: row.manager_id for row in rows}
    # Of people with two lines, the first one's counts: the other is an error anyway.
    for item in reversed(planned):
        if "manager_id" in item.values:
            manager_of[item.person_id] = item.values["manager_id"]
    for item in moved:
        problem = _chain_problem(manager_of, item.person_id)
        if problem is not None:
            item.line.problems.append(problem)


def _chain_problem(manager_of: dict[UUID, UUID | None], person_id: UUID) -> Invalid | None:
    """A circle, or a chain so long that following it for everybody would take too long."""
    limit = get_settings().ORG_CHART_MAX_DEPTH
    seen: set[UUID] = set()
    above = manager_of[person_id]
    while above is not None and above not in seen:
        if above == person_id:
            return Invalid("manager_circle", field=Column.MANAGER)
        seen.add(above)
        if len(seen) > limit:
            return Invalid("manager_chain_too_long", field=Column.MANAGER, limit=limit)
        above = manager_of.get(above)
    return None


def _tell_lost_admins(company: _Company, planned: list[PlannedLine]) -> None:
    """Somebody who can sign in must stay an administrator."""
    left = set(company.admins)
    dismissed = []
    for item in planned:
        if item.stored is None:
            continue
        after = {**item.stored, **item.values}
        if after["is_active"] and after["role"] == Role.ADMIN and after["has_password"]:
            left.add(item.person_id)
        elif item.person_id in left:
            left.discard(item.person_id)
            dismissed.append(item.line)
    if not left:
        for line in dismissed:
            line.problems.append(Invalid("last_admin", field=Column.ROLE))
