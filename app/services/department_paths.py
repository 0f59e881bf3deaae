"""Departments by what people write: their path from the top, "Head office / Sales", or a name that only one has."""

import re
from collections import defaultdict
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.ids import new_id
from app.models.department import Department
from app.schemas.common import Line

SEPARATOR = " / "
_SPLIT = re.compile(r"\s+/\s+")
_NAME: TypeAdapter[str] = TypeAdapter(Line)


class DepartmentPaths:
    """The tree of a company's departments, and those that are to be added to it."""

    def __init__(self, session: Session, company: UUID) -> None:
        rows = session.execute(
            select(col(Department.id), col(Department.name), col(Department.parent_id)).where(
                col(Department.organization_id) == company
            )
        ).all()
        self.company = company
        self.added: list[Department] = []
        self._departments = {row.id: (str(row.name), row.parent_id) for row in rows}
        self._paths: dict[UUID, tuple[str, ...]] = {}
        self._found: dict[str, list[UUID]] = defaultdict(list)
        for department_id in self._departments:
            self._note(department_id)

    def name_of(self, department_id: UUID) -> str:
        return self._departments[department_id][0]

    def path_of(self, department_id: UUID) -> str:
        return SEPARATOR.join(self._parts_of(department_id))

    def find(self, text: str, *, create: bool) -> UUID:
        """The department with this path or name; a new one, with what is missing above it, if `create`.

        Raises:
            Invalid: there is none, or several have this name; or no more may be made.
        """
        parts = _SPLIT.split(text)
        # The name of one may look like the path of another, which then counts.
        found = self._found.get(_key_of(parts)) or self._found.get(_name_key(text)) or []
        if len(found) == 1:
            return found[0]
        if found:
            raise Invalid("department_ambiguous", field="department", name=text[:200])
        if not create:
            raise Invalid("department_unknown", field="department", name=text[:200])
        return self._add(parts)

    def _add(self, parts: list[str]) -> UUID:
        settings = get_settings()
        if len(parts) > settings.DEPARTMENT_MAX_DEPTH:
            raise Invalid("department_too_deep", field="department", limit=settings.DEPARTMENT_MAX_DEPTH)
        try:
            names = [_NAME.validate_python(part) for part in parts]
        except ValidationError as error:
            raise Invalid("text_invalid", field="department", limit=200) from error
        parent_id: UUID | None = None
        for depth in range(1, len(names) + 1):
            found = self._found.get(_key_of(names[:depth]))
            if found:
                parent_id = found[0]
                continue
            if len(self._departments) >= settings.DEPARTMENTS_PER_COMPANY:
                raise Invalid("too_many_departments", field="department", limit=settings.DEPARTMENTS_PER_COMPANY)
            department = Department(
                id=new_id(), organization_id=self.company, name=names[depth - 1], parent_id=parent_id
            )
            self.added.append(department)
            self._departments[department.id] = (department.name, parent_id)
            self._note(department.id)
            parent_id = department.id
        assert parent_id is not None
        return parent_id

    def _note(self, department_id: UUID) -> None:
        parts = self._parts_of(department_id)
        self._found[_key_of(parts)].append(department_id)
        self._found[_name_key(parts[-1])].append(department_id)

    def _parts_of(self, department_id: UUID) -> tuple[str, ...]:
        """The names from the top down; there is never a circle."""
        chain: list[UUID] = []
        above: UUID | None = department_id
        while above is not None and above not in self._paths:
            chain.append(above)
            above = self._departments[above][1]
        parts = self._paths[above] if above is not None else ()
        for below in reversed(chain):
            parts = (*parts, self.name_of(below))
            self._paths[below] = parts
        return parts


def _key_of(parts: list[str] | tuple[str, ...]) -> str:
    return SEPARATOR.join(parts).lower()


def _name_key(name: str) -> str:
    # No path begins so: names have no control characters.
    return f"\0{name.lower()}"
