"""Companies."""

from uuid import UUID

from sqlmodel import Field

from app.core.ids import new_id
from app.models.base import Timestamped, Versioned


class Organization(Timestamped, Versioned, table=True):
    __tablename__ = "organizations"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=200)
    time_zone: str = Field(max_length=64)
    locale: str = Field(default="ru", max_length=8)
