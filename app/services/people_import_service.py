"""Import of people from a CSV file: all lines or none, and a dry run that does the same and takes it back.

A line is about whom its e-mail names. A column that the file does not have leaves what is stored; an empty cell clears
it, but for rights. New people have no password: nobody can sign in as them before they get one.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.ids import new_id
from app.core.messages import Language
from app.core.security import NO_PASSWORD
from app.models.calendar import Calendar
from app.models.organization import Organization
from app.models.user import Role
from app.schemas.people_import import CellProblem, Column, ImportLine, ImportOutcome, ImportRead
from app.services import delegation_service, session_service
from app.services.chart_lock import lock_chart
from app.services.department_service import require_org_structure
from app.services.people_import_planning import COLUMN_TYPES, Plan, PlannedLine, plan_import, tell_taken
from app.services.people_import_reading import PeopleFile, read_people
from app.services.rows import flush, refusals_as

# What spreadsheets write where they do not write UTF-8, by the language of the company.
_ENCODINGS = {"ru": ("utf-8", "cp1251")}
_OTHER_ENCODINGS = ("utf-8", "cp1252")
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(COLUMN_TYPES),
    "role": Role.EMPLOYEE,
    "is_active": True,
    "access_org_structure": True,
    "access_tickets": True,
    "access_availability_slots": False,
    "show_local_time": True,
    "show_moscow_time": True,
}
_CALENDARS = text("""
    INSERT INTO calendars (organization_id, id, owner_id, name, color, is_public)
    SELECT :company, r.id, r.owner_id, r.name, :color, false
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, owner_id uuid, name text)
""")
# One statement writes thousands of people, with all that is derived from them and recorded about them.
_PATIENCE = text("SET LOCAL statement_timeout = '60s'")
_CHANGES = {
    "manager_id": Column.MANAGER,
    "department_id": Column.DEPARTMENT,
    "deactivated_at": Column.IS_ACTIVE,
}


def import_people(
    session: Session,
    actor: Actor,
    content: bytes,
    charset: str | None,
    language: Language,
    *,
    dry_run: bool,
    create_departments: bool,
) -> ImportRead:
    """Create and change the people whom the CSV file names. For administrators of a company.

    Args:
        charset: the encoding that the client named.
        language: in which problems are told.
        create_departments: make those that are missing.

    Raises:
        Forbidden: the actor belongs to no company.
        Invalid: the file cannot be read; or lines have errors, which `lines` tells, and it is no dry run.
    """
    company = actor.company
    if create_departments:
        require_org_structure(actor)
    locale = session.get_one(Organization, company).locale
    file = read_people(content, (charset,) if charset else _ENCODINGS.get(locale, _OTHER_ENCODINGS))
    lock_chart(session, company, "users")
    lock_chart(session, company, "departments")
    plan = plan_import(session, company, file.lines, create_departments=create_departments)
    if not _has_errors(plan):
        _write(session, company, plan, dry_run=dry_run)
    report = _report(file, plan, language, dry_run=dry_run)
    if report.errors and not dry_run:
        refusal = Invalid("import_has_errors", count=report.errors)
        refusal.extra["lines"] = [line.model_dump(mode="json") for line in report.lines if line.problems]
        raise refusal
    return report


def _has_errors(plan: Plan) -> bool:
    return any(item.line.problems for item in plan.lines)


def _write(session: Session, company: UUID, plan: Plan, *, dry_run: bool) -> None:
    """Write the plan, and take all of it back if this is a dry run or somebody has one of the new e-mails after all."""
    created = [item for item in plan.lines if item.outcome is ImportOutcome.CREATED]
    updated = [item for item in plan.lines if item.outcome is ImportOutcome.UPDATED]
    session.execute(_PATIENCE)
    savepoint = session.begin_nested()
    session.add_all(plan.departments.added)
    flush(session, {"uq_departments_name": ("try_again", {})})
    try:
        _create(session, company, created)
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", None) != "uq_users_email":
            raise
        savepoint.rollback()
        tell_taken(plan.lines, _taken(session, company, created))
        return
    _update(session, company, updated)
    if dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()


def _records(columns: Sequence[str]) -> str:
    """The rows of a JSON text as a table: one statement writes them all, so they may name each other."""
    types = ", ".join(f'"{name}" {COLUMN_TYPES[name]}' for name in columns)
    return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, email text, {types})"


def _insertion(columns: Sequence[str], ending: str = "") -> TextClause:
    targets, values = (", ".join(f'{prefix}"{name}"' for name in columns) for prefix in ("", "r."))
    return text(
        f"INSERT INTO users (id, email, organization_id, hashed_password, {targets})"
        f" SELECT r.id, r.email, :company, :no_password, {values} FROM {_records(columns)} {ending}"
    )


def _create(session: Session, company: UUID, items: list[PlannedLine]) -> None:
    """New people without a password, each with the calendar that everybody has."""
    if not items:
        return
    session.execute(_insertion(list(COLUMN_TYPES)), _parameters(company, items))
    calendars = [
        {
            "id": new_id(),
            "owner_id": item.person_id,
            "name": item.values.get("full_name") or str(item.line.email).split("@")[0],
        }
        for item in items
    ]
    color = Calendar.model_fields["color"].default
    session.execute(_CALENDARS, {"company": company, "color": color, "rows": json.dumps(calendars, default=str)})


def _taken(session: Session, company: UUID, items: list[PlannedLine]) -> set[str]:
    """The e-mails of new people that cannot be stored: those of companies that are being deleted, or of this moment."""
    columns = [name for name in COLUMN_TYPES if name != "manager_id"]
    statement = _insertion(columns, "ON CONFLICT (email) DO NOTHING RETURNING email")
    with session.begin_nested() as savepoint:
        stored = set(session.execute(statement, _parameters(company, items)).scalars())
        savepoint.rollback()
    return {str(item.line.email) for item in items} - stored


def _update(session: Session, company: UUID, items: list[PlannedLine]) -> None:
    """Write who changed. Those who get another manager are apart: each of them is looked at for a circle."""
    others = [name for name in COLUMN_TYPES if name != "manager_id"]
    for columns, moves in ((others, False), (list(COLUMN_TYPES), True)):
        chosen = [item for item in items if ("manager_id" in item.changed) is moves]
        if not chosen:
            continue
        changes = ", ".join(f'"{name}" = r."{name}"' for name in columns)
        statement = (
            f"UPDATE users u SET {changes}, version = u.version + 1, updated_at = now() FROM {_records(columns)}"
            " WHERE u.organization_id = :company AND u.id = r.id"
        )
        with refusals_as({"ck_users_no_circle": ("manager_circle", {})}):
            session.execute(text(statement), _parameters(company, chosen))
    for item in items:
        if "is_active" in item.changed and not item.values["is_active"]:
            session_service.revoke_all(session, item.person_id)
    back = {item.person_id for item in items if "is_active" in item.changed and item.values["is_active"]}
    if back:
        delegation_service.end_all(session, company, back)


def _parameters(company: UUID, items: list[PlannedLine]) -> dict[str, Any]:
    rows = [
        {**_DEFAULTS, **(item.stored or {}), **item.values, "id": item.person_id, "email": item.line.email}
        for item in items
    ]
    return {"company": company, "no_password": NO_PASSWORD, "rows": json.dumps(rows, default=str)}


def _report(file: PeopleFile, plan: Plan, language: Language, *, dry_run: bool) -> ImportRead:
    lines = [_told(item, language) for item in plan.lines]
    counts = Counter(line.outcome for line in lines)
    departments = plan.departments
    return ImportRead(
        dry_run=dry_run,
        encoding=file.encoding,
        delimiter=file.delimiter,
        ignored_columns=file.ignored,
        created_departments=[departments.path_of(department.id) for department in departments.added],
        created=counts[ImportOutcome.CREATED],
        updated=counts[ImportOutcome.UPDATED],
        unchanged=counts[ImportOutcome.UNCHANGED],
        errors=counts[ImportOutcome.ERROR],
        lines=lines,
    )


def _told(item: PlannedLine, language: Language) -> ImportLine:
    changed = {_CHANGES.get(name) or Column(name) for name in item.changed}
    return ImportLine(
        line=item.line.number,
        email=item.line.email,
        outcome=item.outcome,
        changes=[column for column in Column if column in changed] if not item.line.problems else [],
        problems=[
            CellProblem(column=problem.extra.get("field"), code=problem.code, detail=problem.detail(language))
            for problem in item.line.problems
        ],
    )
