"""People as actors where no request of theirs comes in: by a link, a mail, or the clock."""

from app.core.actor import Actor
from app.models.organization import Organization
from app.models.user import User


def actor_for(user: User, organization: Organization) -> Actor:
    """The person as who acts."""
    return Actor(
        user_id=user.id,
        organization_id=organization.id,
        role=user.role,
        session_id=None,
        time_zone=user.time_zone or organization.time_zone,
        organization_time_zone=organization.time_zone,
    )
