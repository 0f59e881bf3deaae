"""Every table. Importing this package makes the metadata complete, as migrations and mappers need it."""

from app.models.audit import AuditAction, AuditEntry
from app.models.base import metadata
from app.models.booking import (
    BookingReason,
    BookingSource,
    BookingState,
    RequestState,
    RoomBooking,
    RoomRequest,
    RoomWaiting,
    WaitingState,
)
from app.models.calendar import Calendar
from app.models.change import Change, ChangeFollower, ChangeKind
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
from app.models.notification import (
    DigestSettings,
    Notification,
    NotificationChannel,
    NotificationChoice,
    NotificationReason,
    NotificationSettings,
    NotificationType,
    PushSubscription,
    ReminderChannel,
)
from app.models.organization import Organization, OrganizationDomain
from app.models.outbox import ItipMessage, OutboxChannel, OutboxMessage, ReplyKey
from app.models.participant import EventParticipant, ParticipantResponse, ParticipantRole
from app.models.place import Building
from app.models.reminder import DueReminder, ReminderPlan, ReminderReplan, ReminderSettings
from app.models.room import AccessibilityFeature, Room, RoomEquipment
from app.models.room_policy import (
    BlockingKind,
    BookableBy,
    BookingPolicy,
    BookingPolicyPerson,
    CapacityRule,
    InPolicy,
    OutOfPolicy,
    PanelDetails,
    PolicyPurpose,
    RoomBlocking,
)
from app.models.sharing import CalendarShare, CalendarSubscription, Delegation, ShareLevel
from app.models.user import AuthSession, PersonWord, Role, User
from app.models.webhook import Webhook, WebhookEvent

__all__ = [
    "AccessibilityFeature",
    "AuditAction",
    "AuditEntry",
    "AuthSession",
    "BlockingKind",
    "BookableBy",
    "BookingPolicy",
    "BookingPolicyPerson",
    "BookingReason",
    "BookingSource",
    "BookingState",
    "Building",
    "Calendar",
    "CalendarComponent",
    "CalendarFeed",
    "CalendarShare",
    "CalendarSubscription",
    "CapacityRule",
    "Change",
    "ChangeFollower",
    "ChangeKind",
    "Delegation",
    "Department",
    "DigestSettings",
    "DueReminder",
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
    "InPolicy",
    "Invitation",
    "ItipMessage",
    "Notification",
    "NotificationChannel",
    "NotificationChoice",
    "NotificationReason",
    "NotificationSettings",
    "NotificationType",
    "Organization",
    "OrganizationDomain",
    "OutOfPolicy",
    "OutboxChannel",
    "OutboxMessage",
    "OutsideFeed",
    "PanelDetails",
    "ParticipantResponse",
    "ParticipantRole",
    "PersonWord",
    "PolicyPurpose",
    "PushSubscription",
    "ReminderChannel",
    "ReminderPlan",
    "ReminderReplan",
    "ReminderSettings",
    "ReplyKey",
    "RequestState",
    "Role",
    "Room",
    "RoomBlocking",
    "RoomBooking",
    "RoomEquipment",
    "RoomRequest",
    "RoomWaiting",
    "ShareLevel",
    "Transparency",
    "User",
    "Visibility",
    "WaitingState",
    "Webhook",
    "WebhookEvent",
    "metadata",
]
