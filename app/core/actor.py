"""Who is asking: what permissions and times depend on, read once per request."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in user of a request.

    `organization_id` is None for an administrator of the installation, who belongs to no company.
    `time_zone` is the user's own IANA zone, or else the company's.
    """

    user_id: UUID
    organization_id: UUID | None
    role: str
    session_id: UUID | None
    time_zone: str
    organization_time_zone: str

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_installation_admin(self) -> bool:
        return self.is_admin and self.organization_id is None

    @property
    def company(self) -> UUID:
        """The company of the actor.

        Raises:
            Forbidden: the actor has none, so there are no calendars, events and rooms to speak of.
        """
        if self.organization_id is None:
            raise Forbidden("company_required")
        return self.organization_id
