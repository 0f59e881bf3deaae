"""A company's own kinds of absence: kept by administrators, seen by everybody."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.models.working_time import OwnAbsenceKind
from app.schemas.working_time import OwnKindSort, OwnKindWrite
from app.services.rows import (
    Conflicts,
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)
from app.services.turns import take_turn

SORTS = {"name": SortColumn(col(OwnAbsenceKind.name), str)}
_CONFLICTS: Conflicts = {"uq_absence_kinds_name": ("absence_kind_name_taken", {})}
_IN_USE: Conflicts = {"fk_absences_organization_id_kind_id": ("absence_kind_in_use", {})}


def visible_to(actor: Actor) -> Select[OwnAbsenceKind]:
    """The company's own kinds."""
    return select(OwnAbsenceKind).where(col(OwnAbsenceKind.organization_id) == actor.company)


def list_kinds(
    session: Session, actor: Actor, sort: OwnKindSort, page: PageRequest
) -> tuple[list[OwnAbsenceKind], str | None]:
    """A page of them, and the cursor of the next one or None."""
    return fetch_page(session, visible_to(actor), SORTS, sort, page)


def read_kind(session: Session, actor: Actor, kind_id: UUID, *, lock: bool = False) -> OwnAbsenceKind:
    """Raises NotFound: the company has no such kind."""
    return get_visible(session, visible_to(actor), kind_id, "absence_kind_not_found", lock=lock)


def find_kind(session: Session, actor: Actor, kind_id: UUID) -> OwnAbsenceKind:
    """A kind that can be chosen.

    Raises:
        Invalid: there is none.
    """
    kind = session.get(OwnAbsenceKind, (actor.company, kind_id))
    if kind is None or not kind.is_active:
        raise Invalid("absence_kind_not_found", field="kind_id")
    return kind


def create_kind(session: Session, actor: Actor, data: OwnKindWrite) -> OwnAbsenceKind:
    """A new kind. For administrators.

    Raises:
        Forbidden: the actor is none.
        Conflict: another kind has its name, or the company has ABSENCE_KINDS_MAX.
    """
    company = actor.company
    actor.require_admin()
    take_turn(session, "absence_kinds", company)
    counted = select(func.count()).where(col(OwnAbsenceKind.organization_id) == company)
    limit = get_settings().ABSENCE_KINDS_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_absence_kinds", limit=limit)
    kind = OwnAbsenceKind(**data.model_dump(), organization_id=company)
    session.add(kind)
    flush(session, _CONFLICTS)
    return kind


def change_kind(
    session: Session, actor: Actor, kind_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> OwnAbsenceKind:
    """Change what `values` names; absences that are there stay as they are. For administrators."""
    kind = read_kind(session, actor, kind_id, lock=True)
    actor.require_admin()
    check_version(kind, if_match)
    apply_changes(kind, values)
    flush(session, _CONFLICTS)
    return kind


def delete_kind(session: Session, actor: Actor, kind_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete a kind of which there is no absence. For administrators.

    Raises:
        Conflict: there are absences of it.
    """
    kind = read_kind(session, actor, kind_id, lock=True)
    actor.require_admin()
    check_version(kind, if_match)
    session.delete(kind)
    flush(session, _IN_USE)
