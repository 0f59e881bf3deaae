"""People as a table: its columns, and what an import says of every line."""

from enum import StrEnum

from pydantic import Field

from app.schemas.common import Output


class PeopleFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class Column(StrEnum):
    """A column of people. The first of its names is that of an export; an import reads all, in any case."""

    EMAIL = "email"
    FULL_NAME = "full_name"
    PHONE = "phone"
    POSITION = "position"
    DEPARTMENT = "department"
    MANAGER = "manager_email"
    BIRTHDAY = "birthday"
    ROLE = "role"
    TIME_ZONE = "time_zone"
    IS_ACTIVE = "is_active"
    ORG_STRUCTURE = "access_org_structure"
    TICKETS = "access_tickets"
    AVAILABILITY_SLOTS = "access_availability_slots"
    LOCAL_TIME = "show_local_time"
    MOSCOW_TIME = "show_moscow_time"
    # An import passes these by.
    ID = "id"
    CREATED = "created_at"


READ_ONLY = frozenset({Column.ID, Column.CREATED})
FLAGS = (
    Column.IS_ACTIVE,
    Column.ORG_STRUCTURE,
    Column.TICKETS,
    Column.AVAILABILITY_SLOTS,
    Column.LOCAL_TIME,
    Column.MOSCOW_TIME,
)
# What people call the columns; spaces and underscores are the same.
HEADINGS: dict[str, Column] = {
    **{str(column).replace("_", " "): column for column in Column},
    "e-mail": Column.EMAIL,
    "почта": Column.EMAIL,
    "эл. почта": Column.EMAIL,
    "электронная почта": Column.EMAIL,
    "name": Column.FULL_NAME,
    "фио": Column.FULL_NAME,
    "имя": Column.FULL_NAME,
    "полное имя": Column.FULL_NAME,
    "телефон": Column.PHONE,
    "job title": Column.POSITION,
    "должность": Column.POSITION,
    "отдел": Column.DEPARTMENT,
    "подразделение": Column.DEPARTMENT,
    "manager": Column.MANAGER,
    "manager e-mail": Column.MANAGER,
    "руководитель": Column.MANAGER,
    "почта руководителя": Column.MANAGER,
    "e-mail руководителя": Column.MANAGER,
    "день рождения": Column.BIRTHDAY,
    "дата рождения": Column.BIRTHDAY,
    "роль": Column.ROLE,
    "часовой пояс": Column.TIME_ZONE,
    "active": Column.IS_ACTIVE,
    "активен": Column.IS_ACTIVE,
    "доступ к структуре": Column.ORG_STRUCTURE,
    "доступ к заявкам": Column.TICKETS,
    "доступ к слотам": Column.AVAILABILITY_SLOTS,
    "местное время": Column.LOCAL_TIME,
    "московское время": Column.MOSCOW_TIME,
    "создан": Column.CREATED,
}


class ImportOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ERROR = "error"


class CellProblem(Output):
    """What is wrong with a cell, or with the whole line where `column` is null."""

    column: str | None
    code: str
    detail: str = Field(description="In the reader's language")


class ImportLine(Output):
    line: int = Field(description="Where it begins in the file, counted from 1; the heading is a line too")
    email: str | None
    outcome: ImportOutcome
    changes: list[Column] = Field(description="Of somebody who is updated: what changes")
    problems: list[CellProblem]


class ImportRead(Output):
    """What an import did to each line, or would do."""

    dry_run: bool
    encoding: str = Field(description="In which the file was read: one that is wrong garbles names")
    delimiter: str
    ignored_columns: list[str] = Field(description="Of an export, what cannot be set")
    created_departments: list[str] = Field(description="With create_departments: their paths")
    created: int
    updated: int
    unchanged: int
    errors: int
    lines: list[ImportLine]
