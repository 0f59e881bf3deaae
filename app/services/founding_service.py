"""Founding a company: the company itself, and the invitation of its first administrator."""

from sqlmodel import Session

from app.core.actor import Actor
from app.models.user import Role
from app.schemas.invitation import InvitationWrite
from app.schemas.organization import OrganizationCreate, OrganizationRead
from app.services import invitation_service, organization_service


def found_company(session: Session, actor: Actor, data: OrganizationCreate) -> OrganizationRead:
    """A new company; `data.admin`, if given, is invited by mail to be its administrator.

    Raises:
        Forbidden: the actor is no administrator of the installation.
        Conflict: another company has one of the e-mail domains, the administrator's e-mail has an account, or
            registration is closed and nobody could accept an invitation.
    """
    organization = organization_service.create_organization(session, actor, data)
    if data.admin is not None:
        invited = InvitationWrite(email=data.admin.email, full_name=data.admin.full_name, role=Role.ADMIN)
        invitation_service.invite(session, actor, organization.id, invited)
    return organization
