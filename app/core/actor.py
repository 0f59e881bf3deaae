"""Who is asking: what permissions and times depend on, read once per request."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in user of a request.

    `organization_id` is None for an administrator of the installation, who belongs to no company.
    `time_zone` is the user's own IANA zone, or else the company's. Of a delegate who acts for somebody, all of this is
    the principal's, and `delegate_id` is who really asks.
    """

    user_id: UUID
    organization_id: UUID | None
    role: str
    session_id: UUID | None
    time_zone: str
    organization_time_zone: str
    access_org_structure: bool = True
    access_tickets: bool = True
    delegate_id: UUID | None = None
    # False for delegates to whom the principal's private events show as busy.
    sees_private: bool = True

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_installation_admin(self) -> bool:
        return self.is_admin and self.organization_id is None

    def require_admin(self) -> None:
        """Raises Forbidden unless the actor is an administrator. After the look-up: strangers are to get a 404."""
        if not self.is_admin:
            raise Forbidden("admin_only")

    def require_admin_or_it(self) -> None:
        """Raises Forbidden unless the actor is an administrator or of the IT desk. After the look-up, likewise."""
        if self.role not in ("admin", "it"):
            raise Forbidden("admin_or_it_only")

    def require_oneself(self) -> None:
        """Raises Forbidden if somebody acts for another: what would outlast the delegation is the principal's alone."""
        if self.delegate_id is not None:
            raise Forbidden("not_for_delegates")

    @property
    def company(self) -> UUID:
        """The company of the actor.

        Raises:
            Forbidden: the actor has none, so there are no calendars, events and rooms to speak of.
        """
        if self.organization_id is None:
            raise Forbidden("company_required")
        return self.organization_id
