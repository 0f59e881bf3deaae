"""The record of writes, as administrators read it."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from app.models.audit import AuditAction
from app.schemas.common import DateOrMoment, Input, Instant, Output


class AuditObject(StrEnum):
    """What is recorded: the tables that have the trigger `audit`."""

    ORGANIZATIONS = "organizations"
    ORGANIZATION_DOMAINS = "organization_domains"
    DEPARTMENTS = "departments"
    USERS = "users"
    INVITATIONS = "invitations"
    CALENDARS = "calendars"
    EVENTS = "events"
    EVENT_PARTICIPANTS = "event_participants"
    EVENT_COMMENTS = "event_comments"
    EVENT_ATTACHMENTS = "event_attachments"
    CALENDAR_SHARES = "calendar_shares"
    CALENDAR_FEEDS = "calendar_feeds"
    DELEGATIONS = "delegations"
    BUILDINGS = "buildings"
    WEBHOOKS = "webhooks"
    ROOMS = "rooms"
    ROOM_EQUIPMENT = "room_equipment"
    ROOM_BLOCKINGS = "room_blockings"
    ROOM_REQUESTS = "room_requests"
    BOOKING_POLICIES = "booking_policies"
    BOOKING_POLICY_PEOPLE = "booking_policy_people"
    HANDOVERS = "handovers"
    AUTH_SESSIONS = "auth_sessions"
    TICKET_QUEUES = "ticket_queues"
    TICKET_CATEGORIES = "ticket_categories"
    ABSENCES = "absences"
    ABSENCE_KINDS = "absence_kinds"
    USER_AVAILABILITY = "user_availability"
    APPOINTMENT_KINDS = "appointment_kinds"


class AuditQuery(Input):
    """Which entries; all filters together."""

    actor_id: UUID | None = Field(None, description="Who wrote")
    object_type: AuditObject | None = None
    object_id: UUID | None = None
    action: AuditAction | None = None
    start: DateOrMoment | None = Field(None, alias="from", examples=["2027-03-01"], description="In your time zone")
    end: DateOrMoment | None = Field(None, alias="to", examples=["2027-04-01"], description="Exclusive")
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class AuditRead(Output):
    """One write. Of a change, `before` and `after` hold the columns that changed.

    Secrets are never in them; names and texts of calendars and events that you do not see are masked.
    """

    id: int
    at: Instant
    actor_id: UUID | None = Field(description="Null: a task, the command line, or somebody who was not signed in")
    origin: str | None = Field(description="The client's address, or the name of the task or command")
    request_id: str | None = Field(description="The X-Request-ID of the answer")
    action: AuditAction
    object_type: str
    object_id: UUID
    organization_id: UUID | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
