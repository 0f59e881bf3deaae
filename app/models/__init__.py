"""Every table. Importing this package makes the metadata complete, as migrations and mappers need it."""

from app.models.audit import AuditAction, AuditEntry
from app.models.base import metadata
from app.models.calendar import Calendar
from app.models.change import Change, ChangeKind
from app.models.department import Department
from app.models.discussion import EventAttachment, EventComment
from app.models.event import Event, EventOccurrence, EventStatus, Transparency, Visibility
from app.models.event_words import EventWords
from app.models.handover import Handover, HandoverItem
from app.models.idempotency import IdempotencyKey
from app.models.interchange import (
    CalendarComponent,
    CalendarFeed,
    FeedDetail,
    IcsImport,
    IcsImportFile,
    IcsImportLine,
    IcsImportState,
    IcsOutcome,
    OutsideFeed,
)
from app.models.invitation import Invitation
from app.models.organization import Organization, OrganizationDomain
from app.models.outbox import OutboxMessage
from app.models.participant import EventParticipant, ParticipantResponse, ParticipantRole
from app.models.room import BookingState, Room, RoomBooking
from app.models.sharing import CalendarShare, CalendarSubscription, Delegation, ShareLevel
from app.models.user import AuthSession, PersonWord, Role, User

__all__ = [
    "AuditAction",
    "AuditEntry",
    "AuthSession",
    "BookingState",
    "Calendar",
    "CalendarComponent",
    "CalendarFeed",
    "CalendarShare",
    "CalendarSubscription",
    "Change",
    "ChangeKind",
    "Delegation",
    "Department",
    "Event",
    "EventAttachment",
    "EventComment",
    "EventOccurrence",
    "EventParticipant",
    "EventStatus",
    "EventWords",
    "FeedDetail",
    "Handover",
    "HandoverItem",
    "IcsImport",
    "IcsImportFile",
    "IcsImportLine",
    "IcsImportState",
    "IcsOutcome",
    "IdempotencyKey",
    "Invitation",
    "Organization",
    "OrganizationDomain",
    "OutboxMessage",
    "OutsideFeed",
    "ParticipantResponse",
    "ParticipantRole",
    "PersonWord",
    "Role",
    "Room",
    "RoomBooking",
    "ShareLevel",
    "Transparency",
    "User",
    "Visibility",
    "metadata",
]
