"""The file of an import: its encoding, its columns, and the value in each cell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.calendaring.zones import UnknownZone, get_zone
from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.tables import DELIMITERS, UnreadableTable, csv_rows, decoded
from app.models.user import Role
from app.schemas.common import Date, Email, Line
from app.schemas.people_import import FLAGS, HEADINGS, READ_ONLY, Column

TEXT_MAX_LENGTH = 200
# An erroneous cell is told back up to here.
SHOWN = 100
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_LINE: TypeAdapter[str] = TypeAdapter(Line)
_DATE: TypeAdapter[date] = TypeAdapter(Date)
# Addresses that are good and in their normal form for certain, as nearly all are: the library that knows the others
# would take most of the time of an import. A test holds both to the same answers.
_PLAIN_EMAIL = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}")
_PLAIN_MAX_LENGTH = 64
# 17.05.1990, as spreadsheets in Russian and German write it.
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ROLES = {
    **{str(role): role for role in Role},
    "администратор": Role.ADMIN,
    "ит": Role.IT,
    "сотрудник": Role.EMPLOYEE,
}
_FLAGS = {
    **dict.fromkeys(("true", "yes", "1", "да", "истина"), True),
    **dict.fromkeys(("false", "no", "0", "нет", "ложь"), False),
}
# An empty cell of these leaves what is stored, or the default: it must not appoint or dismiss anyone.
KEPT_WHEN_EMPTY = frozenset({Column.ROLE, *FLAGS})


@dataclass
class FileLine:
    """A line: what it says of somebody, and what is wrong with it.

    `values` has a value for each column that says something: None for an empty cell, which clears what is stored.
    Departments, managers and phones are as they were written.
    """

    number: int
    email: str | None = None
    values: dict[Column, Any] = field(default_factory=dict)
    problems: list[Invalid] = field(default_factory=list)


@dataclass(frozen=True)
class PeopleFile:
    encoding: str
    delimiter: str
    ignored: list[str]
    lines: list[FileLine]


def read_people(content: bytes, encodings: tuple[str, ...]) -> PeopleFile:
    """The people in a CSV file, in the first of the encodings that fits.

    Raises:
        Invalid: the file as a whole cannot be read, has columns that nobody knows or no e-mails, or too many lines.
    """
    try:
        text, encoding = decoded(content, encodings)
    except UnreadableTable as error:
        raise Invalid("import_encoding") from error
    delimiter = max(DELIMITERS, key=lambda delimiter: len(_known(_heading(text, delimiter))))
    rows = csv_rows(text, delimiter)
    limit = get_settings().IMPORT_MAX_ROWS
    lines: list[FileLine] = []
    try:
        headings = next(rows, (1, []))[1]
        columns = _columns_of(headings)
        for number, cells in rows:
            if len(lines) == limit:
                raise Invalid("import_too_many_rows", limit=limit)
            lines.append(_line_of(number, columns, cells))
    except UnreadableTable as error:
        raise Invalid("import_unreadable", line=error.line) from error
    ignored = [str(column) for column in columns if column in READ_ONLY]
    return PeopleFile(encoding, delimiter, ignored, _with_repetitions_told(lines))


def _heading(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv_rows(text, delimiter), (1, []))[1]
    except UnreadableTable:
        return []


def _known(headings: list[str]) -> list[Column]:
    return [column for heading in headings if (column := HEADINGS.get(_normal(heading)))]


def _normal(heading: str) -> str:
    return " ".join(heading.lower().replace("_", " ").split())


def _columns_of(headings: list[str]) -> list[Column]:
    headings = _without_empty_end(headings)
    columns = _known(headings)
    if Column.EMAIL not in columns:
        raise Invalid("import_no_email")
    unknown = next((heading for heading in headings if _normal(heading) not in HEADINGS), None)
    if unknown is not None:
        known = ", ".join(column for column in Column if column not in READ_ONLY)
        raise Invalid("import_unknown_column", column=unknown[:SHOWN], known=known)
    repeated = next((column for place, column in enumerate(columns) if column in columns[:place]), None)
    if repeated is not None:
        raise Invalid("import_repeated_column", column=repeated)
    return columns


def _without_empty_end(cells: list[str]) -> list[str]:
    length = len(cells)
    while length and not cells[length - 1]:
        length -= 1
    return cells[:length]


def _line_of(number: int, columns: list[Column], cells: list[str]) -> FileLine:
    line = FileLine(number)
    # Spreadsheets fill lines up with empty cells.
    if len(cells) > len(columns):
        cells = [*cells[: len(columns)], *_without_empty_end(cells[len(columns) :])]
    if len(cells) != len(columns):
        line.problems.append(Invalid("import_cells", count=len(cells), expected=len(columns)))
    for column, value in _values_of(line, dict(zip(columns, cells, strict=False))):
        line.values[column] = value
    line.email = line.values.pop(Column.EMAIL, None)
    return line


def _values_of(line: FileLine, cells: dict[Column, str]) -> Iterator[tuple[Column, Any]]:
    for column, text in cells.items():
        if column in READ_ONLY or (column in KEPT_WHEN_EMPTY and not text):
            continue
        try:
            yield column, value_of(column, text)
        except Invalid as error:
            line.problems.append(error)


def value_of(column: Column, text: str) -> Any:
    """The value of a cell; None of an empty one.

    Raises:
        Invalid: it cannot be.
    """
    if column is Column.EMAIL:
        return _email(text)
    if not text:
        return None
    match column:
        case Column.MANAGER:
            return _email(text, Column.MANAGER)
        case Column.BIRTHDAY:
            return _date(text)
        case Column.ROLE:
            return _one_of(_ROLES, text, "role_invalid", column)
        case Column.TIME_ZONE:
            return _zone(text)
        case Column.PHONE | Column.DEPARTMENT:
            # They may be as they are stored already, which is seen later.
            return text
        case Column.FULL_NAME | Column.POSITION:
            return _checked(_LINE, text, Invalid("text_invalid", field=column, limit=TEXT_MAX_LENGTH))
        case _:
            return _one_of(_FLAGS, text, "flag_invalid", column)


def _checked(adapter: TypeAdapter[Any], text: str, problem: Invalid) -> Any:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise problem from error


def _email(text: str, column: Column = Column.EMAIL) -> Any:
    written = text.lower()
    if len(written) <= _PLAIN_MAX_LENGTH and _PLAIN_EMAIL.fullmatch(written):
        return written
    return _checked(_EMAIL, text, Invalid("email_invalid", field=column, email=text[:SHOWN]))


def _date(text: str) -> Any:
    written = _DAY_FIRST.fullmatch(text)
    if written:
        day, month, year = written.groups()
        text = f"{year}-{int(month):02}-{int(day):02}"
    return _checked(_DATE, text, Invalid("birthday_invalid", field=Column.BIRTHDAY, date=text[:SHOWN]))


def _zone(text: str) -> str:
    try:
        get_zone(text)
    except UnknownZone as error:
        raise Invalid("unknown_zone", field=Column.TIME_ZONE, zone=text[:SHOWN]) from error
    return text


def _one_of(values: dict[str, Any], text: str, code: str, column: Column) -> Any:
    value = values.get(text.lower())
    if value is None:
        raise Invalid(code, field=column, value=text[:SHOWN])
    return value


def _with_repetitions_told(lines: list[FileLine]) -> list[FileLine]:
    """The same lines; of those with the same e-mail, all but the first have a problem."""
    first: dict[str, int] = {}
    for line in lines:
        if line.email is None:
            continue
        earlier = first.setdefault(line.email, line.number)
        if earlier != line.number:
            line.problems.append(Invalid("import_repeated_email", field=Column.EMAIL, line=earlier))
    return lines
