"""Companies: an administrator of the installation keeps them all, a company's administrator its settings."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlmodel import Session, col

from app.core import tenancy
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.base import now
from app.models.organization import Organization, OrganizationDomain
from app.schemas.organization import OrganizationRead, OrganizationSort, OrganizationWrite
from app.services import ticket_recount
from app.services.nudges import PURGE, nudge
from app.services.public_mail_domains import PUBLIC_MAIL_DOMAINS
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)

# What the promises of tickets are counted with.
WORKING_TIME = frozenset({"time_zone", "working_days", "workday_start", "workday_end", "holiday_country"})
SORTS = {
    "name": SortColumn(col(Organization.name), str),
    "created_at": SortColumn(col(Organization.created_at), datetime),
}


def visible_to(actor: Actor) -> Select[Organization]:
    """The actor's own company; for an administrator of the installation, every one. None that was deleted."""
    query = select(Organization).where(col(Organization.deleted_at).is_(None))
    if actor.is_installation_admin:
        return query
    return query.where(col(Organization.id) == actor.organization_id)


def list_organizations(
    session: Session, actor: Actor, sort: OrganizationSort, page: PageRequest, *, q: str | None = None
) -> tuple[list[OrganizationRead], str | None]:
    """Companies whose names contain `q`, in any case."""
    query = visible_to(actor)
    if q is not None:
        query = query.where(col(Organization.name).icontains(q, autoescape=True))
    rows, cursor = fetch_page(session, query, SORTS, sort, page)
    return _with_domains(session, rows), cursor


def get_organization(session: Session, actor: Actor, organization_id: UUID, *, lock: bool = False) -> Organization:
    return get_visible(session, visible_to(actor), organization_id, "organization_not_found", lock=lock)


def get_managed(session: Session, actor: Actor, organization_id: UUID, *, lock: bool = False) -> Organization:
    """A company that the actor keeps, and which the session has entered.

    Raises:
        Forbidden: the actor is in the company, and no administrator.
    """
    organization = get_organization(session, actor, organization_id, lock=lock)
    if not actor.is_admin:
        raise Forbidden("admin_only")
    _enter(session, actor, organization)
    return organization


def read_organization(session: Session, actor: Actor, organization_id: UUID) -> OrganizationRead:
    return _read(session, get_organization(session, actor, organization_id))


def create_organization(session: Session, actor: Actor, data: OrganizationWrite) -> OrganizationRead:
    """A new company, without people.

    Raises:
        Forbidden: the actor is no administrator of the installation.
        Conflict: another company has one of the e-mail domains.
    """
    _require_installation_admin(actor)
    organization = Organization(**data.model_dump(include=set(OrganizationWrite.model_fields) - {"email_domains"}))
    _check_hours(organization)
    session.add(organization)
    flush(session)
    _enter(session, actor, organization)
    _set_domains(session, actor, organization, data.email_domains)
    return _read(session, organization)


def change_organization(
    session: Session, actor: Actor, organization_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> OrganizationRead:
    """Change what `values` names. For the company's own administrators and those of the installation.

    Raises:
        Conflict: another company has one of the e-mail domains.
        Invalid: a domain is everybody's, there are too many, or the working day ends before it starts.
    """
    organization = get_managed(session, actor, organization_id, lock=True)
    check_version(organization, if_match)
    columns = {name: value for name, value in values.items() if name != "email_domains"}
    changed = apply_changes(organization, columns)
    _check_hours(organization)
    if changed & WORKING_TIME:
        ticket_recount.of_company(session, organization.id)
    has_new_domains = "email_domains" in values and _set_domains(session, actor, organization, values["email_domains"])
    if has_new_domains and not changed:
        organization.version += 1
    flush(session)
    return _read(session, organization)


def delete_organization(
    session: Session, actor: Actor, organization_id: UUID, confirm: str | None, if_match: frozenset[int] | None
) -> None:
    """Shut everybody out at once; a task then removes the company's rows. For administrators of the installation.

    Raises:
        Conflict: `confirm` is not the company's exact name.
    """
    organization = get_organization(session, actor, organization_id, lock=True)
    _require_installation_admin(actor)
    check_version(organization, if_match)
    if confirm != organization.name:
        raise Conflict("organization_delete_unconfirmed")
    _enter(session, actor, organization)
    _set_domains(session, actor, organization, [])
    apply_changes(organization, {"deleted_at": now()})
    flush(session)
    nudge(session, PURGE)


def _require_installation_admin(actor: Actor) -> None:
    if not actor.is_installation_admin:
        raise Forbidden("installation_admin_only")


def _enter(session: Session, actor: Actor, organization: Organization) -> None:
    """Let an administrator of the installation see the company's rows; everybody else is in it already."""
    if actor.is_installation_admin:
        tenancy.enter(session, organization.id, installation=True, actor=actor.user_id)


def _check_hours(organization: Organization) -> None:
    if organization.workday_start >= organization.workday_end:
        raise Invalid("workday_order", field="workday_end")


def _set_domains(session: Session, actor: Actor, organization: Organization, domains: Sequence[str]) -> bool:
    """Let the company have these e-mail domains and no others; whether that changed anything."""
    limit = get_settings().ORGANIZATION_DOMAINS_MAX
    if len(domains) > limit:
        raise Invalid("too_many_domains", field="email_domains", limit=limit)
    of_company = col(OrganizationDomain.organization_id) == organization.id
    stored = set(session.execute(select(col(OrganizationDomain.domain)).where(of_company)).scalars())
    wanted = set(domains)
    public = sorted((wanted - stored) & PUBLIC_MAIL_DOMAINS)
    if public and not actor.is_installation_admin:
        raise Invalid("domain_public", field="email_domains", domain=public[0])
    if gone := stored - wanted:
        session.execute(delete(OrganizationDomain).where(of_company, col(OrganizationDomain.domain).in_(gone)))
    # In one order, so that two companies that claim the same ones wait for each other instead of locking up.
    for domain in sorted(wanted - stored):
        session.add(OrganizationDomain(organization_id=organization.id, domain=domain))
        flush(session, {"uq_organization_domains_domain": ("domain_taken", {"domain": domain})})
    return stored != wanted


def _read(session: Session, organization: Organization) -> OrganizationRead:
    return _with_domains(session, [organization])[0]


def _with_domains(session: Session, organizations: Sequence[Organization]) -> list[OrganizationRead]:
    query = (
        select(col(OrganizationDomain.organization_id), col(OrganizationDomain.domain))
        .where(col(OrganizationDomain.organization_id).in_([row.id for row in organizations]))
        .order_by(col(OrganizationDomain.domain))
    )
    domains: defaultdict[UUID, list[str]] = defaultdict(list)
    for organization_id, domain in session.execute(query):
        domains[organization_id].append(domain)
    return [OrganizationRead(**row.model_dump(), email_domains=domains[row.id]) for row in organizations]
