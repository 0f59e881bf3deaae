"""Invitations into a company."""

from enum import StrEnum
from uuid import UUID

from app.models.invitation import InvitationState
from app.models.user import Role
from app.schemas.common import Email, Input, Instant, Line, Output, example


class InvitationSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"
    EMAIL = "email"
    EMAIL_DESC = "-email"


class InvitationWrite(Input):
    model_config = example(email="oleg@example.com", full_name="Олег Петров", role="employee")

    email: Email
    full_name: Line | None = None
    role: Role = Role.EMPLOYEE
    department_id: UUID | None = None


class InvitationRead(Output):
    """An invitation as administrators see it. Its token is in the mail and nowhere else."""

    id: UUID
    organization_id: UUID
    email: str
    full_name: str | None
    role: Role
    department_id: UUID | None
    invited_by: UUID | None
    state: InvitationState
    created_at: Instant
    expires_at: Instant
    accepted_at: Instant | None
    revoked_at: Instant | None
    version: int


class InvitationPreview(Output):
    """What the link in an invitation shows to whoever holds it."""

    organization_name: str
    email: str
    full_name: str | None
    expires_at: Instant
