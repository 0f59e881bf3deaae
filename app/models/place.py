"""Where rooms are: the buildings of a company."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned


class Building(OwnedByOrganization, Timestamped, Versioned, table=True):
    """A building. Opening hours and blockings of its rooms are wall time in its own zone."""

    __tablename__ = "buildings"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    name: str = Field(max_length=200)
    address: str | None = Field(default=None, max_length=500)
    time_zone: str = Field(max_length=64)
