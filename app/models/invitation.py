"""Invitations into a company, sent by mail."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now, one_of
from app.models.user import Role


class InvitationState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Invitation(OwnedByOrganization, Timestamped, Versioned, table=True):
    """Open until it is accepted, revoked or expired. Only a hash of the secret in its link is kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "department_id"], ["departments.organization_id", "departments.id"]),
        ForeignKeyConstraint(["organization_id", "invited_by"], ["users.organization_id", "users.id"]),
        # One open invitation an address and company: a second one renews the first.
        Index(
            "uq_invitations_open",
            "organization_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
        Index(None, "organization_id", "created_at", "id"),
        one_of("role", Role),
    )

    email: str = Field(max_length=254)
    full_name: str | None = Field(default=None, max_length=200)
    role: str = Field(default=Role.EMPLOYEE, max_length=20)
    department_id: UUID | None = None
    # None: the person asked for it by registering with an e-mail of the company's domains, or an administrator of the
    # installation, who is in no company, sent it.
    invited_by: UUID | None = None
    token_hash: str = Field(max_length=64)
    expires_at: datetime
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def state(self) -> InvitationState:
        """How it stands at this moment."""
        if self.accepted_at is not None:
            return InvitationState.ACCEPTED
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        return InvitationState.OPEN if self.expires_at > now() else InvitationState.EXPIRED
