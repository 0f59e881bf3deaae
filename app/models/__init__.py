"""Every table. Importing this package makes the metadata complete, as migrations and mappers need it."""

from app.models.audit import AuditAction, AuditEntry
from app.models.base import metadata
from app.models.calendar import Calendar
from app.models.department import Department
from app.models.event import Event, EventOccurrence, EventParticipant, EventStatus
from app.models.handover import Handover, HandoverItem
from app.models.invitation import Invitation
from app.models.organization import Organization, OrganizationDomain
from app.models.outbox import OutboxMessage
from app.models.room import BookingState, Room, RoomBooking
from app.models.user import AuthSession, PersonWord, Role, User

__all__ = [
    "AuditAction",
    "AuditEntry",
    "AuthSession",
    "BookingState",
    "Calendar",
    "Department",
    "Event",
    "EventOccurrence",
    "EventParticipant",
    "EventStatus",
    "Handover",
    "HandoverItem",
    "Invitation",
    "Organization",
    "OrganizationDomain",
    "OutboxMessage",
    "PersonWord",
    "Role",
    "Room",
    "RoomBooking",
    "User",
    "metadata",
]
