"""Import of people from a CSV file: all lines or none, and a dry run that does the same and takes it back.

A line is about whom its e-mail names. A column that the file does not have leaves what is stored; an empty cell clears
it, but for rights. New people have no password: nobody can sign in as them before they get one.
"""

import json
from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.messages import Language
from app.core.security import NO_PASSWORD
from app.models.calendar import Calendar
from app.models.organization import Organization
from app.models.user import Role
from app.schemas.people_import import CellProblem, Column, ImportLine, ImportOutcome, ImportRead
from app.services import session_service
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
_CHANGES = {
    "manager_id": Column.MANAGER,
    "department_id": Column.DEPARTMENT,
    "deactivated_at": Column.IS_ACTIVE,
}


def _records(columns: list[str]) -> str:
    """The rows of a JSON text as a table: one statement writes them all, so they may name each other."""
    types = ", ".join(f'"{name}" {COLUMN_TYPES[name]}' for name in columns)
    return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, email text, {types})"


def _listed(columns: list[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in columns)


def _insert(columns: list[str], ending: str = "") -> str:
    return (
        f"INSERT INTO users (id, email, organization_id, hashed_password, {_listed(columns)})"
        f" SELECT r.id, r.email, :company, :no_password, {_listed(columns, 'r.')} FROM {_records(columns)} {ending}"
    )


def _update(columns: list[str]) -> str:
    return (
        f"UPDATE users u SET {', '.join(f'"{name}" = r."{name}"' for name in columns)},"
        f" version = u.version + 1, updated_at = now() FROM {_records(columns)}"
        " WHERE u.organization_id = :company AND u.id = r.id"
    )
