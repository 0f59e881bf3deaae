"""Every table. Importing this package makes the metadata complete, as migrations and mappers need it."""

from app.models.base import metadata
from app.models.calendar import Calendar
from app.models.department import Department
from app.models.event import Event, EventOccurrence, EventParticipant, EventStatus
from app.models.organization import Organization
from app.models.room import BookingState, Room, RoomBooking
from app.models.user import AuthSession, Role, User

__all__ = [
    "AuthSession",
    "BookingState",
    "Calendar",
    "Department",
    "Event",
    "EventOccurrence",
    "EventParticipant",
    "EventStatus",
    "Organization",
    "Role",
    "Room",
    "RoomBooking",
    "User",
    "metadata",
]
